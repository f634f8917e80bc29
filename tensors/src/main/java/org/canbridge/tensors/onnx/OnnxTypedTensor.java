package org.canbridge.tensors.onnx;

import ai.onnx.proto.OnnxMl.TensorProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;

/**
 * A tensor whose elements lie in a typed field of a {@code TensorProto}, where the parser has put
 * them on the heap: exporters write a few numbers in this way, weights as {@code raw_data}.
 */
final class OnnxTypedTensor implements TensorData {
  private final TensorProto tensor;
  private final OnnxElementType elementType;
  private final TensorType type;

  /** The caller has checked that the field holds as many elements as the type has. */
  OnnxTypedTensor(TensorProto tensor, OnnxElementType elementType, TensorType type) {
    this.tensor = tensor;
    this.elementType = elementType;
    this.type = type;
  }

  @Override
  public TensorType type() {
    return type;
  }

  @Override
  public ByteBuffer bytes(long offset, int length) {
    Objects.checkFromIndexSize(offset, (long) length, type.bytes());
    ByteBuffer out = ByteBuffer.allocateDirect(length).order(ByteOrder.LITTLE_ENDIAN);
    int width = type.dtype().bytes();
    for (long at = offset; out.hasRemaining(); at++) {
      long bits = elementType.bits(tensor, (int) (at / width));
      out.put((byte) (bits >>> (Byte.SIZE * (at % width))));
    }
    return out.flip();
  }
}
