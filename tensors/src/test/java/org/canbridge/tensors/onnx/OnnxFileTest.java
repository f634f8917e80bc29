package org.canbridge.tensors.onnx;

import static org.canbridge.tensors.formats.Refusals.assertRefused;
import static org.canbridge.tensors.onnx.OnnxModels.bytes;
import static org.canbridge.tensors.onnx.OnnxModels.external;
import static org.canbridge.tensors.onnx.OnnxModels.model;
import static org.canbridge.tensors.onnx.OnnxModels.raw;
import static org.canbridge.tensors.onnx.OnnxModels.typed;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.Problem;
import org.canbridge.tensors.formats.TensorFileContract;
import org.canbridge.tensors.formats.TensorFiles;
import org.junit.jupiter.api.Test;

final class OnnxFileTest extends TensorFileContract {
  private static final String DAMAGED =
      "next: the file is damaged or forged: get it again from its source";
  private static final String MALFORMED = "this is not a well-formed ONNX model";
  private static final String TWO_PLACES = "a tensor's elements are stored in two places";
  private static final String ONE_PLACE = "expected: one of raw_data, a typed field, external_data";
  private static final String AMBIGUOUS =
      "next: the file is ambiguous: get it again from its source";
  private static final String WRONG_SIZE = "a tensor has not as many bytes as its shape needs";

  @Override
  protected TensorFile open(Path file) {
    return OnnxFile.open(file);
  }

  @Override
  public byte[] sample() {
    ModelProto.Builder model =
        model(
            raw("w", DataType.FLOAT, new byte[] {1, 2, 3, 4, 5, 6, 7, 8}, 2, 1),
            raw(
                "onnx::MatMul_1",
                DataType.INT16,
                new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
                2,
                3),
            typed("i", DataType.INT64, 3).addInt64Data(-1).addInt64Data(2).addInt64Data(1L << 40),
            typed("f", DataType.FLOAT, 2).addFloatData(1.5f).addFloatData(-2),
            typed("s", DataType.BOOL).addInt32Data(1),
            typed("none", DataType.FLOAT16, 3, 0));
    model
        .getGraphBuilder()
        .addNodeBuilder()
        .setName("/a/MatMul")
        .setOpType("MatMul")
        .addInput("x")
        .addInput("onnx::MatMul_1")
        .addOutput("y");
    return model.build().toByteArray();
  }

  @Override
  protected String contiguousTensor() {
    return "w";
  }

  @Override
  protected String format() {
    return "onnx";
  }

