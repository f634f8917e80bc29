package org.canbridge.importers.detection;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.PublishedModel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OtherNetworksTest {
  /** Names as they stand in files that the originals wrote. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "EfficientViT of Microsoft (Liu et al., CVPR 2023) | patch_embed.0.c.weight"
            + " blocks1.0.mixer.m.attn.qkvs.0.c.weight blocks1.0.mixer.m.attn.dws.0.c.weight",
        "PixArt (Chen et al., ICLR 2024) | x_embedder.proj.weight t_embedder.mlp.0.weight"
            + " blocks.0.scale_shift_table blocks.0.cross_attn.q_linear.weight"
            + " y_embedder.y_proj.fc1.weight final_layer.linear.weight",
        "TAESD (tiny autoencoder) or a relative in its authors' layout, half of it in a file |"
            + " 1.weight 3.conv.0.weight 3.conv.4.weight 4.conv.2.weight",
        "CLIP in the layout of OpenAI and OpenCLIP | positional_embedding token_embedding.weight"
            + " transformer.resblocks.0.attn.in_proj_weight ln_final.weight",
        "CLIP's image encoder | vision_model.embeddings.class_embedding"
            + " vision_model.pre_layrnorm.weight vision_model.post_layernorm.weight",
        "EfficientViT-SAM of MIT (Zhang et al., 2024) |"
            + " image_encoder.backbone.stages.3.op_list.1.context_module.main.qkv.conv.weight"
            + " prompt_encoder.point_embeddings.0.weight mask_decoder.iou_token.weight",
        "DC-AE of MIT (Chen et al., ICLR 2025) |"
            + " encoder.stages.3.op_list.0.context_module.main.qkv.conv.weight"
            + " decoder.stages.3.op_list.0.context_module.main.qkv.conv.weight",
        "MNIST-diffusion (transformer) | pos_embed patch_embed.weight unpatch.weight"
            + " y_encoder.weight transformer.0.self_attn.in_proj_weight"
      })
  void areRecognisedByTheirNames(String network, String names) {
    assertEquals(
        Optional.of(network), OtherNetworks.recognise(Arrays.asList(names.strip().split(" +"))));
  }

  @Test
  void doNotClaimWhatIsRead() {
    for (Family family : Families.all()) {
      for (PublishedModel model : family.published()) {
        for (Layout layout : family.layouts()) {
          assertEquals(
              Optional.empty(),
              OtherNetworks.recognise(
                  layout.keyMap(model.arguments()).inverse().targets().keySet()),
              model.name());
        }
      }
    }
    assertEquals(Optional.empty(), OtherNetworks.recognise(List.of("weight", "bias")));
  }
}
