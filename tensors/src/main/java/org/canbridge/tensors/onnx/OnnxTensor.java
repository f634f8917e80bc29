package org.canbridge.tensors.onnx;

import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.FileTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Problem;
import org.canbridge.tensors.onnx.ProtoReader.Span;

/**
 * One {@code TensorProto}, checked; {@link OnnxFile} describes what may be in it.
 *
 * @param name the initializer's name
 * @param data its elements, mapped or decoded when asked for
 */
record OnnxTensor(String name, TensorData data) {
  private static final int MAX_TEXT = 1 << 16;

  /** Reads one tensor; elements that lie in another file come from {@code external}. */
  static OnnxTensor read(ProtoReader message, Span span, OnnxExternalData external) {
    return new Reader(message, span, external).read();
  }

  /** Collects the fields, then checks what they make up. */
  private static final class Reader {
    private final ProtoReader message;
    private final Span span;
    private final OnnxExternalData external;
    private final List<Long> dims = new ArrayList<>();
    private final Map<String, String> externalData = new LinkedHashMap<>();
    private final List<Integer> typedFields = new ArrayList<>();
    private String name = "";
    private long dataType;
    private long location;
    private Span raw;

    Reader(ProtoReader message, Span span, OnnxExternalData external) {
      this.message = message;
      this.span = span;
      this.external = external;
    }

    OnnxTensor read() {
      boolean segment = false;
      while (message.hasNext()) {
        int field = message.nextField();
        switch (field) {
          case TensorProto.NAME_FIELD_NUMBER -> name = message.text(MAX_TEXT);
          case TensorProto.DIMS_FIELD_NUMBER -> readDims();
          case TensorProto.DATA_TYPE_FIELD_NUMBER -> dataType = message.varint();
          case TensorProto.DATA_LOCATION_FIELD_NUMBER -> location = message.varint();
          case TensorProto.EXTERNAL_DATA_FIELD_NUMBER -> readExternalEntry(message.message());
          case TensorProto.RAW_DATA_FIELD_NUMBER -> {
            if (raw != null) {
              throw doubleData("raw_data twice");
            }
            raw = message.span();
          }
          case TensorProto.SEGMENT_FIELD_NUMBER -> {
            segment = true;
            message.skip();
          }
          default -> {
            if (isTypedField(field) && !typedFields.contains(field)) {
              typedFields.add(field);
            }
            message.skip();
          }
        }
      }
      if (name.isEmpty()) {
        throw InputFileException.of(OnnxProblem.NAMELESS, path())
            .key("byte " + span.position())
            .what("an initializer has no name")
            .next("the file is damaged or forged: get it again from its source")
            .build();
      }
      if (segment) {
        throw refuse(OnnxProblem.SEGMENT, "an initializer is stored in segments")
            .next("write the model again with onnx.save, which joins them")
            .build();
      }
      return new OnnxTensor(name, data());
    }

    private static boolean isTypedField(int field) {
      return switch (field) {
        case TensorProto.FLOAT_DATA_FIELD_NUMBER,
            TensorProto.INT32_DATA_FIELD_NUMBER,
            TensorProto.STRING_DATA_FIELD_NUMBER,
            TensorProto.INT64_DATA_FIELD_NUMBER,
            TensorProto.DOUBLE_DATA_FIELD_NUMBER,
            TensorProto.UINT64_DATA_FIELD_NUMBER ->
            true;
        default -> false;
      };
    }

    private void readDims() {
      if (message.wireType() == ProtoReader.BYTES) {
        for (ProtoReader packed = message.message(); packed.hasNext(); ) {
          addDim(packed.rawVarint());
        }
      } else {
        addDim(message.varint());
      }
    }

    /**
     * Keeps one size more than a tensor can have: the name comes later and belongs to the message.
     */
    private void addDim(long size) {
      if (dims.size() <= TensorType.MAX_RANK) {
        dims.add(size);
      }
    }

