package org.canbridge.runtime.engine.torchscript;

import java.util.Map;
import java.util.Optional;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;

/**
 * A tensor of a TorchScript file.
 *
 * @param name its dotted name: every part but the last is a module
 * @param data its elements, written as they are
 * @param use what PyTorch makes of it
 */
record ScriptTensor(String name, TensorData data, Use use) {
  private static final Map<DType, String> STORAGES =
      Map.of(
          DType.F64, "DoubleStorage",
          DType.F32, "FloatStorage",
          DType.F16, "HalfStorage",
          DType.BF16, "BFloat16Storage",
          DType.I64, "LongStorage",
          DType.I32, "IntStorage",
          DType.I16, "ShortStorage",
          DType.I8, "CharStorage",
          DType.U8, "ByteStorage",
          DType.BOOL, "BoolStorage");

  /** What PyTorch makes of a tensor. */
  enum Use {
    /** A parameter that requires gradients. */
    TRAINED,
    /** A parameter that requires none. */
    FIXED,
    /** A buffer. */
    BUFFER
  }

  /**
   * Checks the element type.
   *
   * @throws IllegalArgumentException if TorchScript files have no storage of it
   */
  ScriptTensor {
    if (!STORAGES.containsKey(data.type().dtype())) {
      throw new IllegalArgumentException(
          "a TorchScript file cannot hold "
              + name
              + ", which is "
              + data.type().dtype()
              + "; import it with --dtype first");
    }
  }

  /** The class of its storage. */
  String storage() {
    return Optional.ofNullable(STORAGES.get(data.type().dtype())).orElseThrow();
  }
}