  private static byte[] array(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private void refused(Problem problem, byte[] content, String... lines) throws IOException {
    Path path = file(content);
    assertRefused(problem, path, () -> open(path), lines);
  }

  @Test
  void readsEveryPart() throws IOException {
    try (TensorFile file = open(file(sample()))) {
      assertEquals(
          List.of("w", "a.weight", "i", "f", "s", "none"), List.copyOf(file.tensors().keySet()));
      assertEquals(TensorType.of(DType.F32, 2, 1), file.tensors().get("w").type());
      assertEquals(0x08070605, file.tensors().get("w").bytes().getInt(4));
      assertArrayEquals(new long[] {-1, 2, 1L << 40}, Tensors.longs(file.tensors().get("i")));
      assertArrayEquals(new float[] {1.5f, -2}, Tensors.floats(file.tensors().get("f")));
      assertEquals(TensorType.of(DType.BOOL), file.tensors().get("s").type());
      assertArrayEquals(new long[] {1}, Tensors.longs(file.tensors().get("s")));
      assertEquals(0, file.tensors().get("none").bytes().remaining());
      assertArrayEquals(
          new byte[] {1, 2, 7, 8, 3, 4, 9, 10, 5, 6, 11, 12},
          array(file.tensors().get("a.weight").bytes()));
      assertEquals(
          Map.of(
              "ir_version",
              8L,
              "producer",
              "test",
              "opset.ai.onnx",
              17L,
              "renamed.a.weight",
              "onnx::MatMul_1"),
          file.values());
      assertEquals(Map.of(), file.constants());
      assertTrue(file.containers().isEmpty());
    }
  }

  @Test
  void readsEveryTypedField() throws IOException {
    byte[] content =
        bytes(
            typed("f64", DataType.DOUBLE, 1).addDoubleData(Math.PI),
            typed("f16", DataType.FLOAT16, 2).addInt32Data(0x3c00).addInt32Data(0xc000),
            typed("bf16", DataType.BFLOAT16, 1).addInt32Data(0xbf80),
            typed("e4m3", DataType.FLOAT8E4M3FN, 1).addInt32Data(0x38),
            typed("e5m2", DataType.FLOAT8E5M2, 1).addInt32Data(0xbc),
            typed("i8", DataType.INT8, 2).addInt32Data(-128).addInt32Data(127),
            typed("i16", DataType.INT16, 1).addInt32Data(-32768),
            typed("i32", DataType.INT32, 1).addInt32Data(Integer.MIN_VALUE),
            typed("u8", DataType.UINT8, 1).addInt32Data(255),
            typed("u16", DataType.UINT16, 1).addInt32Data(65535),
            typed("u32", DataType.UINT32, 1).addUint64Data(0xffff_ffffL),
            typed("u64", DataType.UINT64, 1).addUint64Data(-1));
    try (TensorFile file = open(file(content))) {
      Map<String, TensorData> tensors = file.tensors();
      assertArrayEquals(new double[] {Math.PI}, Tensors.doubles(tensors.get("f64")));
      assertArrayEquals(new float[] {1, -2}, Tensors.floats(tensors.get("f16")));
      assertArrayEquals(new float[] {-1}, Tensors.floats(tensors.get("bf16")));
      assertArrayEquals(new float[] {1}, Tensors.floats(tensors.get("e4m3")));
      assertArrayEquals(new float[] {-1}, Tensors.floats(tensors.get("e5m2")));
      assertArrayEquals(new long[] {-128, 127}, Tensors.longs(tensors.get("i8")));
      assertArrayEquals(new long[] {-32768}, Tensors.longs(tensors.get("i16")));
      assertArrayEquals(new long[] {Integer.MIN_VALUE}, Tensors.longs(tensors.get("i32")));
      assertArrayEquals(new long[] {255}, Tensors.longs(tensors.get("u8")));
      assertArrayEquals(new long[] {65535}, Tensors.longs(tensors.get("u16")));
      assertArrayEquals(new long[] {0xffff_ffffL}, Tensors.longs(tensors.get("u32")));
      assertEquals(-1, tensors.get("u64").bytes().getLong());
    }
  }

  @Test
  void readsScatteredElements() throws IOException {
    // Field 4 (float_data) twice as a field of its own, then one packed run.
    byte[] elements = {
      0x25, 0, 0, (byte) 0x80, 0x3f, 0x25, 0, 0, 0, 0x40, 0x22, 4, 0, 0, 0x40, 0x40
    };
    byte[] head = typed("f", DataType.FLOAT, 3).build().toByteArray();
    byte[] tensor = Arrays.copyOf(head, head.length + elements.length);
    System.arraycopy(elements, 0, tensor, head.length, elements.length);
    byte[] graph = new byte[tensor.length + 2];
    graph[0] = 0x2a;
    graph[1] = (byte) tensor.length;
    System.arraycopy(tensor, 0, graph, 2, tensor.length);
    ModelProto model = model().setGraph(GraphProto.parseFrom(graph)).build();
    byte[] packed = model.toByteArray();
    byte[] scattered = withGraph(graph);
    for (byte[] content : List.of(packed, scattered)) {
      try (TensorFile file = open(file(content))) {
        assertArrayEquals(new float[] {1, 2, 3}, Tensors.floats(file.tensors().get("f")));
      }
    }
  }

  /** A model around these bytes of a graph. */
  private static byte[] withGraph(byte[] graph) {
    byte[] content = new byte[graph.length + 8];
    content[0] = 0x08; // ir_version
    content[1] = 8;
    content[2] = 0x3a; // graph
    content[3] = (byte) graph.length;
    System.arraycopy(graph, 0, content, 4, graph.length);
    content[graph.length + 4] = 0x42; // opset_import
    content[graph.length + 5] = 2;
    content[graph.length + 6] = 0x10;
    content[graph.length + 7] = 17;
    return content;
  }

  @Test
  void refusesElementsInTwoPlaces() throws IOException {
    refused(
        OnnxProblem.AMBIGUOUS_DATA,
        bytes(raw("w", DataType.FLOAT, new byte[4], 1).addFloatData(1)),
        TWO_PLACES,
        ONE_PLACE,
        "actual: raw_data and float_data",
        "file: FILE",
        "key: w",
        AMBIGUOUS);
    refused(
        OnnxProblem.AMBIGUOUS_DATA,
        bytes(external("part").setRawData(ByteString.copyFrom(new byte[8]))),
        TWO_PLACES,
        ONE_PLACE,
        "actual: external_data and raw_data",
        "file: FILE",
        "key: w",
        AMBIGUOUS);
  }

  @Test
  void refusesTheWrongNumberOfElements() throws IOException {
    refused(
        TensorProblem.SIZE_MISMATCH,
        bytes(raw("w", DataType.FLOAT, new byte[9], 2)),
        WRONG_SIZE,
        "expected: 2 elements, 8 bytes for F32[2]",
        "actual: 9 bytes",
        "file: FILE",
        "key: w",
        DAMAGED);
    refused(
        TensorProblem.SIZE_MISMATCH,
        bytes(typed("w", DataType.INT64, 1L << 40).addInt64Data(1)),
        WRONG_SIZE,
        "expected: 1099511627776 elements, 8796093022208 bytes for I64[1099511627776]",
        "actual: 1 elements",
        "file: FILE",
        "key: w",
        DAMAGED);
    refused(
        TensorProblem.SIZE_MISMATCH,
        bytes(typed("w", DataType.INT64, 1).addFloatData(1)),
        "a tensor's elements are in the wrong field",
        "expected: int64_data",
        "actual: float_data",
        "file: FILE",
        "key: w",
        DAMAGED);
  }

  @Test
  void refusesElementsThatDoNotFitTheirType() throws IOException {
    refused(
        OnnxProblem.VALUE_RANGE,
        bytes(typed("w", DataType.UINT8, 2).addInt32Data(255).addInt32Data(256)),
        "a tensor's element does not fit its type",
        "expected: 0 to 255 for U8[2]",
        "actual: 256 at element 1",
        "file: FILE",
        "key: w",
        DAMAGED);
  }

  @Test
  void refusesImpossibleShapes() throws IOException {
    String expected =
        "expected: non-negative sizes, at most 64 of them, fewer than 2^63 bytes in all";
    refused(
        TensorProblem.BAD_SHAPE,
        bytes(typed("w", DataType.FLOAT, 2, -1)),
        "a tensor's shape is impossible",
        expected,
        "actual: F32[2, -1]",
        "file: FILE",
        "key: w",
        DAMAGED);
    refused(
        TensorProblem.BAD_SHAPE,
        bytes(typed("w", DataType.FLOAT, 1L << 61)),
        "a tensor's shape is impossible",
        expected,
        "actual: F32[2305843009213693952]",
        "file: FILE",
        "key: w",
        DAMAGED);
    refused(
        TensorProblem.BAD_SHAPE,
        bytes(typed("w", DataType.FLOAT, new long[65])),
        "a tensor's shape is impossible",
        expected,
        "actual: more than 64 dimensions",
        "file: FILE",
        "key: w",
        DAMAGED);
  }

  @Test
  void refusesOtherElementTypes() throws IOException {
    for (Map.Entry<DataType, String> type :
        Map.of(
                DataType.STRING, "STRING",
                DataType.COMPLEX64, "COMPLEX64",
                DataType.FLOAT8E4M3FNUZ, "FLOAT8E4M3FNUZ",
                DataType.INT4, "INT4",
                DataType.UNDEFINED, "UNDEFINED")
            .entrySet()) {
      refused(
          TensorProblem.UNKNOWN_DTYPE,
          bytes(typed("w", type.getKey(), 1)),
          "a tensor has an element type that is not supported",
          "expected: one of " + List.of(DType.values()),
          "actual: " + type.getValue(),
          "file: FILE",
          "key: w",
          "next: convert the file to one of these with the tool that wrote it");
    }
    refused(
        TensorProblem.UNKNOWN_DTYPE,
        bytes(TensorProto.newBuilder().setName("w").setDataType(99)),
        "a tensor has an element type that is not supported",
        "expected: one of " + List.of(DType.values()),
        "actual: data_type 99",
        "file: FILE",
        "key: w",
        "next: convert the file to one of these with the tool that wrote it");
  }

  @Test
  void refusesSegmentsAndSparseTensors() throws IOException {
    refused(
        OnnxProblem.SEGMENT,
        bytes(
            raw("w", DataType.FLOAT, new byte[4], 1)
                .setSegment(TensorProto.Segment.newBuilder().setBegin(0).setEnd(1))),
        "an initializer is stored in segments",
        "file: FILE",
        "key: w",
        "next: write the model again with onnx.save, which joins them");
    ModelProto.Builder sparse = model();
    sparse.getGraphBuilder().addSparseInitializer(SparseTensorProto.newBuilder().addDims(3));
    refused(
        OnnxProblem.SPARSE,
        sparse.build().toByteArray(),
        "the model has a sparse initializer",
        "expected: dense tensors",
        "file: FILE",
        "key: byte 14",
        "next: export the model again without sparse tensors");
  }

  @Test
  void refusesNamesThatAreMissingOrTwice() throws IOException {
    refused(
        OnnxProblem.NAMELESS,
        bytes(raw("", DataType.FLOAT, new byte[4], 1)),
        "an initializer has no name",
        "file: FILE",
        "key: byte 15",
        DAMAGED);
    refused(
        TensorProblem.DUPLICATE_KEY,
        bytes(raw("w", DataType.FLOAT, new byte[4], 1), raw("w", DataType.FLOAT, new byte[4], 1)),
        "two initializers have one name",
        "file: FILE",
        "key: w",
        AMBIGUOUS);
  }

  @Test
  void refusesWhatIsNoModel() throws IOException {
    refused(
        OnnxProblem.MALFORMED,
        model().clearGraph().build().toByteArray(),
        MALFORMED,
        "actual: a model without graph",
        "file: FILE",
        "key: byte 12",
        DAMAGED);
    refused(
        OnnxProblem.MALFORMED,
        model().clearOpsetImport().build().toByteArray(),
        MALFORMED,
        "actual: a model without opset_import",
        "file: FILE",
        "key: byte 13",
        DAMAGED);
    refused(
        OnnxProblem.MALFORMED,
        new byte[] {0x08, 8, 0x3b, 0},
        MALFORMED,
        "actual: an impossible tag, 59",
        "file: FILE",
        "key: byte 2",
        DAMAGED);
    refused(
        OnnxProblem.MALFORMED,
        new byte[] {0x0a, 1, 8},
        MALFORMED,
        "actual: wire type 2 where 0 belongs",
        "file: FILE",
        "key: byte 1",
        DAMAGED);
    refused(
        OnnxProblem.MALFORMED,
        new byte[] {0x08, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 1},
        MALFORMED,
        "actual: a number longer than 10 bytes",
        "file: FILE",
        "key: byte 11",
        DAMAGED);
  }

  @Test
  void refusesWhatAParserForgives() throws IOException {
    byte[] model = bytes();
    byte[] twice = Arrays.copyOf(model, 2 * model.length);
    System.arraycopy(model, 0, twice, model.length, model.length);
    refused(
        OnnxProblem.MALFORMED,
        twice,
        MALFORMED,
        "actual: a second graph",
        "file: FILE",
        "key: byte 26",
        DAMAGED);
    byte[] name = {0x08, 8, 0x12, 2, (byte) 0xc3, 0x28};
    refused(
        OnnxProblem.MALFORMED,
        name,
        MALFORMED,
        "actual: a text that is not UTF-8",
        "file: FILE",
        "key: byte 4",
        DAMAGED);
    refused(
        OnnxProblem.MALFORMED,
        model().setProducerName("x".repeat((1 << 16) + 1)).build().toByteArray(),
        MALFORMED,
        "actual: a text of 65537 bytes; the most is 65536",
        "file: FILE",
        "key: byte 6",
        DAMAGED);
    byte[] raw = raw("w", DataType.FLOAT, new byte[4], 1).build().toByteArray();
    byte[] rawTwice = Arrays.copyOf(raw, raw.length + 6);
    System.arraycopy(raw, raw.length - 6, rawTwice, raw.length, 6);
    byte[] graph = new byte[rawTwice.length + 2];
    graph[0] = 0x2a;
    graph[1] = (byte) rawTwice.length;
    System.arraycopy(rawTwice, 0, graph, 2, rawTwice.length);
    refused(
        OnnxProblem.AMBIGUOUS_DATA,
        withGraph(graph),
        TWO_PLACES,
        ONE_PLACE,
        "actual: raw_data twice",
        "file: FILE",
        "key: w",
        AMBIGUOUS);
  }

  @Test
  void refusesMessagesThatLieTooDeep() throws IOException {
    GraphProto graph = GraphProto.getDefaultInstance();
    for (int i = 0; i < 40; i++) {
      AttributeProto.Builder body = AttributeProto.newBuilder().setG(graph);
      graph = GraphProto.newBuilder().addNode(NodeProto.newBuilder().addAttribute(body)).build();
    }
    refused(
        OnnxProblem.MALFORMED,
        model().setGraph(graph).build().toByteArray(),
        MALFORMED,
        "actual: messages more than 100 deep",
        "file: FILE",
        "key: byte 267",
        DAMAGED);
  }

  /** 400 MB of weights in one {@code raw_data}, most of which is a hole in the file. */
  @Test
  void leavesWeightsInTheFile() throws IOException {
    int size = 400_000_000;
    byte[] tensor = typed("w", DataType.FLOAT, size / 4).build().toByteArray();
    Path path = folder.resolve("large.onnx");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.write(new byte[] {0x08, 8, 0x42, 2, 0x10, 17, 0x3a});
      ByteString.Output head = ByteString.newOutput();
      CodedOutputStream raw = CodedOutputStream.newInstance(head);
      raw.writeRawBytes(tensor);
      raw.writeUInt32NoTag(TensorProto.RAW_DATA_FIELD_NUMBER << 3 | 2);
      raw.writeUInt32NoTag(size);
      raw.flush();
      int initializer = head.size() + size;
      CodedOutputStream graph =
          CodedOutputStream.newInstance(Channels.newOutputStream(file.getChannel()));
      graph.writeUInt32NoTag(
          1 + CodedOutputStream.computeUInt32SizeNoTag(initializer) + initializer);
      graph.writeUInt32NoTag(GraphProto.INITIALIZER_FIELD_NUMBER << 3 | 2);
      graph.writeUInt32NoTag(initializer);
      graph.writeRawBytes(head.toByteString().asReadOnlyByteBuffer());
      graph.flush();
      file.setLength(file.length() + size - 4);
      file.seek(file.length());
      file.write(new byte[] {0, 0, (byte) 0x80, 0x3f});
    }
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    try (TensorFile file = open(path)) {
      TensorData w = file.tensors().get("w");
      assertEquals(TensorType.of(DType.F32, size / 4), w.type());
      assertEquals(1, w.bytes(size - 4, 4).getFloat());
    }
    long allocated = threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
    assertTrue(allocated < 4 << 20, allocated + " bytes");
  }

