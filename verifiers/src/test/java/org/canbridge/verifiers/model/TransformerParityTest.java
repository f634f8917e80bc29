package org.canbridge.verifiers.model;

import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.CanConversion;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPlan;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.engine.Target;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.verifiers.ParityOptions;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.junit.ParityAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * SiT, U-ViT and EfficientViT held against the authors' numbers, from the published file and again
 * from the imported model directory.
 */
class TransformerParityTest {

  @ParameterizedTest
  @CsvSource({
    "sit-tiny, checkpoint.pt",
    "sit-tiny-nosigma, checkpoint.pt",
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
      ImportOptions told =
          options
              .withArguments((ObjectNode) bundle.config(), "reference.json")
              .withFamily(bundle.family().orElseThrow(), "reference.json");
      try (Checkpoint checkpoint = Checkpoints.open(published, told)) {
        ModelDirectory.write(model, checkpoint, WriteOptions.defaults());
      }
      assertPassed(bundle, model, options);
    }
  }

  /** What runs is the condition-aware network, not the classifier that it was made of. */
  @Test
  void aConditionAwareClassifierIsVerifiedItself(@TempDir Path folder) throws IOException {
    String name = "efficientvit-b-tiny";
    Path published = Fixtures.of(name).resolve("efficientvit_b_tiny.pt");
    try (ReferenceBundle bundle = ReferenceBundle.open(Fixtures.of(name));
        Model model = Model.open(published, ImportOptions.defaults())) {
      CanPlan plan =
          CanPlan.paper(List.of(CanTarget.DWCONV, CanTarget.OUT_PROJ), CanCondition.ALL)
              .with(new CanSpec.Embedder(20, 10));
      CanConversion conversion =
          CanConversion.convert(model, CanPreset.spec(model.source(), plan), 0, Target.F32);
      Path can = folder.resolve("can");
      ModelDirectory.write(can, conversion.checkpoint(), WriteOptions.defaults());
      assertPassed(bundle, can, ImportOptions.defaults());
      Map<String, TensorData> other = new LinkedHashMap<>(conversion.checkpoint().tensors());
      String generator =
          other.keySet().stream()
              .filter(key -> key.startsWith("can.") && key.endsWith("depth_conv.conv.weight"))
              .findFirst()
              .orElseThrow();
      long[] shape =
          other.get(generator).type().shape().stream().mapToLong(Long::longValue).toArray();
      float[] values = new float[Math.toIntExact(other.get(generator).type().elements())];
      Arrays.fill(values, 0.1f);
      other.put(generator, MemoryTensor.of(values, shape));
      Path changed = folder.resolve("changed");
      ModelDirectory.write(
          changed, conversion.checkpoint().withTensors(other), WriteOptions.defaults());
      try (ModelSubject subject = ModelSubject.open(changed, ImportOptions.defaults(), bundle)) {
        assertFalse(subject.check(ParityOptions.NONE).passed());
      }
    }
  }

  private static void assertPassed(ReferenceBundle bundle, Path path, ImportOptions options) {
    try (ModelSubject subject = ModelSubject.open(path, options, bundle)) {
      ParityAssertions.assertParity(subject.check(ParityOptions.NONE));
    }
  }
}