    private void readExternalEntry(ProtoReader entry) {
      String key = "";
      String value = "";
      while (entry.hasNext()) {
        switch (entry.nextField()) {
          case StringStringEntryProto.KEY_FIELD_NUMBER -> key = entry.text(MAX_TEXT);
          case StringStringEntryProto.VALUE_FIELD_NUMBER -> value = entry.text(MAX_TEXT);
          default -> entry.skip();
        }
      }
      if (externalData.put(key, value) != null) {
        throw doubleData("external_data." + key + " twice");
      }
    }

    private TensorData data() {
      OnnxElementType elementType =
          OnnxElementType.of(dataType)
              .orElseThrow(
                  () ->
                      refuse(
                              TensorProblem.UNKNOWN_DTYPE,
                              "a tensor has an element type that is not supported")
                          .expected("one of " + List.of(DType.values()))
                          .actual(OnnxElementType.name(dataType))
                          .next("convert the file to one of these with the tool that wrote it")
                          .build());
      if (dims.size() > TensorType.MAX_RANK) {
        throw badShape("more than " + TensorType.MAX_RANK + " dimensions");
      }
      TensorType type;
      try {
        type = new TensorType(elementType.dtype(), dims);
      } catch (IllegalArgumentException | ArithmeticException e) {
        throw badShape(elementType.dtype() + dims.toString());
      }
      List<String> places = places();
      if (places.size() > 1) {
        throw doubleData(String.join(" and ", places));
      }
      if (location == TensorProto.DataLocation.EXTERNAL_VALUE) {
        return external.tensor(name, type, externalData);
      }
      if (raw != null) {
        checkSize(type, raw.length() + " bytes", raw.length() == type.bytes());
        return new FileTensor(message.source(), raw.position(), type);
      }
      return typed(type, elementType);
    }

    /** Where the message says that the elements are. */
    private List<String> places() {
      List<String> places = new ArrayList<>();
      if (location == TensorProto.DataLocation.EXTERNAL_VALUE) {
        places.add("external_data");
      }
      if (raw != null) {
        places.add("raw_data");
      }
      typedFields.forEach(
          field -> places.add(TensorProto.getDescriptor().findFieldByNumber(field).getName()));
      return places;
    }

    private TensorData typed(TensorType type, OnnxElementType elementType) {
      Optional<Integer> other =
          typedFields.stream().filter(f -> f != elementType.field()).findAny();
      if (other.isPresent()) {
        throw refuse(TensorProblem.SIZE_MISMATCH, "a tensor's elements are in the wrong field")
            .expected(TensorProto.getDescriptor().findFieldByNumber(elementType.field()).getName())
            .actual(TensorProto.getDescriptor().findFieldByNumber(other.get()).getName())
            .next("the file is damaged or forged: get it again from its source")
            .build();
      }
      OnnxTypedTensor.Elements elements =
          new OnnxTypedTensor.Elements(ProtoReader.of(message.source(), span), elementType);
      long count = 0;
      for (; elements.hasNext(); count++) {
        long value = elements.next();
        if (!elementType.isFixed() && (value < elementType.least() || value > elementType.most())) {
          throw refuse(OnnxProblem.VALUE_RANGE, "a tensor's element does not fit its type")
              .expected(elementType.least() + " to " + elementType.most() + " for " + type)
              .actual(value + " at element " + count)
              .next("the file is damaged or forged: get it again from its source")
              .build();
        }
      }
      checkSize(type, count + " elements", count == type.elements());
      return new OnnxTypedTensor(message.source(), span, elementType, type);
    }

    private void checkSize(TensorType type, String actual, boolean right) {
      if (!right) {
        throw refuse(
                TensorProblem.SIZE_MISMATCH, "a tensor has not as many bytes as its shape needs")
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
      return InputFileException.of(problem, path()).key(name).what(what);
    }

    private Path path() {
      return message.source().path();
    }
  }
}
