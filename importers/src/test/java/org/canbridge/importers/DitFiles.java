package org.canbridge.importers;

import java.util.LinkedHashMap;
import java.util.Map;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.dit.DitFamily;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;

/** Small DiT checkpoints that the tests damage. */
public final class DitFiles {
  private DitFiles() {}

  /** 8x8x4, patch 2, 10 classes, learned variance. */
  public static DitConfig config(int width, int depth, int heads) {
    return new DitConfig(8, 2, 4, width, depth, heads, 4 * width, 10, true, 256);
  }

  /** The state dict of {@link #config}, which may be changed. */
  public static Map<String, TensorData> tensors(int width, int depth) {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    new DitFamily()
        .canonical()
        .keyMap(config(width, depth, 1).arguments())
        .targets()
        .forEach(
            (name, shape) ->
                tensors.put(name, TestTensors.random(name.hashCode(), DType.F32, shape)));
    return tensors;
  }

  /** The same tensors with {@code prefix} in front of their names. */
  public static Map<String, TensorData> prefixed(String prefix, Map<String, TensorData> tensors) {
    Map<String, TensorData> renamed = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> renamed.put(prefix + name, tensor));
    return renamed;
  }
}
