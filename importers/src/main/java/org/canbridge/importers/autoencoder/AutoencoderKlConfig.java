package org.canbridge.importers.autoencoder;

import java.util.List;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.keys.KeyMap;

/**
 * The arguments of the autoencoder of latent diffusion models (Rombach et al., CVPR 2022, arXiv
 * 2112.10752) under the names of diffusers' {@code AutoencoderKL}, whose {@code config.json} is the
 * only published form of them.
 *
 * @param inChannels channels of the image that is encoded
 * @param outChannels channels of the image that is decoded
 * @param blockOutChannels channels of each stage, full resolution first; each stage but the last
 *     halves height and width
 * @param layersPerBlock residual blocks of a stage of the encoder; the decoder has one more
 * @param latentChannels channels of the latent
 * @param normNumGroups groups of every group norm; in no tensor's shape
 * @param scalingFactor what a latent is multiplied by for the diffusion model; in no tensor
 * @param shiftFactor what is taken from a latent before that; 0 for all but the newest models
 * @param useQuantConv whether a 1x1 convolution follows the encoder
 * @param usePostQuantConv whether a 1x1 convolution precedes the decoder
 */
public record AutoencoderKlConfig(
    int inChannels,
    int outChannels,
    List<Integer> blockOutChannels,
    int layersPerBlock,
    int latentChannels,
    int normNumGroups,
    double scalingFactor,
    double shiftFactor,
    boolean useQuantConv,
    boolean usePostQuantConv)
    implements ModelConfig {

  static final String ARCHITECTURE = "autoencoder-kl";

  private static final int MAX_CHANNELS = 1 << 16;

  /** Each stage halves the image, so that more make no sense. */
  static final int MAX_STAGES = 16;

  /** Checks what the network's construction relies on. */
  public AutoencoderKlConfig {
    blockOutChannels = List.copyOf(blockOutChannels);
    if (blockOutChannels.isEmpty() || blockOutChannels.size() > MAX_STAGES) {
      throw new IllegalArgumentException(
          "block_out_channels must name 1 to " + MAX_STAGES + " stages, is " + blockOutChannels);
    }
    for (int channels : blockOutChannels) {
      if (channels % normNumGroups != 0) {
        throw new IllegalArgumentException(
            "block_out_channels "
                + blockOutChannels
                + " are not all multiples of norm_num_groups "
                + normNumGroups);
      }
    }
  }

  @Override
  public String architecture() {
    return ARCHITECTURE;
  }

  /**
   * Reads the arguments of a model directory or of diffusers.
   *
   * @throws IllegalArgumentException listing every argument that is missing, unknown or impossible
   */
  static AutoencoderKlConfig of(Arguments arguments) {
    Arguments.Reader reader = arguments.reader();
    int inChannels = reader.integer("in_channels", 1, MAX_CHANNELS);
    int outChannels = reader.integer("out_channels", 1, MAX_CHANNELS);
    List<Integer> blockOutChannels = reader.integers("block_out_channels", 1, MAX_CHANNELS);
    int layersPerBlock = reader.integer("layers_per_block", 1, KeyMap.MAX_REPEAT);
    int latentChannels = reader.integer("latent_channels", 1, MAX_CHANNELS);
    int normNumGroups = reader.integer("norm_num_groups", 1, MAX_CHANNELS);
    double scalingFactor = reader.positive("scaling_factor");
    double shiftFactor = reader.finite("shift_factor");
    boolean useQuantConv = reader.flag("use_quant_conv");
    boolean usePostQuantConv = reader.flag("use_post_quant_conv");
    reader.finish();
    return new AutoencoderKlConfig(
        inChannels,
        outChannels,
        blockOutChannels,
        layersPerBlock,
        latentChannels,
        normNumGroups,
        scalingFactor,
        shiftFactor,
        useQuantConv,
        usePostQuantConv);
  }

  @Override
  public Arguments arguments() {
    return Arguments.none()
        .with("in_channels", inChannels)
        .with("out_channels", outChannels)
        .with("block_out_channels", blockOutChannels)
        .with("layers_per_block", layersPerBlock)
        .with("latent_channels", latentChannels)
        .with("norm_num_groups", normNumGroups)
        .with("scaling_factor", scalingFactor)
        .with("shift_factor", shiftFactor)
        .with("use_quant_conv", useQuantConv)
        .with("use_post_quant_conv", usePostQuantConv);
  }

  /** Number of stages. */
  public int stages() {
    return blockOutChannels.size();
  }
}
