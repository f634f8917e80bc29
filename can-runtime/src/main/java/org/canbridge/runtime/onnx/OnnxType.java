package org.canbridge.runtime.onnx;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import org.canbridge.tensors.DType;

/** The type of a network's weights and of what it computes with them. */
public enum OnnxType {
  /** float32. */
  F32(DType.F32, DataType.FLOAT),
  /** float16. */
  F16(DType.F16, DataType.FLOAT16),
  /** bfloat16. */
  BF16(DType.BF16, DataType.BFLOAT16);

  private final DType dtype;
  private final DataType number;

  OnnxType(DType dtype, DataType number) {
    this.dtype = dtype;
    this.number = number;
  }

  /** The type of tensors in files. */
  public DType dtype() {
    return dtype;
  }

  /** ONNX's number of the type. */
  int number() {
    return number.getNumber();
  }
}
