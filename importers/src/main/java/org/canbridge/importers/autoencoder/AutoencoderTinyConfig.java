package org.canbridge.importers.autoencoder;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.ModelConfig;

/**
 * The arguments of the tiny autoencoder TAESD (madebyollin/taesd) under the names of diffusers'
 * {@code AutoencoderTiny}. Its latents are those of the diffusion model, so that nothing is scaled.
 *
 * @param inChannels channels of the image that is encoded
 * @param outChannels channels of the image that is decoded
 * @param channels width of every layer, the one number that diffusers repeats in {@code
 *     encoder_block_out_channels} and {@code decoder_block_out_channels}
 * @param latentChannels channels of the latent
 * @param numEncoderBlocks residual blocks of each stage, full resolution first
 * @param numDecoderBlocks residual blocks of each stage, latent resolution first
 * @param upsamplingScalingFactor how many times larger each stage of the decoder is than the one
 *     before; in no tensor's shape. The encoder always halves
 */
public record AutoencoderTinyConfig(
    int inChannels,
    int outChannels,
    int channels,
    int latentChannels,
    List<Integer> numEncoderBlocks,
    List<Integer> numDecoderBlocks,
    int upsamplingScalingFactor)
    implements ModelConfig {
  static final String ARCHITECTURE = "autoencoder-tiny";

  private static final int MAX_CHANNELS = 1 << 16;
  private static final int MAX_BLOCKS = 256;
  private static final int MAX_FACTOR = 64;

  /** Copies the lists, which must not be empty. */
  public AutoencoderTinyConfig {
    numEncoderBlocks = List.copyOf(numEncoderBlocks);
    numDecoderBlocks = List.copyOf(numDecoderBlocks);
    if (numEncoderBlocks.isEmpty() || numDecoderBlocks.isEmpty()) {
      throw new IllegalArgumentException("num_encoder_blocks or num_decoder_blocks is empty");
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
  static AutoencoderTinyConfig of(Arguments arguments) {
    Arguments.Reader reader = arguments.reader();
    int inChannels = reader.integer("in_channels", 1, MAX_CHANNELS);
    int outChannels = reader.integer("out_channels", 1, MAX_CHANNELS);
    List<Integer> encoder = reader.integers("encoder_block_out_channels", 1, MAX_CHANNELS);
    List<Integer> decoder = reader.integers("decoder_block_out_channels", 1, MAX_CHANNELS);
    int latentChannels = reader.integer("latent_channels", 1, MAX_CHANNELS);
    List<Integer> encoderBlocks = reader.integers("num_encoder_blocks", 0, MAX_BLOCKS);
    List<Integer> decoderBlocks = reader.integers("num_decoder_blocks", 0, MAX_BLOCKS);
    int factor = reader.integer("upsampling_scaling_factor", 1, MAX_FACTOR);
    reader.finish();
    Set<Integer> channels = new TreeSet<>(encoder);
    channels.addAll(decoder);
    if (channels.size() != 1
        || encoder.size() != encoderBlocks.size()
        || decoder.size() != decoderBlocks.size()) {
      throw new IllegalArgumentException(
          "encoder_block_out_channels "
              + encoder
              + " and decoder_block_out_channels "
              + decoder
              + " must repeat one number, once for each stage of num_encoder_blocks "
              + encoderBlocks
              + " and num_decoder_blocks "
              + decoderBlocks);
    }
    return new AutoencoderTinyConfig(
        inChannels,
        outChannels,
        channels.iterator().next(),
        latentChannels,
        encoderBlocks,
        decoderBlocks,
        factor);
  }

  @Override
  public Arguments arguments() {
    return Arguments.none()
        .with("in_channels", inChannels)
        .with("out_channels", outChannels)
        .with("encoder_block_out_channels", stages(numEncoderBlocks))
        .with("decoder_block_out_channels", stages(numDecoderBlocks))
        .with("latent_channels", latentChannels)
        .with("num_encoder_blocks", numEncoderBlocks)
        .with("num_decoder_blocks", numDecoderBlocks)
        .with("upsampling_scaling_factor", upsamplingScalingFactor);
  }

  private List<Integer> stages(List<Integer> blocks) {
    return Collections.nCopies(blocks.size(), channels);
  }
}