  @Test
  void refusesLengthsBeyondTheMessageOrTheFile() throws IOException {
    refused(
        FileProblem.TRUNCATED,
        new byte[] {0x08, 8, 0x3a, -1, -1, -1, -1, 7},
        "the file ends inside a field",
        "expected: 2147483647 bytes",
        "actual: 0 bytes",
        "file: FILE",
        "key: byte 3",
        "next: download it again");
    refused(
        OnnxProblem.MALFORMED,
        new byte[] {0x08, 8, 0x3a, 3, 0x2a, 9, 0, 0x42, 0},
        MALFORMED,
        "actual: 9 bytes where 1 are left",
        "file: FILE",
        "key: byte 5",
        DAMAGED);
  }

  @Test
  void refusesAFileThatNoModelCanBe() throws IOException {
    Path path = file(sample());
    try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
      sparse.setLength(1L << 31);
    }
    assertRefused(
        OnnxProblem.TOO_LARGE,
        path,
        () -> open(path),
        "the file is larger than an ONNX model can be",
        "expected: at most 2147483647 bytes; more goes to external data",
        "actual: 2147483648 bytes",
        "file: FILE",
        "next: check what this file is, then get it again from its source");
  }

  @Test
  void isRecognisedByItsContent() throws IOException {
    try (TensorFile file = TensorFiles.open(file(sample()))) {
      assertEquals("onnx", file.format());
    }
    try (FileSource source =
        FileSource.open(file(new byte[] {8, 10, 0, 0, 0, 0, 0, 0, '{', '}'}))) {
      assertFalse(OnnxFile.looksLike(source));
    }
  }
}
