package org.canbridge.runtime.network;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.Checkpoint;
import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.importers.format.TensorData;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The outputs and activations of the authors' EfficientViT. */
class EfficientVitParityTest {

  @ParameterizedTest
  @ValueSource(strings = {"efficientvit-b-tiny", "efficientvit-l-tiny"})
  void official(String name) {
    try (ReferenceCase reference = ReferenceCase.open(name);
        Checkpoint checkpoint = reference.checkpoint()) {
      check(reference, checkpoint, "", 64);
      check(reference, checkpoint, ".wide", 96);
    }
  }

  private static void check(
      ReferenceCase reference, Checkpoint checkpoint, String suffix, int width) {
    EfficientVitConfig config = (EfficientVitConfig) checkpoint.config();
    Map<String, String> recorded = new LinkedHashMap<>();
    reference
        .activations(suffix)
        .forEach(path -> recorded.put(path, "activation." + path + suffix));
    recorded.put("output", "output" + suffix);
    Map<String, TensorData> inputs = Map.of("x", reference.tensor("input.x" + suffix));
    try (Session session =
        Session.open(EfficientVit.graph(config, 64, width), checkpoint.tensors(), Precision.F32)) {
      reference.check(
          session.run(inputs, List.copyOf(recorded.keySet())),
          recorded,
          ReferenceCase.Tolerance.FLOAT32);
    }
  }
}
