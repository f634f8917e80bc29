package org.canbridge.verifiers.family.uvit;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.uvit.UvitConfig;
import org.canbridge.runtime.engine.Session;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.verifiers.CallRunner;

/**
 * Classifier-free guidance as the sampling scripts of baofff/U-ViT define it: {@code cond + scale *
 * (cond - uncond)} in all channels. Unconditional is the last class, or the embedding of the empty
 * text ({@code empty_context (tokens, width)}).
 *
 * @param session the running network; stays the caller's
 * @param config its arguments
 * @param scale guidance scale; 0 is no guidance
 */
record UvitGuidance(Session session, UvitConfig config, double scale) implements CallRunner {
  private static final String OUTPUT = "output";
  private static final String EMPTY_CONTEXT = "empty_context";

  @Override
  public List<String> values() {
    return List.of(OUTPUT);
  }

  @Override
  public Map<String, TensorData> run(Map<String, TensorData> inputs, List<String> values) {
    TensorData result = session.run(inputs, values).get(OUTPUT);
    float[] out = Tensors.floats(result);
    float[] without = Tensors.floats(session.run(unconditional(inputs), values).get(OUTPUT));
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) (out[i] + scale * (out[i] - without[i]));
    }
    return Map.of(OUTPUT, MemoryTensor.of(out, shape(result)));
  }

  private Map<String, TensorData> unconditional(Map<String, TensorData> inputs) {
    Map<String, TensorData> changed = new LinkedHashMap<>(inputs);
    config
        .nullClass()
        .ifPresent(
            nullClass -> {
              TensorData labels = inputs.get("y");
              long[] unlabelled = new long[Math.toIntExact(labels.type().elements())];
              Arrays.fill(unlabelled, nullClass);
              changed.put("y", MemoryTensor.of(unlabelled, shape(labels)));
            });
    if (inputs.containsKey(EMPTY_CONTEXT)) {
      changed.put("context", repeated(inputs.get(EMPTY_CONTEXT), shape(inputs.get("context"))));
    }
    return changed;
  }

  private static TensorData repeated(TensorData one, long... shape) {
    float[] values = Tensors.floats(one);
    float[] all = new float[Math.toIntExact(shape[0]) * values.length];
    for (int at = 0; at < all.length; at += values.length) {
      System.arraycopy(values, 0, all, at, values.length);
    }
    return MemoryTensor.of(all, shape);
  }

  private static long[] shape(TensorData tensor) {
    return tensor.type().shape().stream().mapToLong(Long::longValue).toArray();
  }
}
