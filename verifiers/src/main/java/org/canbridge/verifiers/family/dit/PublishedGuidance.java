package org.canbridge.verifiers.family.dit;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.engine.Session;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;
import org.canbridge.verifiers.CallRunner;

/**
 * The guided forward pass as {@code forward_with_cfg} of facebookresearch/DiT defines it: {@code x
 * (2B, C, H, W)} is its first half twice, the labels of the second half are the null class, and the
 * result {@code (2B, C', H, W)} is {@code uncond + scale * (cond - uncond)} in channels 0..2 of
 * both halves and the network's own in all others.
 *
 * @param session the running network; stays the caller's
 * @param scale guidance scale
 */
public record PublishedGuidance(Session session, double scale) implements CallRunner {
  private static final String OUTPUT = "output";
  private static final int GUIDED_CHANNELS = 3;

  @Override
  public List<String> values() {
    return List.of(OUTPUT);
  }

  @Override
  public Map<String, TensorData> run(Map<String, TensorData> inputs, List<String> values) {
    Map<String, TensorData> doubled = new LinkedHashMap<>(inputs);
    doubled.put("x", firstHalfTwice(inputs.get("x")));
    TensorData result = session.run(doubled, List.of(OUTPUT)).get(OUTPUT);
    long[] shape = shape(result);
    float[] out = Tensors.floats(result);
    int half = out.length / 2;
    int perSample = Math.toIntExact(out.length / shape[0]);
    int guided = Math.toIntExact(Math.min(GUIDED_CHANNELS, shape[1]) * shape[2] * shape[3]);
    for (int i = 0; i < half; i++) {
      if (i % perSample < guided) {
        float mixed = (float) (out[half + i] + scale * (out[i] - out[half + i]));
        out[i] = mixed;
        out[half + i] = mixed;
      }
    }
    return Map.of(OUTPUT, MemoryTensor.of(out, shape));
  }

  private static TensorData firstHalfTwice(TensorData x) {
    float[] values = Tensors.floats(x);
    System.arraycopy(
        Arrays.copyOf(values, values.length / 2), 0, values, values.length / 2, values.length / 2);
    return MemoryTensor.of(values, shape(x));
  }

  private static long[] shape(TensorData tensor) {
    TensorType type = tensor.type();
    return type.shape().stream().mapToLong(Long::longValue).toArray();
  }
}
