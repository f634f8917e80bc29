package org.canbridge.tensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Another tensor in another element type, converted when it is read. */
final class ConvertedTensor extends ElementwiseTensor {
  private static final int PIECE_ELEMENTS = 1 << 20;

  private final TensorData source;

  ConvertedTensor(TensorData source, DType dtype) {
    super(new TensorType(dtype, source.type().shape()));
    this.source = source;
  }

  @Override
  protected void fill(long first, int count, ByteBuffer target) {
    DType from = source.type().dtype();
    DType to = type().dtype();
    for (int done = 0; done < count; done += PIECE_ELEMENTS) {
      int piece = Math.min(PIECE_ELEMENTS, count - done);
      ByteBuffer in = source.bytes((first + done) * from.bytes(), piece * from.bytes());
      ByteBuffer out = target.slice(done * to.bytes(), piece * to.bytes());
      ElementConversion.convert(
          from, in.order(ByteOrder.LITTLE_ENDIAN), to, out.order(ByteOrder.LITTLE_ENDIAN), piece);
    }
  }
}
