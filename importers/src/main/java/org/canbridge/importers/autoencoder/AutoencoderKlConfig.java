package org.canbridge.importers.autoencoder;

import java.util.List;
import org.canbridge.importers.ModelConfig;

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
 * @param midBlockAddAttention whether the middle blocks have an attention
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
    boolean usePostQuantConv,
    boolean midBlockAddAttention)
    implements ModelConfig {

  /** The family's name in {@code config.json}. */
  public static final String ARCHITECTURE = "autoencoder-kl";

  /** Checks what the network's construction relies on. */
  public AutoencoderKlConfig {
    blockOutChannels = List.copyOf(blockOutChannels);
    if (blockOutChannels.isEmpty()) {
      throw new IllegalArgumentException("block_out_channels is empty");
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

  /** Number of stages. */
  public int stages() {
    return blockOutChannels.size();
  }

  /** Pixels along one side of what becomes one latent pixel. */
  public int reduction() {
    return 1 << (stages() - 1);
  }
}
