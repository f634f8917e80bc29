package org.canbridge.tensors.onnx;

import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.Map;
import java.util.Optional;
import org.canbridge.tensors.DType;

/**
 * How ONNX stores the elements of a type outside {@code raw_data}.
 *
 * @param dtype our name of the type
 * @param field the number of the typed field of {@code TensorProto}; 16-bit and 8-bit floats lie in
 *     {@code int32_data} as their bits
 * @param least the smallest value the field may hold
 * @param most the largest, as a signed number
 */
record OnnxElementType(DType dtype, int field, long least, long most) {
  private static final int FLOATS = TensorProto.FLOAT_DATA_FIELD_NUMBER;
  private static final int DOUBLES = TensorProto.DOUBLE_DATA_FIELD_NUMBER;
  private static final int INT32 = TensorProto.INT32_DATA_FIELD_NUMBER;
  private static final int INT64 = TensorProto.INT64_DATA_FIELD_NUMBER;
  private static final int UINT64 = TensorProto.UINT64_DATA_FIELD_NUMBER;

  /** By the number in {@code data_type}; what is missing has no counterpart here. */
  private static final Map<Integer, OnnxElementType> BY_NUMBER =
      Map.ofEntries(
          entry(DataType.FLOAT, DType.F32, FLOATS, Long.MIN_VALUE, Long.MAX_VALUE),
          entry(DataType.DOUBLE, DType.F64, DOUBLES, Long.MIN_VALUE, Long.MAX_VALUE),
          entry(DataType.FLOAT16, DType.F16, INT32, 0, 0xffff),
          entry(DataType.BFLOAT16, DType.BF16, INT32, 0, 0xffff),
          entry(DataType.FLOAT8E4M3FN, DType.F8_E4M3, INT32, 0, 0xff),
          entry(DataType.FLOAT8E5M2, DType.F8_E5M2, INT32, 0, 0xff),
          entry(DataType.BOOL, DType.BOOL, INT32, 0, 1),
          entry(DataType.INT8, DType.I8, INT32, Byte.MIN_VALUE, Byte.MAX_VALUE),
          entry(DataType.INT16, DType.I16, INT32, Short.MIN_VALUE, Short.MAX_VALUE),
          entry(DataType.INT32, DType.I32, INT32, Integer.MIN_VALUE, Integer.MAX_VALUE),
          entry(DataType.INT64, DType.I64, INT64, Long.MIN_VALUE, Long.MAX_VALUE),
          entry(DataType.UINT8, DType.U8, INT32, 0, 0xff),
          entry(DataType.UINT16, DType.U16, INT32, 0, 0xffff),
          entry(DataType.UINT32, DType.U32, UINT64, 0, 0xffff_ffffL),
          entry(DataType.UINT64, DType.U64, UINT64, Long.MIN_VALUE, Long.MAX_VALUE));

  private static Map.Entry<Integer, OnnxElementType> entry(
      DataType type, DType dtype, int field, long least, long most) {
    return Map.entry(type.getNumber(), new OnnxElementType(dtype, field, least, most));
  }

  /** The type with this number. */
  static Optional<OnnxElementType> of(int number) {
    return Optional.ofNullable(BY_NUMBER.get(number));
  }

  /** ONNX's name of a type, known here or not. */
  static String name(int number) {
    DataType type = DataType.forNumber(number);
    return type == null ? "data_type " + number : type.name();
  }

  /** How many elements the field of this type holds. */
  int count(TensorProto tensor) {
    return switch (field) {
      case FLOATS -> tensor.getFloatDataCount();
      case DOUBLES -> tensor.getDoubleDataCount();
      case INT32 -> tensor.getInt32DataCount();
      case INT64 -> tensor.getInt64DataCount();
      default -> tensor.getUint64DataCount();
    };
  }

  /** An element of that field: an integer's value, a floating-point number's bits. */
  long bits(TensorProto tensor, int at) {
    return switch (field) {
      case FLOATS -> Float.floatToRawIntBits(tensor.getFloatData(at));
      case DOUBLES -> Double.doubleToRawLongBits(tensor.getDoubleData(at));
      case INT32 -> tensor.getInt32Data(at);
      case INT64 -> tensor.getInt64Data(at);
      default -> tensor.getUint64Data(at);
    };
  }

  /** Whether the field holds floating-point numbers, every one of which fits. */
  boolean isFixed() {
    return field == FLOATS || field == DOUBLES;
  }
}
