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
    ByteBuffer in =
        ByteBuffer.allocateDirect(Math.min(PIECE_ELEMENTS, count) * from.bytes())
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int done = 0; done < count; done += PIECE_ELEMENTS) {
      int piece = Math.min(PIECE_ELEMENTS, count - done);
      source.read((first + done) * from.bytes(), in.clear().limit(piece * from.bytes()));
      in.flip();
      ByteBuffer out = target.slice(done * to.bytes(), piece * to.bytes());
      ElementConversion.convert(from, in, to, out.order(ByteOrder.LITTLE_ENDIAN), piece);
    }
  }
}
