package org.canbridge.verifiers.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoint;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.ImportOptions;
import org.canbridge.importers.ModelDirectory;
import org.canbridge.importers.WriteOptions;
import org.canbridge.verifiers.ParityOptions;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.junit.ParityAssertions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * U-ViT and EfficientViT held against the authors' numbers, from the published file and again from
 * the imported model directory.
 */
class TransformerParityTest {

  @ParameterizedTest
  @CsvSource({
    "uvit-tiny, nnet_ema.pth",
    "uvit-tiny-uncond-mlptime, nnet_ema.pth",
    "uvit-t2i-tiny, nnet_ema.pth",
    "efficientvit-b-tiny, efficientvit_b_tiny.pt",
    "efficientvit-l-tiny, efficientvit_l_tiny.pt",
    "efficientvit-timm-b-tiny, model.safetensors",
    "efficientvit-timm-l-tiny, model.safetensors"
  })
  void everyTensorOfTheBundleIsReproduced(String name, String file, @TempDir Path folder)
      throws IOException {
    Path published = Fixtures.of(name).resolve(file);
    Path model = folder.resolve("model");
    try (ReferenceBundle bundle = ReferenceBundle.open(Fixtures.of(name))) {
      ImportOptions options = ImportOptions.defaults();
      assertPassed(bundle, published, options);
      ImportOptions told = options.withArguments((ObjectNode) bundle.config(), "reference.json");
      try (Checkpoint checkpoint = Checkpoints.open(published, told)) {
        ModelDirectory.write(model, checkpoint, WriteOptions.defaults());
      }
      assertPassed(bundle, model, options);
    }
  }

  private static void assertPassed(ReferenceBundle bundle, Path path, ImportOptions options) {
    try (ModelSubject subject = ModelSubject.open(path, options, bundle)) {
      ParityAssertions.assertParity(subject.check(ParityOptions.NONE));
    }
  }
}
