package org.canbridge.importers.autoencoder;

import java.util.List;
import org.canbridge.importers.ModelConfig;

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

  /** The family's name in {@code config.json}. */
  public static final String ARCHITECTURE = "autoencoder-tiny";

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
}
