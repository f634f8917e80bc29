package org.canbridge.importers.detection;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.canbridge.importers.family.Signature;
import org.canbridge.importers.family.TensorNames;

/**
 * Networks that are recognised so that they can be refused by name. The marks are names in the
 * state dicts of the repositories named.
 */
final class OtherNetworks {
  private record Network(String name, Signature signature) {}

  private static final List<Network> ALL =
      List.of(
          network(
              "EfficientViT-SAM of MIT (Zhang et al., 2024)",
              "*image_encoder.backbone.stages.*.context_module.main.qkv.conv.weight",
              "*prompt_encoder.point_embeddings.0.weight",
              "*mask_decoder.iou_token.weight"),
          network(
              "DC-AE of MIT (Chen et al., ICLR 2025)",
              "encoder.stages.*.context_module.main.qkv.conv.weight",
              "decoder.stages.*.context_module.main.qkv.conv.weight"),
          network(
              "EfficientViT of Microsoft (Liu et al., CVPR 2023)",
              "*.mixer.m.attn.qkvs.0.*",
              "*.mixer.m.attn.dws.0.*"),
          network(
              "PixArt (Chen et al., ICLR 2024)",
              "blocks.*.scale_shift_table",
              "blocks.*.cross_attn.q_linear.weight",
              "y_embedder.y_proj.fc1.weight"),
          network(
              "PixArt in the layout of diffusers",
              "adaln_single.linear.weight",
              "transformer_blocks.*.scale_shift_table",
              "caption_projection.linear_1.weight"),
          network("Stable Diffusion 3 (MMDiT)", "*joint_blocks.*.context_block.attn.qkv.weight"),
          network(
              "Stable Diffusion 3 (MMDiT) in the layout of diffusers",
              "transformer_blocks.*.attn.add_q_proj.weight",
              "context_embedder.weight",
              "time_text_embed.text_embedder.linear_1.weight"),
          network(
              "FLUX",
              "*double_blocks.*.img_attn.qkv.weight",
              "*single_blocks.*.modulation.lin.weight"),
          network(
              "Stable Diffusion (latent diffusion U-Net)",
              "*diffusion_model.input_blocks.*",
              "*diffusion_model.middle_block.*",
              "*diffusion_model.output_blocks.*"),
          network(
              "a U-Net in the layout of diffusers",
              "down_blocks.*.resnets.*.time_emb_proj.weight",
              "up_blocks.*.resnets.*.time_emb_proj.weight",
              "conv_norm_out.weight"),
          network(
              "TAESD (tiny autoencoder) or a relative in its authors' layout, half of it in a file",
              "1.weight",
              "3.conv.0.weight",
              "3.conv.4.weight",
              "4.conv.2.weight"),
          network(
              "CLIP in the layout of OpenAI and OpenCLIP",
              "*token_embedding.weight",
              "*transformer.resblocks.*.attn.in_proj_weight",
              "*ln_final.weight"),
          network(
              "CLIP's image encoder",
              "*embeddings.class_embedding",
              "*pre_layrnorm.weight",
              "*post_layernorm.weight"),
          network(
              "a vision transformer of timm",
              "cls_token",
              "patch_embed.proj.weight",
              "blocks.*.attn.qkv.weight",
              "blocks.*.norm1.weight"),
          network("a LoRA adapter (of PEFT)", "*.lora_A.*", "*.lora_B.*"),
          network("a LoRA adapter (of kohya-ss)", "*.lora_down.weight", "*.lora_up.weight"),
          network(
              "MNIST-diffusion (transformer)",
              "transformer.*.self_attn.in_proj_weight",
              "patch_embed.weight",
              "unpatch.weight",
              "y_encoder.weight"),
          network(
              "MNIST-diffusion (convolutional)",
              "layers.*.3.weight",
              "patch_embed.weight",
              "unpatch.weight",
              "y_encoder.weight"),
          network("LPIPS (linear layers)", "lin0.model.1.weight", "lin4.model.1.weight"),
          network("MTCNN (face detection)", "conv1.weight", "prelu1.weight", "prelu3.weight"));

  private OtherNetworks() {}

  private static Network network(String name, String... marks) {
    return new Network(name, Signature.of(marks));
  }

  /** The network that these names fit best, if there is one. */
  static Optional<String> recognise(Collection<String> tensors) {
    TensorNames names = new TensorNames(tensors);
    return ALL.stream()
        .filter(network -> network.signature().recognises(names))
        .max(
            Comparator.comparingDouble((Network network) -> network.signature().share(names))
                .thenComparing(network -> network.signature().marks().size()))
        .map(Network::name);
  }
}
