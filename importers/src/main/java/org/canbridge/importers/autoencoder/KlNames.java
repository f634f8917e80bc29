package org.canbridge.importers.autoencoder;

import java.util.List;

/**
 * What a layout of AutoencoderKL calls the modules. In a name, {@code {s}} is the stage in the
 * order of execution, {@code {j}} the residual block in it, {@code S} the number of stages.
 *
 * @param layout the layout's name in messages
 * @param prefix stands before every name
 * @param encoderResidual a residual block of the encoder
 * @param downsample the convolution that halves
 * @param decoderResidual a residual block of the decoder
 * @param upsample the convolution after doubling
 * @param middle the two residual blocks in the middle of encoder and decoder, without the leading
 *     {@code encoder.} or {@code decoder.}
 * @param attention the attention between them
 * @param attentionParts its norm, query, key, value and output projection
 * @param shortcut the convolution past a residual block, within the block
 * @param lastNorm the last norm of encoder and decoder
 * @param matrix the shape of the attention's weights: as a matrix or as a 1x1 kernel
 */
record KlNames(
    String layout,
    String prefix,
    String encoderResidual,
    String downsample,
    String decoderResidual,
    String upsample,
    List<String> middle,
    String attention,
    List<String> attentionParts,
    String shortcut,
    String lastNorm,
    String matrix) {

  /** diffusers since 0.15; the canonical names. */
  static final KlNames DIFFUSERS =
      new KlNames(
          "diffusers",
          "",
          "encoder.down_blocks.{s}.resnets.{j}",
          "encoder.down_blocks.{s}.downsamplers.0.conv",
          "decoder.up_blocks.{s}.resnets.{j}",
          "decoder.up_blocks.{s}.upsamplers.0.conv",
          List.of("mid_block.resnets.0", "mid_block.resnets.1"),
          "mid_block.attentions.0",
          List.of("group_norm", "to_q", "to_k", "to_v", "to_out.0"),
          "conv_shortcut",
          "conv_norm_out",
          "[C, C]");

  /** diffusers before 0.15, which most published autoencoders still have. */
  static final KlNames OLD_DIFFUSERS =
      new KlNames(
          "older diffusers",
          "",
          DIFFUSERS.encoderResidual,
          DIFFUSERS.downsample,
          DIFFUSERS.decoderResidual,
          DIFFUSERS.upsample,
          DIFFUSERS.middle,
          DIFFUSERS.attention,
          List.of("group_norm", "query", "key", "value", "proj_attn"),
          DIFFUSERS.shortcut,
          DIFFUSERS.lastNorm,
          DIFFUSERS.matrix);

  /**
   * CompVis/latent-diffusion, whose class U-ViT ships as {@code autoencoder_kl.pth}. Stages of the
   * decoder are counted from full resolution, against the order of execution.
   */
  static final KlNames COMPVIS = compVis("CompVis", "");

  /** The same within a checkpoint of Stable Diffusion. */
  static final KlNames STABLE_DIFFUSION =
      compVis("CompVis (first_stage_model of Stable Diffusion)", "first_stage_model.");

  private static KlNames compVis(String layout, String prefix) {
    return new KlNames(
        layout,
        prefix,
        "encoder.down.{s}.block.{j}",
        "encoder.down.{s}.downsample.conv",
        "decoder.up.{S-1-s}.block.{j}",
        "decoder.up.{S-1-s}.upsample.conv",
        List.of("mid.block_1", "mid.block_2"),
        "mid.attn_1",
        List.of("norm", "q", "k", "v", "proj_out"),
        "nin_shortcut",
        "norm_out",
        "[C, C, 1, 1]");
  }
}
