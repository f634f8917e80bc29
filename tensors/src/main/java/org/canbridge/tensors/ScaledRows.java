package org.canbridge.tensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Another tensor with each of its rows multiplied by a factor of its own, in float64. */
final class ScaledRows extends ElementwiseTensor {
  private static final int PIECE_ELEMENTS = 1 << 20;

  private final TensorData source;
  private final double[] factors;
  private final long rowElements;

  ScaledRows(TensorData source, double[] factors) {
    super(new TensorType(DType.F64, source.type().shape()));
    this.source = source;
    this.factors = factors.clone();
    this.rowElements = source.type().elements() / Math.max(1, factors.length);
  }

  @Override
  protected void fill(long first, int count, ByteBuffer target) {
    DType from = source.type().dtype();
    for (int done = 0; done < count; done += PIECE_ELEMENTS) {
      long start = first + done;
      int piece = Math.min(PIECE_ELEMENTS, count - done);
      ByteBuffer in = source.bytes(start * from.bytes(), piece * from.bytes());
      in.order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < piece; i++) {
        double value = ElementConversion.getDouble(from, in, i * from.bytes());
        double factor = factors[(int) ((start + i) / rowElements)];
        target.putDouble((done + i) * Double.BYTES, value * factor);
      }
    }
  }
}
