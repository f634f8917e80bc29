package org.canbridge.tensors.pickle;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.ElementConversion;

/**
 * Scalars that NumPy puts into pickles, e.g. a learning rate or a best score: {@code
 * numpy.core.multiarray.scalar(dtype, bytes)}, with {@code numpy.dtype(code, False, True)} whose
 * state says the byte order, and the bytes as text ({@code _codecs.encode(text, 'latin1')}) in
 * protocol 2.
 *
 * <p>Source: {@code numpy/core/src/multiarray/scalartypes.c.src} and {@code descriptor.c}.
 */
public final class NumpyScalars {
  private static final Map<String, DType> CODES =
      Map.ofEntries(
          Map.entry("f8", DType.F64),
          Map.entry("f4", DType.F32),
          Map.entry("f2", DType.F16),
          Map.entry("i8", DType.I64),
          Map.entry("i4", DType.I32),
          Map.entry("i2", DType.I16),
          Map.entry("i1", DType.I8),
          Map.entry("u8", DType.U64),
          Map.entry("u4", DType.U32),
          Map.entry("u2", DType.U16),
          Map.entry("u1", DType.U8),
          Map.entry("b1", DType.BOOL));

  private NumpyScalars() {}

  /** The type that a code such as {@code f4} stands for; null if it is no number. */
  public static DType type(String code) {
    return CODES.get(code);
  }

  /** Whether {@code numpy.dtype(code, ...)} is one that has a {@link #type}. */
  static boolean isNumber(List<Object> arguments) {
    return !arguments.isEmpty()
        && arguments.get(0) instanceof String code
        && CODES.containsKey(code);
  }

  /** {@code numpy.dtype(code, align, copy)}. */
  static Pickled.NumpyType dtype(List<Object> arguments, PickleInput in, long at) {
    if (!isNumber(arguments)) {
      throw in.malformed("a NumPy type that is no number", at);
    }
    return new Pickled.NumpyType((String) arguments.get(0));
  }

  /** The state of a dtype: a tuple whose second item is the byte order. */
  static void checkState(Object state, PickleInput in, long at) {
    boolean little =
        state instanceof Pickled.Tuple tuple
            && tuple.items().size() > 1
            && tuple.items().get(1) instanceof String order
            && List.of("<", "|", "=").contains(order);
    if (!little) {
      throw in.malformed("a NumPy type that is not little-endian", at);
    }
  }

  /** {@code _codecs.encode(text, 'latin1')}: the bytes that the text stands for. */
  static byte[] encode(List<Object> arguments, PickleInput in, long at) {
    if (arguments.size() != 2
        || !(arguments.get(0) instanceof String text)
        || !"latin1".equals(arguments.get(1))
        || text.chars().anyMatch(c -> c > 0xff)) {
      throw in.malformed("bytes that are not written as latin1 text", at);
    }
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** {@code scalar(dtype, bytes)}: a Long, Double or Boolean. */
  static Object scalar(List<Object> arguments, PickleInput in, long at) {
    if (arguments.size() != 2
        || !(arguments.get(0) instanceof Pickled.NumpyType type)
        || !(arguments.get(1) instanceof byte[] bytes)
        || bytes.length != CODES.get(type.code()).bytes()) {
      throw in.malformed("a NumPy scalar that does not fit its type", at);
    }
    DType dtype = CODES.get(type.code());
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (dtype.isFloating()) {
      return ElementConversion.getDouble(dtype, buffer, 0);
    }
    if (dtype == DType.BOOL) {
      return bytes[0] != 0;
    }
    try {
      return ElementConversion.getLong(dtype, buffer, 0);
    } catch (ArithmeticException e) {
      throw in.malformed("a NumPy integer past 63 bits", at);
    }
  }
}
