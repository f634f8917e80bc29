package org.canbridge.tensors.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;

/**
 * A model file, parsed by the classes generated from ONNX's schema over a mapping of the file:
 * texts and {@code raw_data} stay where they are, so the heap holds the graph alone.
 *
 * <p>Before that the encoding is checked along the schema. The generated parsers do not say where
 * in the file a tensor's bytes lie, nor where they gave up, and they forgive what a file of weights
 * may not do: fields of another wire type, texts that are not UTF-8, a second graph.
 *
 * <p>Source: protobuf.dev, "Encoding"; onnx/onnx, onnx.proto.
 */
final class OnnxMessage {
  /** No text that is read here comes near it; what is longer would be a copy of the file. */
  private static final int MAX_TEXT = 1 << 16;

  /** A file of this size is read: a mapping would cost more. */
  private static final int SMALL = 1 << 16;

  private static final int MAX_VARINT = 10;

  /** The generated parsers' limit. */
  private static final int MAX_DEPTH = 100;

  private static final FieldDescriptor GRAPH =
      ModelProto.getDescriptor().findFieldByNumber(ModelProto.GRAPH_FIELD_NUMBER);
  private static final FieldDescriptor INITIALIZER =
      GraphProto.getDescriptor().findFieldByNumber(GraphProto.INITIALIZER_FIELD_NUMBER);
  private static final FieldDescriptor SPARSE =
      GraphProto.getDescriptor().findFieldByNumber(GraphProto.SPARSE_INITIALIZER_FIELD_NUMBER);
  private static final FieldDescriptor RAW_DATA =
      TensorProto.getDescriptor().findFieldByNumber(TensorProto.RAW_DATA_FIELD_NUMBER);
  private static final FieldDescriptor METADATA =
      StringStringEntryProto.getDescriptor()
          .findFieldByNumber(StringStringEntryProto.VALUE_FIELD_NUMBER);

  /**
   * Where an initializer lies in the file.
   *
   * @param position of the first byte of its message
   * @param raw of the first byte of each {@code raw_data}
   */
  record Place(long position, List<Integer> raw) {
    /** Of a tensor that is no initializer; its bytes are taken from the message. */
    static final Place ELSEWHERE = new Place(0, List.of());
  }

  private final FileSource source;
  private final ByteString bytes;
  private final CodedInputStream in;
  private final List<Place> initializers = new ArrayList<>();
  private int graphs;
  private final ModelProto model;

  private OnnxMessage(FileSource source) {
    this.source = source;
    int size = (int) source.size();
    this.bytes =
        UnsafeByteOperations.unsafeWrap(
            size <= SMALL ? source.read(0, size) : source.mapForReading(0, size));
    this.in = bytes.newCodedInput();
    CodedInputStream parsed = bytes.newCodedInput();
    parsed.enableAliasing(true);
    try {
      check(ModelProto.getDescriptor(), bytes.size(), 0);
      this.model = ModelProto.parseFrom(parsed);
    } catch (IOException e) {
      throw malformed(e.getMessage(), parsed.getTotalBytesRead());
    }
    if (graphs == 0 || model.getOpsetImportCount() == 0 || !model.hasIrVersion()) {
      boolean operators = model.getOpsetImportCount() > 0;
      String missing = graphs == 0 ? "graph" : operators ? "ir_version" : "opset_import";
      throw malformed("a model without " + missing, bytes.size());
    }
  }

  /**
   * Reads a file of at most 2^31 - 1 bytes.
   *
   * @throws InputFileException if it is no {@code ModelProto} with a graph and versions, or has a
   *     sparse initializer
   */
  static OnnxMessage read(FileSource source) {
    return new OnnxMessage(source);
  }

  ModelProto model() {
    return model;
  }

  /** The places of the graph's initializers, in their order. */
  List<Place> initializers() {
    return initializers;
  }

