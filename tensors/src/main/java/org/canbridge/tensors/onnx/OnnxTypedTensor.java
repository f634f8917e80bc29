package org.canbridge.tensors.onnx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.onnx.ProtoReader.Span;

/**
 * A tensor whose elements lie in a typed field of a {@code TensorProto}: one varint or fixed-width
 * number an element, packed into one run or scattered as a field each. They are decoded when asked
 * for, so that numbers of one byte each do not fill eight times the file's size of memory.
 */
final class OnnxTypedTensor implements TensorData {
  private final FileSource source;
  private final Span message;
  private final OnnxElementType elementType;
  private final TensorType type;

  /** The caller has checked that the message holds as many elements as the type has. */
  OnnxTypedTensor(FileSource source, Span message, OnnxElementType elementType, TensorType type) {
    this.source = source;
    this.message = message;
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
    if (length == 0) {
      return out;
    }
    int width = type.dtype().bytes();
    Elements elements = new Elements(ProtoReader.of(source, message), elementType);
    for (long skipped = 0; skipped < offset / width; skipped++) {
      elements.next();
    }
    int from = (int) (offset % width);
    while (out.hasRemaining()) {
      long bits = elements.next();
      for (int i = from; i < width && out.hasRemaining(); i++) {
        out.put((byte) (bits >>> (8 * i)));
      }
      from = 0;
    }
    return out.flip();
  }

  /** Walks the elements of one typed field through all fields of a tensor. */
  static final class Elements {
    private final ProtoReader message;
    private final OnnxElementType type;
    private ProtoReader run;

    Elements(ProtoReader message, OnnxElementType type) {
      this.message = message;
      this.type = type;
    }

    boolean hasNext() {
      while (run == null || !run.hasNext()) {
        if (!message.hasNext()) {
          return false;
        }
        if (message.nextField() != type.field()) {
          message.skip();
        } else if (message.wireType() == ProtoReader.BYTES) {
          run = message.message();
        } else if (message.wireType() == type.wireType()) {
          run = message.single();
        } else {
          throw message.malformed(
              "an element of wire type " + message.wireType(), message.position());
        }
      }
      return true;
    }

    /** The next element's bits. */
    long next() {
      if (!hasNext()) {
        throw message.malformed("fewer elements than when the file was opened", message.position());
      }
      return type.isFixed() ? run.rawFixed(type.dtype().bytes()) : run.rawVarint();
    }
  }
}
