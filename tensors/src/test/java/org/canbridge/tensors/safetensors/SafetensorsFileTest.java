package org.canbridge.tensors.safetensors;

import static org.canbridge.tensors.formats.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.Problem;
import org.canbridge.tensors.formats.Digests;
import org.canbridge.tensors.formats.TensorFileContract;
import org.junit.jupiter.api.Test;

/** Each refused file is built from its literal bytes. */
public final class SafetensorsFileTest extends TensorFileContract {
  private static final String DAMAGED =
      "next: the file is damaged or forged: get it again from its source";
  private static final String NOT_JSON_NEXT =
      "next: check that this is a safetensors file, then get it again from its source";
  private static final String NOT_JSON = "the header is not a JSON object";
  private static final String BAD_ENTRY =
      "a tensor's header entry is not as safetensors defines it";

  @Override
  protected TensorFile open(Path file) {
    return SafetensorsFile.open(file);
  }

  @Override
  public byte[] sample() {
    return bytes(
        "{\"__metadata__\":{\"format\":\"pt\"},"
            + "\"b\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[8,16]},"
            + "\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
            + "\"none\":{\"dtype\":\"F16\",\"shape\":[3,0],\"data_offsets\":[8,8]},"
            + "\"s\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[16,17]}}   ",
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        9,
        10,
        11,
        12,
        13,
        14,
        15,
        16,
        17);
  }

  @Override
  protected String contiguousTensor() {
    return "b";
  }

  @Override
  protected String format() {
    return "safetensors";
  }

  private static byte[] bytes(String header, int... data) {
    return bytes(header.getBytes(StandardCharsets.UTF_8), data);
  }

  private static byte[] bytes(byte[] header, int... data) {
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + header.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(header.length).put(header);
    for (int b : data) {
      bytes.put((byte) b);
    }
    return bytes.array();
  }

  private void refused(Problem problem, byte[] content, String... lines) throws IOException {
    Path path = file(content);
    assertRefused(problem, path, () -> open(path), lines);
  }

