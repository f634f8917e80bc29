package org.canbridge.importers.autoencoder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.canbridge.importers.FamilyContract;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.model.ImportOptions;
import org.junit.jupiter.api.Test;

class AutoencoderTinyFamilyTest extends FamilyContract {
  @Override
  protected Family family() {
    return new AutoencoderTinyFamily();
  }

  @Override
  protected List<Arguments> examples() {
    return List.of(
        new AutoencoderTinyConfig(3, 3, 6, 4, List.of(1, 2), List.of(2, 1), 2).arguments(),
        new AutoencoderTinyConfig(1, 2, 5, 3, List.of(1), List.of(1), 3).arguments(),
        new AutoencoderTinyConfig(3, 3, 4, 16, List.of(1, 3, 3), List.of(3, 2, 2, 1), 2)
            .arguments());
  }

  @Override
  protected List<Fixture> fixtures() {
    return List.of(
        new Fixture(
            "taesd-diffusers-tiny",
            "diffusion_pytorch_model.safetensors",
            "diffusers",
            ImportOptions.defaults(),
            new AutoencoderTinyConfig(3, 3, 16, 4, List.of(1, 2), List.of(2, 1), 2)));
  }

  @Test
  void widthsThatDifferAreRefused() {
    Arguments arguments = examples().get(0).with("decoder_block_out_channels", List.of(6, 7));
    assertEquals(
        "encoder_block_out_channels [6, 6] and decoder_block_out_channels [6, 7] must repeat one"
            + " number, once for each stage of num_encoder_blocks [1, 2] and num_decoder_blocks"
            + " [2, 1]",
        assertThrows(IllegalArgumentException.class, () -> family().config(arguments))
            .getMessage());
  }
}
