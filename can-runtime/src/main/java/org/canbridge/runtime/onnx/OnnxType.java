package org.canbridge.runtime.onnx;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.Arrays;
import org.canbridge.tensors.DType;

/** The type of a network's weights. */
public enum OnnxType {
  /** float32. */
  F32(DType.F32, DataType.FLOAT),
  /** float16, and what is computed with them is float16 too. */
  F16(DType.F16, DataType.FLOAT16),
  /**
   * bfloat16, made float32 before anything is computed with them: ONNX Runtime has no arithmetic of
   * bfloat16 on processors, so that nobody could check it there.
   */
  BF16(DType.BF16, DataType.BFLOAT16);

  private final DType dtype;
  private final DataType number;

  OnnxType(DType dtype, DataType number) {
    this.dtype = dtype;
    this.number = number;
  }

  /**
   * The type of this name.
   *
   * @throws IllegalArgumentException if weights cannot have it
   */
  public static OnnxType of(DType dtype) {
    return Arrays.stream(values())
        .filter(type -> type.dtype == dtype)
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("weights are F32, F16 or BF16, not " + dtype));
  }

  /** The type of tensors in files. */
  public DType dtype() {
    return dtype;
  }

  /** The type of what is computed. */
  OnnxType arithmetic() {
    return this == BF16 ? F32 : this;
  }

  /** ONNX's number of the type. */
  int number() {
    return number.getNumber();
  }
}
