package org.canbridge.verifiers.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.verifiers.ParityOptions;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.junit.ParityAssertions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Autoencoders and text encoders held against the originals' numbers, from the published file and
 * again from the imported model directory.
 */
class EncoderParityTest {

  @ParameterizedTest
  @CsvSource({
    "vae-tiny, diffusion_pytorch_model.safetensors",
    "vae-tiny-oldattn, diffusion_pytorch_model.safetensors",
    "vae-compvis-tiny, autoencoder_kl.pth",
    "vae-compvis-tiny, sd-style.ckpt",
    "taesd-diffusers-tiny, diffusion_pytorch_model.safetensors",
    "clip-text-tiny, model.safetensors",
    "clip-text-tiny, pytorch_model.bin",
    "clip-text-tiny-eos, model.safetensors"
  })
  void everyTensorOfTheBundleIsReproduced(String name, String file, @TempDir Path folder)
      throws IOException {
    Path published = Fixtures.of(name).resolve(file);
    Path model = folder.resolve("model");
    try (ReferenceBundle bundle = ReferenceBundle.open(Fixtures.of(name))) {
      assertPassed(bundle, published);
      ImportOptions told =
          ImportOptions.defaults().withArguments((ObjectNode) bundle.config(), "reference.json");
      try (Checkpoint checkpoint = Checkpoints.open(published, told)) {
        ModelDirectory.write(model, checkpoint, WriteOptions.defaults());
      }
      assertPassed(bundle, model);
    }
  }

  private static void assertPassed(ReferenceBundle bundle, Path path) {
    try (ModelSubject subject = ModelSubject.open(path, ImportOptions.defaults(), bundle)) {
      ParityAssertions.assertParity(subject.check(ParityOptions.NONE));
    }
  }
}