  /** Checks the fields of a message that ends at {@code end}. */
  private void check(Descriptor type, int end, int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw malformed("messages more than " + MAX_DEPTH + " deep", position());
    }
    while (position() < end) {
      int start = position();
      long tag = number(end);
      long number = tag >>> 3;
      int wireType = (int) (tag & 7);
      boolean known =
          wireType == WireFormat.WIRETYPE_VARINT
              || wireType == WireFormat.WIRETYPE_FIXED64
              || wireType == WireFormat.WIRETYPE_LENGTH_DELIMITED
              || wireType == WireFormat.WIRETYPE_FIXED32;
      if (number < 1 || number > 0x1fff_ffff || !known) {
        throw malformed("an impossible tag, " + tag, start);
      }
      FieldDescriptor field = type.findFieldByNumber((int) number);
      if (wireType == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        checkBytes(field, end, depth);
      } else {
        require(field, wireType);
        checkScalar(wireType, end);
      }
    }
  }

  private void checkScalar(int wireType, int end) throws IOException {
    switch (wireType) {
      case WireFormat.WIRETYPE_VARINT -> number(end);
      case WireFormat.WIRETYPE_FIXED64 -> skip(Long.BYTES, end);
      default -> skip(Integer.BYTES, end);
    }
  }

  /** A value with a length; {@code field} is null if the schema does not have it. */
  private void checkBytes(FieldDescriptor field, int end, int depth) throws IOException {
    int start = position();
    boolean packed = field != null && field.isPackable();
    if (!packed) {
      require(field, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    }
    long length = number(end);
    if (length < 0 || length > end - position()) {
      throw cut(Long.toUnsignedString(length), start, end);
    }
    int valueEnd = position() + (int) length;
    if (packed) {
      while (position() < valueEnd) {
        checkScalar(field.getLiteType().getWireType(), valueEnd);
      }
    } else if (field != null && field.getJavaType() == JavaType.MESSAGE) {
      checkPlace(field, start, depth);
      check(field.getMessageType(), valueEnd, depth + 1);
    } else {
      // Of tensors only the initializers of the graph itself lie as high as this.
      if (field == RAW_DATA && depth == 2) {
        initializers.get(initializers.size() - 1).raw().add(position());
      } else if (field != null && field.getJavaType() == JavaType.STRING) {
        checkText(field, (int) length);
      }
      in.skipRawBytes((int) length);
    }
  }

  /** Notes where a message of the graph itself begins, or refuses it; subgraphs lie deeper. */
  private void checkPlace(FieldDescriptor field, int start, int depth) {
    if (field == GRAPH && ++graphs > 1) {
      throw malformed("a second graph", start);
    }
    if (field == INITIALIZER && depth == 1) {
      initializers.add(new Place(position(), new ArrayList<>(1)));
    }
    if (field == SPARSE && depth == 1) {
      throw InputFileException.of(OnnxProblem.SPARSE, source.path())
          .key("byte " + start)
          .what("the model has a sparse initializer")
          .expected("dense tensors")
          .next("export the model again without sparse tensors")
          .build();
    }
  }

  private void checkText(FieldDescriptor field, int length) {
    boolean free = field == METADATA || field.getName().equals("doc_string");
    if (length > MAX_TEXT && !free) {
      throw malformed("a text of " + length + " bytes; the most is " + MAX_TEXT, position());
    }
    if (!bytes.substring(position(), position() + length).isValidUtf8()) {
      throw malformed("a text that is not UTF-8", position());
    }
  }

  private void require(FieldDescriptor field, int wireType) {
    if (field != null && field.getLiteType().getWireType() != wireType) {
      throw malformed(
          "wire type " + wireType + " where " + field.getLiteType().getWireType() + " belongs",
          position());
    }
  }

  private int position() {
    return in.getTotalBytesRead();
  }

  private long number(int end) throws IOException {
    int start = position();
    try {
      long number = in.readRawVarint64();
      if (position() <= end) {
        return number;
      }
    } catch (InvalidProtocolBufferException e) {
      if (position() - start == MAX_VARINT) {
        throw malformed("a number longer than " + MAX_VARINT + " bytes", position());
      }
    }
    throw cut("1", end, end);
  }

  private void skip(int count, int end) throws IOException {
    if (count > end - position()) {
      throw cut(Integer.toString(count), position(), end);
    }
    in.skipRawBytes(count);
  }

  private InputFileException cut(String wanted, int at, int end) {
    int left = Math.max(0, end - position());
    if (end < bytes.size()) {
      return malformed(wanted + " bytes where " + left + " are left", at);
    }
    return InputFileException.of(FileProblem.TRUNCATED, source.path())
        .key("byte " + at)
        .what("the file ends inside a field")
        .expected(wanted + " bytes")
        .actual(left + " bytes")
        .next("download it again")
        .build();
  }

  private InputFileException malformed(String actual, int at) {
    return InputFileException.of(OnnxProblem.MALFORMED, source.path())
        .key("byte " + at)
        .what("this is not a well-formed ONNX model")
        .actual(actual)
        .next("the file is damaged or forged: get it again from its source")
        .build();
  }
}
