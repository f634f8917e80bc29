package org.canbridge.tensors.onnx;

import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.Descriptors.FieldDescriptor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.FileTensor;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Problem;

/** One {@code TensorProto}, checked; {@link OnnxFile} describes what may be in it. */
final class OnnxTensor {
  /** Fields that hold elements one by one. */
  private static final Set<Integer> TYPED_FIELDS =
      Set.of(
          TensorProto.FLOAT_DATA_FIELD_NUMBER,
          TensorProto.INT32_DATA_FIELD_NUMBER,
          TensorProto.STRING_DATA_FIELD_NUMBER,
          TensorProto.INT64_DATA_FIELD_NUMBER,
          TensorProto.DOUBLE_DATA_FIELD_NUMBER,
          TensorProto.UINT64_DATA_FIELD_NUMBER);

  private final FileSource source;
  private final TensorProto tensor;
  private final OnnxMessage.Place place;
  private final OnnxExternalData external;

  OnnxTensor(
      FileSource source, TensorProto tensor, OnnxMessage.Place place, OnnxExternalData external) {
    this.source = source;
    this.tensor = tensor;
    this.place = place;
    this.external = external;
    if (tensor.getName().isEmpty()) {
      throw InputFileException.of(OnnxProblem.NAMELESS, source.path())
          .key("byte " + place.position())
          .what("an initializer has no name")
          .next("the file is damaged or forged: get it again from its source")
          .build();
    }
  }

  String name() {
    return tensor.getName();
  }

  /** Its elements: mapped, or decoded when asked for. */
  TensorData data() {
    if (tensor.hasSegment()) {
      throw refuse(OnnxProblem.SEGMENT, "an initializer is stored in segments")
          .next("write the model again with onnx.save, which joins them")
          .build();
    }
    OnnxElementType elementType =
        OnnxElementType.of(tensor.getDataType())
            .orElseThrow(
                () ->
                    refuse(
                            TensorProblem.UNKNOWN_DTYPE,
                            "a tensor has an element type that is not supported")
                        .expected("one of " + List.of(DType.values()))
                        .actual(OnnxElementType.name(tensor.getDataType()))
                        .next("convert the file to one of these with the tool that wrote it")
                        .build());
    TensorType type = type(elementType.dtype());
    boolean elsewhere = tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL;
    List<String> typedFields = typedFields();
    List<String> places = new ArrayList<>();
    if (elsewhere) {
      places.add("external_data");
    }
    if (tensor.hasRawData()) {
      places.add("raw_data");
    }
    places.addAll(typedFields);
    if (places.size() > 1) {
      throw doubleData(String.join(" and ", places));
    }
    if (place.raw().size() > 1) {
      throw doubleData("raw_data twice");
    }
    if (elsewhere) {
      return external.tensor(name(), type, externalData());
    }
    if (tensor.hasRawData()) {
      int size = tensor.getRawData().size();
      checkSize(type, size + " bytes", size == type.bytes());
      return place.raw().isEmpty()
          ? MemoryTensor.of(type, tensor.getRawData().asReadOnlyByteBuffer())
          : new FileTensor(source, place.raw().get(0), type);
    }
    return typed(type, elementType, typedFields);
  }

  private TensorType type(DType dtype) {
    if (tensor.getDimsCount() > TensorType.MAX_RANK) {
      throw badShape("more than " + TensorType.MAX_RANK + " dimensions");
    }
    try {
      return new TensorType(dtype, tensor.getDimsList());
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw badShape(dtype + tensor.getDimsList().toString());
    }
  }

  private List<String> typedFields() {
    return tensor.getAllFields().keySet().stream()
        .filter(field -> TYPED_FIELDS.contains(field.getNumber()))
        .map(FieldDescriptor::getName)
        .toList();
  }

  private Map<String, String> externalData() {
    Map<String, String> entries = new LinkedHashMap<>();
    for (StringStringEntryProto entry : tensor.getExternalDataList()) {
      if (entries.put(entry.getKey(), entry.getValue()) != null) {
        throw doubleData("external_data." + entry.getKey() + " twice");
      }
    }
    return entries;
  }

  private TensorData typed(TensorType type, OnnxElementType elementType, List<String> fields) {
    String expected = TensorProto.getDescriptor().findFieldByNumber(elementType.field()).getName();
    if (!fields.isEmpty() && !fields.contains(expected)) {
      throw refuse(TensorProblem.SIZE_MISMATCH, "a tensor's elements are in the wrong field")
          .expected(expected)
          .actual(fields.get(0))
          .next("the file is damaged or forged: get it again from its source")
          .build();
    }
    int count = elementType.count(tensor);
    for (int i = 0; i < count && !elementType.isFixed(); i++) {
      long value = elementType.bits(tensor, i);
      if (value < elementType.least() || value > elementType.most()) {
        throw refuse(OnnxProblem.VALUE_RANGE, "a tensor's element does not fit its type")
            .expected(elementType.least() + " to " + elementType.most() + " for " + type)
            .actual(value + " at element " + i)
            .next("the file is damaged or forged: get it again from its source")
            .build();
      }
    }
    checkSize(type, count + " elements", count == type.elements());
    return new OnnxTypedTensor(tensor, elementType, type);
  }

  private void checkSize(TensorType type, String actual, boolean right) {
    if (!right) {
      throw refuse(TensorProblem.SIZE_MISMATCH, "a tensor has not as many bytes as its shape needs")
          .expected(type.elements() + " elements, " + type.bytes() + " bytes for " + type)
          .actual(actual)
          .next("the file is damaged or forged: get it again from its source")
          .build();
    }
  }

  private InputFileException badShape(String actual) {
    return refuse(TensorProblem.BAD_SHAPE, "a tensor's shape is impossible")
        .expected(
            "non-negative sizes, at most "
                + TensorType.MAX_RANK
                + " of them, fewer than 2^63 bytes in all")
        .actual(actual)
        .next("the file is damaged or forged: get it again from its source")
        .build();
  }

  private InputFileException doubleData(String actual) {
    return refuse(OnnxProblem.AMBIGUOUS_DATA, "a tensor's elements are stored in two places")
        .expected("one of raw_data, a typed field, external_data")
        .actual(actual)
        .next("the file is ambiguous: get it again from its source")
        .build();
  }

  private InputFileException.Builder refuse(Problem problem, String what) {
    return InputFileException.of(problem, source.path()).key(name()).what(what);
  }
}
