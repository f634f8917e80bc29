package org.canbridge.runtime.network;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.Checkpoint;
import org.canbridge.importers.format.MemoryTensor;
import org.canbridge.importers.format.TensorData;
import org.canbridge.importers.format.Tensors;
import org.canbridge.importers.uvit.UvitCondition;
import org.canbridge.importers.uvit.UvitConfig;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The outputs and activations of the authors' U-ViT. */
class UvitParityTest {

  @ParameterizedTest
  @ValueSource(strings = {"uvit-tiny", "uvit-tiny-uncond-mlptime", "uvit-t2i-tiny"})
  void outputsAndActivations(String name) {
    try (ReferenceCase reference = ReferenceCase.open(name);
        Checkpoint checkpoint = reference.checkpoint();
        Session session = session(checkpoint)) {
      Map<String, String> recorded = new LinkedHashMap<>();
      reference.activations("").forEach(path -> recorded.put(path, "activation." + path));
      recorded.put("output", "output");
      UvitConfig config = (UvitConfig) checkpoint.config();
      Map<String, TensorData> values =
          session.run(inputs(reference, config), List.copyOf(recorded.keySet()));
      reference.check(values, recorded, ReferenceCase.Tolerance.FLOAT32);
    }
  }

  /** {@code cond + scale * (cond - uncond)} over all channels. */
  @ParameterizedTest
  @ValueSource(strings = {"uvit-tiny", "uvit-t2i-tiny"})
  void guidance(String name) {
    try (ReferenceCase reference = ReferenceCase.open(name);
        Checkpoint checkpoint = reference.checkpoint();
        Session session = session(checkpoint)) {
      UvitConfig config = (UvitConfig) checkpoint.config();
      Map<String, TensorData> inputs = inputs(reference, config);
      double[] conditional = output(session, guided(reference, config, inputs));
      double[] unconditional = output(session, unconditional(reference, config, inputs));
      double scale = reference.number("cfg_scale");
      double[] combined = new double[conditional.length];
      for (int i = 0; i < combined.length; i++) {
        combined[i] = conditional[i] + scale * (conditional[i] - unconditional[i]);
      }
      ReferenceCase.Tolerance.FLOAT32.check(
          "output.cfg", Tensors.doubles(reference.tensor("output.cfg")), combined);
    }
  }

  private static Session session(Checkpoint checkpoint) {
    return Session.open(
        Uvit.graph((UvitConfig) checkpoint.config()), checkpoint.tensors(), Precision.F32);
  }

  private static double[] output(Session session, Map<String, TensorData> inputs) {
    return Tensors.doubles(session.run(inputs, List.of("output")).get("output"));
  }

  private static Map<String, TensorData> inputs(ReferenceCase reference, UvitConfig config) {
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    inputs.put("x", reference.tensor("input.x"));
    inputs.put("t", reference.tensor("input.t"));
    if (config.condition() instanceof UvitCondition.Label) {
      inputs.put("y", reference.tensor("input.y"));
    } else if (config.condition() instanceof UvitCondition.Text) {
      inputs.put("context", reference.tensor("input.context"));
    }
    return inputs;
  }

  private static Map<String, TensorData> guided(
      ReferenceCase reference, UvitConfig config, Map<String, TensorData> inputs) {
    Map<String, TensorData> guided = new LinkedHashMap<>(inputs);
    if (config.condition() instanceof UvitCondition.Label) {
      guided.put("y", reference.tensor("input.cfg_y"));
    }
    return guided;
  }

  private static Map<String, TensorData> unconditional(
      ReferenceCase reference, UvitConfig config, Map<String, TensorData> inputs) {
    Map<String, TensorData> unconditional = new LinkedHashMap<>(inputs);
    int batch = Math.toIntExact(inputs.get("x").type().shape().get(0));
    if (config.condition() instanceof UvitCondition.Text text) {
      float[] one = Tensors.floats(reference.tensor("input.empty_context"));
      float[] all = new float[batch * one.length];
      for (int i = 0; i < batch; i++) {
        System.arraycopy(one, 0, all, i * one.length, one.length);
      }
      unconditional.put(
          "context", MemoryTensor.of(all, batch, text.numClipToken(), text.clipDim()));
    } else {
      long[] labels = new long[batch];
      java.util.Arrays.fill(labels, config.nullClass().orElseThrow());
      unconditional.put("y", MemoryTensor.of(labels, batch));
    }
    return unconditional;
  }
}