  @Test
  void readsEveryPart() throws IOException {
    try (TensorFile file = open(file(sample()))) {
      assertEquals(
          Map.of(
              "b", TensorType.of(DType.I64, 1),
              "a", TensorType.of(DType.F32, 2, 1),
              "none", TensorType.of(DType.F16, 3, 0),
              "s", TensorType.of(DType.U8)),
          file.tensors().entrySet().stream()
              .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().type())));
      assertEquals(List.of("b", "a", "none", "s"), List.copyOf(file.tensors().keySet()));
      assertEquals(Map.of("format", "pt"), file.values());
      assertEquals(List.of(), List.copyOf(file.containers()));
      assertEquals(0x100f0e0d0c0b0a09L, file.tensors().get("b").bytes().getLong());
      assertEquals(0x04030201, file.tensors().get("a").bytes().getInt());
      assertEquals(17, file.tensors().get("s").bytes().get());
    }
  }

  @Test
  void readsAFileWithoutTensors() throws IOException {
    try (TensorFile file = open(file(bytes("{}")))) {
      assertEquals(Map.of(), file.tensors());
      assertEquals(Map.of(), file.values());
    }
  }

  @Test
  void readsEveryElementType() throws IOException {
    for (DType dtype : DType.values()) {
      byte[] content =
          bytes(
              "{\"x\":{\"dtype\":\"%s\",\"shape\":[2],\"data_offsets\":[0,%d]}}"
                  .formatted(dtype, 2 * dtype.bytes()),
              new int[2 * dtype.bytes()]);
      try (TensorFile file = open(file(content))) {
        assertEquals(TensorType.of(dtype, 2), file.tensors().get("x").type());
      }
    }
  }

  /** Digests by the Python library, of the file as the authors' code wrote it. */
  @Test
  void readsWhatThePythonLibraryWrote() {
    Path path = Fixtures.of("dit-tiny").resolve("reference.safetensors");
    try (TensorFile file = open(path)) {
      TensorData x = file.tensors().get("input.x");
      assertEquals(TensorType.of(DType.F32, 3, 4, 8, 8), x.type());
      assertEquals(
          "805625970529df9716bac52b93342569e9a9b6fdd2bf063a6e4f9223cac47bdb", Digests.sha256(x));
      TensorData y = file.tensors().get("input.y");
      assertEquals(TensorType.of(DType.I64, 3), y.type());
      assertEquals(
          "cc969f0fef22a9c734b9ed775a43df3f27f13be4679685bdea12cfb642d8d216", Digests.sha256(y));
    }
  }

  /** The file is sparse: it takes no room on the disk. */
  @Test
  void readsTensorsBeyondTwoGibibytes() throws IOException {
    long large = 3L << 30;
    byte[] header =
        bytes(
            "{\"large\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[0,%d]},\"far\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[%d,%d]}}"
                .formatted(large, large, large, large + 4));
    // The 8 bytes of the length and the header, then a tensor at a multiple of 4.
    assertEquals(0, (header.length + large) % 4, "choose names so that the data are aligned");
    Path path = file(header);
    try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
      sparse.setLength(header.length + large + 4);
      sparse.seek(header.length + large - 1);
      sparse.write(new byte[] {7, 1, 2, 3, 4});
    }
    try (TensorFile file = open(path)) {
      TensorData tensor = file.tensors().get("large");
      assertEquals(7, tensor.bytes(large - 1, 1).get());
      ByteBuffer piece = tensor.bytes(large - TensorData.MAX_PIECE, TensorData.MAX_PIECE);
      assertEquals(7, piece.get(TensorData.MAX_PIECE - 1));
      assertEquals(0x04030201, file.tensors().get("far").bytes().getInt());
    } finally {
      Files.delete(path);
    }
  }

  @Test
  void refusesAFileWithoutALength() throws IOException {
    refused(
        FileProblem.TRUNCATED,
        new byte[] {2, 0, 0, 0, 0, 0, 0},
        "the file ends before the length of its header",
        "expected: at least 8 bytes",
        "actual: 7 bytes",
        "file: FILE",
        "next: download it again");
  }

  @Test
  void refusesAHeaderPastTheLimit() throws IOException {
    byte[] content = bytes("{}");
    ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).putLong(-1);
    refused(
        TensorProblem.HEADER_TOO_LARGE,
        content,
        "the header is longer than safetensors allows",
        "expected: at most 100000000 bytes",
        "actual: 18446744073709551615 bytes",
        "file: FILE",
        "next: check that this is a safetensors file; its first 8 bytes are no header length");
  }

  @Test
  void refusesAHeaderPastTheEnd() throws IOException {
    byte[] content = bytes("{}");
    ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).putLong(99_999_999);
    refused(
        FileProblem.TRUNCATED,
        content,
        "the file ends inside its header",
        "expected: a header of 99999999 bytes",
        "actual: 2 bytes after its length",
        "file: FILE",
        "next: download it again");
  }

  @Test
  void refusesAnEmptyHeader() throws IOException {
    refused(
        TensorProblem.HEADER_NOT_JSON,
        bytes(""),
        NOT_JSON,
        "actual: the header does not start with '{'",
        "file: FILE",
        NOT_JSON_NEXT);
  }

  @Test
  void refusesAHeaderThatIsAnArray() throws IOException {
    refused(
        TensorProblem.HEADER_NOT_JSON,
        bytes("[1]"),
        NOT_JSON,
        "actual: the header does not start with '{'",
        "file: FILE",
        NOT_JSON_NEXT);
  }

  @Test
  void refusesBrokenJson() throws IOException {
    refused(
        TensorProblem.HEADER_NOT_JSON,
        bytes("{\"a\" 1}"),
        NOT_JSON,
        "actual: Unexpected character ('1' (code 49)): was expecting a colon to separate field name"
            + " and value",
        "file: FILE",
        NOT_JSON_NEXT);
  }

  @Test
  void refusesTextAfterTheJson() throws IOException {
    refused(
        TensorProblem.HEADER_NOT_JSON,
        bytes("{} {}"),
        NOT_JSON,
        "actual: something follows the header's JSON object",
        "file: FILE",
        NOT_JSON_NEXT);
  }

  @Test
  void refusesAHeaderThatIsNotUtf8() throws IOException {
    byte[] header = "{\"?\":1}".getBytes(StandardCharsets.UTF_8);
    header[2] = (byte) 0xff;
    refused(
        TensorProblem.HEADER_NOT_JSON,
        bytes(header),
        NOT_JSON,
        "actual: the header is not UTF-8",
        "file: FILE",
        NOT_JSON_NEXT);
  }

  @Test
  void refusesAHeaderInUtf16() throws IOException {
    refused(
        TensorProblem.HEADER_NOT_JSON,
        bytes("{}".getBytes(StandardCharsets.UTF_16LE)),
        NOT_JSON,
        "actual: Illegal character ((CTRL-CHAR, code 0)): only regular white space (\\r, \\n, \\t)"
            + " is allowed between tokens",
        "file: FILE",
        NOT_JSON_NEXT);
  }

  @Test
  void refusesDeepNesting() throws IOException {
    refused(
        SafetensorsProblem.BAD_HEADER_ENTRY,
        bytes("{\"a\":{\"shape\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}}"),
        BAD_ENTRY,
        "expected: shape as an array of 64-bit integers",
        "actual: [",
        "file: FILE",
        "key: a",
        DAMAGED);
  }

  @Test
  void refusesMoreTensorsThanAnyNetworkHas() throws IOException {
    StringBuilder header = new StringBuilder("{");
    for (int i = 0; i <= TensorFile.MAX_TENSORS; i++) {
      header.append(i == 0 ? "" : ",").append('"').append(i);
      header.append("\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}");
    }
    refused(
        TensorProblem.TOO_MUCH,
        bytes(header.append('}').toString()),
        "the file names more tensors than any network has",
        "expected: at most 100000",
        "file: FILE",
        "next: check that this is a checkpoint");
  }

  @Test
  void refusesATensorNamedTwice() throws IOException {
    String entry = "\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";
    refused(
        TensorProblem.DUPLICATE_KEY,
        bytes("{" + entry + "," + entry + "}"),
        "the header names a tensor twice",
        "file: FILE",
        "key: a",
        "next: the file is ambiguous: get it again from its source");
  }

  @Test
  void refusesAFieldGivenTwice() throws IOException {
    refused(
        TensorProblem.DUPLICATE_KEY,
        bytes("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"I8\"}}"),
        "a tensor's header entry has a field twice",
        "file: FILE",
        "key: a.dtype",
        "next: the file is ambiguous: get it again from its source");
  }

  @Test
  void refusesMetadataGivenTwice() throws IOException {
    refused(
        TensorProblem.DUPLICATE_KEY,
        bytes("{\"__metadata__\":{},\"__metadata__\":{}}"),
        "the header has its metadata twice",
        "file: FILE",
        "key: __metadata__",
        "next: the file is ambiguous: get it again from its source");
  }

  @Test
  void refusesAMetadataNameGivenTwice() throws IOException {
    refused(
        TensorProblem.DUPLICATE_KEY,
        bytes("{\"__metadata__\":{\"a\":\"1\",\"a\":\"1\"}}"),
        "the metadata has a name twice",
        "file: FILE",
        "key: __metadata__.a",
        "next: the file is ambiguous: get it again from its source");
  }

  @Test
  void refusesMetadataOfNumbers() throws IOException {
    refused(
        SafetensorsProblem.BAD_METADATA,
        bytes("{\"__metadata__\":{\"step\":1}}"),
        "the metadata is not an object of strings",
        "expected: a string",
        "actual: VALUE_NUMBER_INT",
        "file: FILE",
        "key: __metadata__.step",
        "next: write the file again with strings only, e.g. numbers as JSON text");
  }

  @Test
  void refusesMetadataThatIsNoObject() throws IOException {
    refused(
        SafetensorsProblem.BAD_METADATA,
        bytes("{\"__metadata__\":\"pt\"}"),
        "the metadata is not an object of strings",
        "expected: an object",
        "actual: VALUE_STRING",
        "file: FILE",
        "key: __metadata__",
        "next: write the file again with strings only, e.g. numbers as JSON text");
  }

  @Test
  void refusesAnUnknownElementType() throws IOException {
    refused(
        TensorProblem.UNKNOWN_DTYPE,
        bytes("{\"a\":{\"dtype\":\"F4\",\"shape\":[2],\"data_offsets\":[0,1]}}", 0),
        "a tensor has an element type that is not supported",
        "expected: one of " + Arrays.toString(DType.values()),
        "actual: F4",
        "file: FILE",
        "key: a",
        "next: convert the file to one of these with the tool that wrote it");
  }

  @Test
  void refusesIllFormedEntries() throws IOException {
    Map<String, List<String>> cases =
        Map.of(
            "1",
            List.of("an object with dtype, shape and data_offsets", "VALUE_NUMBER_INT"),
            "{\"dtype\":1}",
            List.of("dtype as a string", "VALUE_NUMBER_INT"),
            "{\"dtype\":\"U8\",\"shape\":[0]}",
            List.of("dtype, shape and data_offsets", "no data_offsets"),
            "{\"dtype\":\"U8\",\"data_offsets\":[0,0]}",
            List.of("dtype, shape and data_offsets", "no shape"),
            "{\"shape\":[0],\"data_offsets\":[0,0]}",
            List.of("dtype, shape and data_offsets", "no dtype"),
            "{\"strides\":[1]}",
            List.of("only dtype, shape and data_offsets", "a field 'strides'"),
            "{\"shape\":3}",
            List.of("shape as an array of integers", "VALUE_NUMBER_INT"),
            "{\"shape\":[1.5]}",
            List.of("shape as an array of 64-bit integers", "1.5"),
            "{\"shape\":[9223372036854775808]}",
            List.of("shape as an array of 64-bit integers", "9223372036854775808"),
            "{\"data_offsets\":[0,1,2]}",
            List.of("data_offsets of at most 2 numbers", "more"));
    for (Map.Entry<String, List<String>> each : cases.entrySet()) {
      refused(
          SafetensorsProblem.BAD_HEADER_ENTRY,
          bytes("{\"a\":" + each.getKey() + "}"),
          BAD_ENTRY,
          "expected: " + each.getValue().get(0),
          "actual: " + each.getValue().get(1),
          "file: FILE",
          "key: a",
          DAMAGED);
    }
  }

  @Test
  void refusesTooManyDimensions() throws IOException {
    refused(
        SafetensorsProblem.BAD_HEADER_ENTRY,
        bytes("{\"a\":{\"shape\":[1" + ",1".repeat(64) + "]}}"),
        BAD_ENTRY,
        "expected: shape of at most 64 numbers",
        "actual: more",
        "file: FILE",
        "key: a",
        DAMAGED);
  }

  @Test
  void refusesImpossibleShapes() throws IOException {
    for (String shape :
        List.of("[-1]", "[0, -1]", "[4611686018427387904, 2]", "[3037000500, 3037000500, 1]")) {
      refused(
          TensorProblem.BAD_SHAPE,
          bytes("{\"a\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[0,0]}}".formatted(shape)),
          "a tensor's shape is impossible",
          "expected: non-negative sizes, fewer than 2^63 bytes in all",
          "actual: F32" + shape,
          "file: FILE",
          "key: a",
          DAMAGED);
    }
  }

  @Test
  void refusesImpossibleOffsets() throws IOException {
    for (String offsets : List.of("[1, 0]", "[-1, 0]", "[0]", "[]")) {
      refused(
          SafetensorsProblem.BAD_OFFSETS,
          bytes("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":%s}}".formatted(offsets)),
          "a tensor's data_offsets are impossible",
          "expected: [begin, end] with 0 <= begin <= end",
          "actual: " + offsets,
          "file: FILE",
          "key: a",
          DAMAGED);
    }
  }

  @Test
  void refusesASizeThatIsNotTheShapes() throws IOException {
    refused(
        TensorProblem.SIZE_MISMATCH,
        bytes("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 1, 2, 3, 4),
        "a tensor has not as many bytes as its shape needs",
        "expected: 8 bytes for F32[2]",
        "actual: 4 bytes",
        "file: FILE",
        "key: a",
        DAMAGED);
  }

  @Test
  void refusesOverlappingTensors() throws IOException {
    refused(
        SafetensorsProblem.OVERLAP,
        bytes(
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                + "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
            1,
            2,
            3),
        "two tensors share bytes",
        "expected: data from offset 2, after a",
        "actual: offset 1",
        "file: FILE",
        "key: b",
        DAMAGED);
  }

  @Test
  void refusesAHole() throws IOException {
    refused(
        SafetensorsProblem.HOLE,
        bytes("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 1, 2),
        "bytes before a tensor belong to none",
        "expected: data from offset 0",
        "actual: offset 1",
        "file: FILE",
        "key: a",
        DAMAGED);
  }

  @Test
  void refusesDataPastTheEnd() throws IOException {
    refused(
        FileProblem.TRUNCATED,
        bytes("{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]}}", 1, 2),
        "the file is shorter than its header says",
        "expected: 3 bytes of tensors",
        "actual: 2 bytes",
        "file: FILE",
        "next: the download stopped early or was cut: download it again");
  }

  @Test
  void refusesTrailingBytes() throws IOException {
    refused(
        FileProblem.TRAILING_BYTES,
        bytes("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, 2),
        "bytes after the last tensor belong to none",
        "expected: 1 bytes of tensors",
        "actual: 2 bytes",
        "file: FILE",
        DAMAGED);
  }
}
