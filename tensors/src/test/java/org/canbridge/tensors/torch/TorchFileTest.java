package org.canbridge.tensors.torch;

import static org.canbridge.tensors.formats.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import java.util.Set;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.Digests;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.Problem;
import org.canbridge.tensors.formats.TensorFileContract;
import org.canbridge.tensors.pickle.PickleBytes;
import org.canbridge.tensors.pickle.PickleInput;
import org.canbridge.tensors.pickle.PickleProblem;
import org.canbridge.tensors.pickle.UnpicklerTest;
import org.junit.jupiter.api.Test;

/** The archive and the tensors in it; what the pickle may say is in {@link UnpicklerTest}. */
public final class TorchFileTest extends TensorFileContract {
  private static final String DAMAGED =
      "next: the file is damaged or forged: get it again from its source";
  private static final byte[] SIX = floats(0, 1, 2, 3, 4, 5);

  @Override
  protected TensorFile open(Path file) {
    return TorchFile.open(file);
  }

  @Override
  public byte[] sample() {
    PickleBytes pickle = new PickleBytes().op('}', '(');
    pickle.str("w").tensor("FloatStorage", "0", 6, 0, new long[] {2, 3}, new long[] {3, 1});
    pickle.str("t").tensor("FloatStorage", "0", 6, 0, new long[] {3, 2}, new long[] {1, 3});
    pickle.str("b").tensor("BFloat16Storage", "1", 4, 1, new long[] {2}, new long[] {1});
    pickle.str("nested").op('}', '(').num(0).str("text").str("x").num(7).op('u', 'u');
    return new ZipBytes()
        .add("model/data.pkl", pickle.stop())
        .add("model/byteorder", ascii("little"))
        .add("model/data/0", SIX)
        .add("model/data/1", new byte[] {1, 2, 3, 4, 5, 6, 7, 8})
        .add("model/version", ascii("3\n"))
        .end();
  }

  @Override
  protected String contiguousTensor() {
    return "w";
  }

  @Override
  protected String format() {
    return "torch-zip";
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  public static byte[] floats(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  private static byte[] archive(byte[] pickle) {
    return new ZipBytes().add("m/data.pkl", pickle).add("m/data/0", SIX).end();
  }

  /** A file of one tensor {@code x} over a storage of six floats. */
  private static byte[] oneTensor(long offset, long[] shape, long[] strides) {
    return archive(
        new PickleBytes()
            .op('}')
            .str("x")
            .tensor("FloatStorage", "0", 6, offset, shape, strides)
            .op('s')
            .stop());
  }

  private void refused(Problem problem, byte[] content, String... lines) throws IOException {
    Path path = file(content);
    assertRefused(problem, path, () -> open(path), lines);
  }

  private float[] x(byte[] content) throws IOException {
    try (TensorFile file = open(file(content))) {
      return Tensors.floats(file.tensors().get("x"));
    }
  }

  @Test
  void readsEveryPart() throws IOException {
    try (TensorFile file = open(file(sample()))) {
      assertEquals(List.of("w", "t", "b"), List.copyOf(file.tensors().keySet()));
      assertEquals(Set.of("nested"), file.containers());
      assertEquals(Map.of("nested.0", "text", "nested.x", 7L), file.values());
      assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5}, Tensors.floats(file.tensors().get("w")));
      assertArrayEquals(new float[] {0, 3, 1, 4, 2, 5}, Tensors.floats(file.tensors().get("t")));
      assertEquals(TensorType.of(DType.BF16, 2), file.tensors().get("b").type());
      assertEquals(0x06050403, file.tensors().get("b").bytes().getInt());
    }
  }

  @Test
  void gathersAnyStrides() throws IOException {
    assertArrayEquals(new float[] {1, 3, 5}, x(oneTensor(1, new long[] {3}, new long[] {2})));
    assertArrayEquals(
        new float[] {2, 2, 2, 3, 3, 3}, x(oneTensor(2, new long[] {2, 3}, new long[] {1, 0})));
    assertArrayEquals(
        new float[] {0, 1, 1, 2, 2, 3}, x(oneTensor(0, new long[] {3, 2}, new long[] {1, 1})));
    assertArrayEquals(
        new float[] {0, 3, 1, 4, 2, 5},
        x(oneTensor(0, new long[] {1, 3, 2, 1}, new long[] {99, 1, 3, 77})));
    assertArrayEquals(new float[] {5}, x(oneTensor(5, new long[] {}, new long[] {})));
    assertArrayEquals(new float[] {}, x(oneTensor(0, new long[] {2, 0}, new long[] {9, 9})));
  }

  /** The archive is sparse; both tensors, one of them transposed, lie past 2 GiB. */
  @Test
  void readsStoragesBeyondTwoGibibytes() throws IOException {
    long elements = 3L << 28;
    PickleBytes pickle = new PickleBytes().op('}', '(');
    pickle
        .str("t")
        .tensor("FloatStorage", "0", elements, 0, new long[] {2, elements / 2}, new long[] {1, 2});
    pickle.str("last").tensor("FloatStorage", "1", 1);
    byte[] data = pickle.op('u').stop();
    long size = 4 * elements;
    byte[] head = new ZipBytes().add("m/data.pkl", data).end();
    int headLength = head.length - 22 - 46 - "m/data.pkl".length();
    Path path = folder.resolve("sparse");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.write(head, 0, headLength);
      long first = file.getFilePointer();
      file.write(local("m/data/0"));
      file.seek(file.getFilePointer() + size - 4);
      file.write(floats(7));
      long second = file.getFilePointer();
      file.write(local("m/data/1"));
      file.write(floats(8));
      long begin = file.getFilePointer();
      file.write(central("m/data.pkl", data.length, 0));
      file.write(central("m/data/0", size, first));
      file.write(central("m/data/1", 4, second));
      ByteBuffer end = ByteBuffer.allocate(22).order(ByteOrder.LITTLE_ENDIAN);
      end.putInt(0, 0x06054b50).putShort(10, (short) 3);
      end.putInt(12, (int) (file.getFilePointer() - begin)).putInt(16, (int) begin);
      file.write(end.array());
    }
    try (TensorFile file = open(path)) {
      assertArrayEquals(new float[] {8}, Tensors.floats(file.tensors().get("last")));
      assertEquals(7, file.tensors().get("t").bytes(size - 4, 4).getFloat());
      assertEquals(0, file.tensors().get("t").bytes(size - 8, 4).getFloat());
    } finally {
      Files.delete(path);
    }
  }

  private static byte[] local(String name) {
    ByteBuffer header = ByteBuffer.allocate(30 + name.length()).order(ByteOrder.LITTLE_ENDIAN);
    header.putInt(0, 0x04034b50).putShort(6, (short) 8).putShort(26, (short) name.length());
    return header.position(30).put(ascii(name)).array();
  }

  private static byte[] central(String name, long size, long header) {
    ByteBuffer record = ByteBuffer.allocate(46 + name.length()).order(ByteOrder.LITTLE_ENDIAN);
    record.putInt(0, 0x02014b50).putInt(20, (int) size).putInt(24, (int) size);
    record.putShort(28, (short) name.length()).putInt(42, (int) header);
    return record.position(46).put(ascii(name)).array();
  }

  @Test
  void readsZip64() throws IOException {
    byte[] pickle =
        new PickleBytes().op('}').str("x").tensor("FloatStorage", "0", 6).op('s').stop();
    byte[] content = new ZipBytes().add64("m/data.pkl", pickle).add64("m/data/0", SIX).end64();
    assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5}, x(content));
  }

  @Test
  void readsAnArchiveWithAComment() throws IOException {
    byte[] pickle = new PickleBytes().op('}').stop();
    ZipBytes zip = new ZipBytes().add("m/data.pkl", pickle);
    int content = 30 + 10 + pickle.length;
    try (TensorFile file = open(file(zip.end(1, 56, content, "PK\5\6 a comment")))) {
      assertEquals(Map.of(), file.tensors());
    }
  }

  @Test
  void refusesAnArchiveWithoutADirectory() throws IOException {
    byte[] content = sample();
    refused(
        FileProblem.TRUNCATED,
        Arrays.copyOf(content, content.length - 1),
        "the zip archive has no directory at its end",
        "file: FILE",
        "next: the download stopped early or was cut: download it again");
  }

  @Test
  void refusesAnArchiveOfSomethingElse() throws IOException {
    refused(
        TensorProblem.NOT_A_CHECKPOINT,
        new ZipBytes().add("word/document.xml", SIX).end(),
        "the zip archive is not a file of torch.save",
        "expected: one entry data.pkl in a folder",
        "actual: none",
        "file: FILE",
        "next: if it is a packed folder, unpack it and name the checkpoint inside");
  }

  /** A module with a parameter, a buffer, a number and a module; its code is packed. */
  @Test
  void readsTheWeightsOfAProgramAndNotItsCode() throws IOException {
    PickleBytes pickle = new PickleBytes().global("__torch__.nets", "Net").op(')', 0x81, '}', '(');
    pickle.str("training").op(0x88).str("steps").num(3);
    pickle.str("w").tensor("FloatStorage", "0", 6, 0, new long[] {2, 3}, new long[] {3, 1});
    pickle.str("0").global("__torch__.nets", "Inner").op(')', 0x81, '}', '(');
    pickle.str("seen").tensor("LongStorage", "1", 1, 0, new long[] {}, new long[] {});
    pickle.op('u', 'b', 'u', 'b');
    byte[] program =
        new ZipBytes()
            .add("m/data.pkl", pickle.stop())
            .add("m/code/__torch__/nets.py", SIX, 0, 8, 100, 0)
            .add("m/data/0", SIX)
            .add("m/data/1", new byte[] {7, 0, 0, 0, 0, 0, 0, 0})
            .add("m/constants.pkl", new PickleBytes().op(')').stop())
            .end();

    try (TensorFile file = open(file(program))) {
      assertEquals("torchscript", file.format());
      assertEquals(List.of("w", "0.seen"), List.copyOf(file.tensors().keySet()));
      assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5}, Tensors.floats(file.tensors().get("w")));
      assertArrayEquals(new long[] {7}, Tensors.longs(file.tensors().get("0.seen")));
      assertEquals(Map.of("training", true, "steps", 3L), file.values());
      assertEquals(
          List.of("the file is a TorchScript program: its weights are read, its code is not"),
          file.notes());
      assertEquals(List.of(), Digests.file(file.path(), file.checksums()).damages());
    }
  }

  @Test
  void refusesAProgramWithoutWeights() throws IOException {
    byte[] pickle =
        new PickleBytes()
            .global("__torch__", "Net")
            .op(')', 0x81, '}', '(')
            .str("training")
            .op(0x89, 'u', 'b')
            .stop();
    for (String name : List.of("m/constants.pkl", "m/code/__torch__.py")) {
      refused(
          TorchProblem.TORCHSCRIPT,
          new ZipBytes().add("m/data.pkl", pickle).add(name, SIX).end(),
          "this is a TorchScript program without parameters and buffers",
          "file: FILE",
          "next: in Python, save the state dict of the network that it was made of");
    }
  }

  @Test
  void refusesABigEndianFile() throws IOException {
    refused(
        TorchProblem.BIG_ENDIAN,
        new ZipBytes()
            .add("m/data.pkl", new PickleBytes().op('}').stop())
            .add("m/byteorder", ascii("big"))
            .end(),
        "the file was written on a machine with another byte order",
        "expected: little",
        "actual: big",
        "file: FILE",
        "key: m/byteorder",
        "next: load it in PyTorch on a common machine and save it again");
  }

  @Test
  void refusesACompressedEntry() throws IOException {
    for (int flags : new int[] {0, 1}) {
      refused(
          TorchProblem.ZIP_ENTRY_NOT_STORED,
          new ZipBytes()
              .add("m/data.pkl", new PickleBytes().op('}').stop())
              .add("m/data/0", SIX, flags, flags == 0 ? 8 : 0, 1L << 31, 0)
              .end(),
          "an entry of the zip archive is compressed or encrypted",
          "expected: stored entries only, as torch.save writes them",
          "file: FILE",
          "key: m/data/0",
          "next: unpack the archive and pack it again without compression (zip -0)");
    }
  }

  @Test
  void refusesTwoEntriesOfOneName() throws IOException {
    refused(
        TensorProblem.DUPLICATE_KEY,
        new ZipBytes().add("m/data.pkl", SIX).add("m/data.pkl", SIX).end(),
        "the zip archive has two entries of one name",
        "file: FILE",
        "key: m/data.pkl",
        "next: the file is ambiguous: get it again from its source");
  }

  @Test
  void refusesAnArchiveThatContradictsItself() throws IOException {
    byte[] empty = new PickleBytes().op('}').stop();
    int length = 30 + 10 + empty.length;
    ZipBytes zip = new ZipBytes().add("m/data.pkl", empty);
    damaged("its directory has 1 of 2 entries", zip.end(2, 56, length, ""));
    damaged("its directory has no entry at byte 0", zip.end(1, 56, length - 1, ""));
    damaged("its directory ends inside an entry", zip.end(1, 55, length, ""));
    damaged("its directory lies at " + length + " and has 57 bytes", zip.end(1, 57, length, ""));
    damaged("its directory lies at 4294967295 and has 56 bytes", zip.end(1, 56, 0xffffffffL, ""));
    damaged(
        "m/data.pkl has 9 bytes at 40, past its end",
        new ZipBytes().add("m/data.pkl", empty, 0, 0, 9, 0).end());
    damaged(
        "m/data.pkl has 4294967294 bytes at 40, past its end",
        new ZipBytes().add("m/data.pkl", empty, 0, 0, 0xfffffffeL, 0).end());
    damaged(
        "there is no header of m/data.pkl at 1",
        new ZipBytes().add("m/data.pkl", empty, 0, 0, empty.length, 1).end());
    damaged(
        "m/data.pkl lies at 999, past the directory",
        new ZipBytes().add("m/data.pkl", empty, 0, 0, empty.length, 999).end());
  }

  @Test
  void refusesAnEndOf64BitsThatContradictsItself() throws IOException {
    byte[] zip = new ZipBytes().add("m/data.pkl", new PickleBytes().op('}').stop()).end64();
    ByteBuffer bytes = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
    int end = zip.length - 22 - 20 - 56;
    bytes.putInt(end, 7);
    damaged("there is no zip64 end record at " + end, zip);
    bytes.putLong(zip.length - 22 - 20 + 8, -1);
    damaged("its zip64 end record lies at -1", zip);
  }

  @Test
  void refusesADirectoryThatNoCheckpointHas() throws IOException {
    int size = 100_000_001;
    Path file = Files.write(folder.resolve("large.zip"), new byte[1]);
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.seek(size);
      sparse.write(new ZipBytes().end(1, size, 0, ""));
    }
    assertRefused(
        TorchProblem.ZIP_DAMAGED,
        file,
        () -> TorchFile.open(file),
        "the zip archive contradicts itself",
        "actual: its directory has 100000001 bytes",
        "file: FILE",
        DAMAGED);
  }

  @Test
  void refusesAHeaderThatContradictsTheDirectory() throws IOException {
    byte[] empty = new PickleBytes().op('}').stop();
    String name = "m/data.pkl";
    String header = "the header of m/data.pkl at 0 tells ";
    damaged(
        header + "another name",
        new ZipBytes().addLocal(name, empty, "m/data.pk1", 0, 0, empty.length).end());
    damaged(
        header + "another name",
        new ZipBytes().addLocal(name, empty, "m/data.pk", 0, 0, empty.length).end());
    damaged(
        header + "an encrypted entry",
        new ZipBytes().addLocal(name, empty, name, 1, 0, empty.length).end());
    damaged(header + "9 bytes", new ZipBytes().addLocal(name, empty, name, 0, 0, 9).end());
    damaged(header + "0 bytes", new ZipBytes().addLocal(name, empty, name, 0, 0, 0).end());
    damaged(
        header + "another checksum",
        new ZipBytes().addLocal(name, empty, name, 0, 7, empty.length).end());
    open(file(new ZipBytes().addLocal(name, empty, name, 0, 0, empty.length).end())).close();
    open(file(new ZipBytes().addLocal(name, empty, name, 0, 0, 0xffffffffL).end())).close();
  }

  private void damaged(String actual, byte[] content) throws IOException {
    refused(
        TorchProblem.ZIP_DAMAGED,
        content,
        "the zip archive contradicts itself",
        "actual: " + actual,
        "file: FILE",
        DAMAGED);
  }

  @Test
  void refusesAMissingStorage() throws IOException {
    refused(
        TorchProblem.STORAGE_MISSING,
        archive(new PickleBytes().op('}').str("x").tensor("FloatStorage", "1", 6).op('s').stop()),
        "the data of a tensor are not in the file",
        "expected: an entry m/data/1",
        "file: FILE",
        "key: x",
        DAMAGED);
  }

  @Test
  void refusesAStorageOfAnotherSize() throws IOException {
    refused(
        PickleProblem.STORAGE_SIZE,
        archive(new PickleBytes().op('}').str("x").tensor("DoubleStorage", "0", 6).op('s').stop()),
        "an entry of the zip archive has not the size that the pickle says",
        "expected: 48 bytes",
        "actual: 24 bytes in m/data/0",
        "file: FILE",
        "key: x",
        DAMAGED);
  }

  @Test
  void refusesAStorageOfTwoSizes() throws IOException {
    PickleBytes pickle = new PickleBytes().op('}', '(');
    pickle.str("x").tensor("FloatStorage", "0", 6).str("y").tensor("HalfStorage", "0", 6);
    refused(
        PickleProblem.STORAGE_SIZE,
        archive(pickle.op('u').stop()),
        "storage 0 has two sizes",
        "expected: 24 bytes",
        "actual: 12 bytes",
        "file: FILE",
        "key: byte 224 of m/data.pkl",
        DAMAGED);
  }

  @Test
  void refusesATensorThatLeavesItsStorage() throws IOException {
    outside(1, new long[] {6}, new long[] {1}, "F32[6] at offset 1 with strides [1]");
    outside(-1, new long[] {6}, new long[] {1}, "F32[6] at offset -1 with strides [1]");
    outside(0, new long[] {3, 2}, new long[] {1, 4}, "F32[3, 2] at offset 0 with strides [1, 4]");
    outside(
        0,
        new long[] {3},
        new long[] {1L << 62},
        "F32[3] at offset 0 with strides [4611686018427387904]");
    outside(
        Long.MAX_VALUE,
        new long[] {1},
        new long[] {1},
        "F32[1] at offset 9223372036854775807 with strides [1]");
  }

  private void outside(long offset, long[] shape, long[] strides, String actual)
      throws IOException {
    refused(
        TorchProblem.TENSOR_OUTSIDE_STORAGE,
        oneTensor(offset, shape, strides),
        "a tensor reaches past the end of its storage",
        "expected: at most 24 bytes from offset 0",
        "actual: " + actual,
        "file: FILE",
        "key: x",
        DAMAGED);
  }

  @Test
  void refusesImpossibleShapes() throws IOException {
    shape(new long[] {-1}, new long[] {1});
    shape(new long[] {1}, new long[] {-1});
    shape(new long[] {1, 1}, new long[] {1});
    shape(new long[] {1L << 62, 4}, new long[] {0, 0});
    shape(new long[65], new long[65]);
  }

  private void shape(long[] shape, long[] strides) throws IOException {
    refused(
        TensorProblem.BAD_SHAPE,
        oneTensor(0, shape, strides),
        "a tensor's shape or strides are impossible",
        "expected: non-negative sizes and strides, one stride for each size, at most 64",
        "actual: shape " + Arrays.toString(shape) + ", strides " + Arrays.toString(strides),
        "file: FILE",
        "key: x",
        DAMAGED);
  }

  @Test
  void refusesATensorExpandedBeyondAnyFile() throws IOException {
    refused(
        TorchProblem.EXPANDED_TOO_LARGE,
        oneTensor(0, new long[] {1L << 40}, new long[] {0}),
        "a tensor repeats a few stored elements into more than the file could hold",
        "expected: at most 16777216 bytes",
        "actual: F32[1099511627776] with strides [0]",
        "file: FILE",
        "key: x",
        "next: in PyTorch, save it without expand()");
  }

  @Test
  void refusesNamesThatBecomeEqual() throws IOException {
    refused(
        TensorProblem.DUPLICATE_KEY,
        archive(
            new PickleBytes()
                .op('}', '(')
                .str("a.b")
                .num(1)
                .str("a")
                .op('}')
                .str("b")
                .num(2)
                .op('s', 'u')
                .stop()),
        "two entries have the same name when nested keys are joined by dots",
        "file: FILE",
        "key: a.b",
        "next: rename one of them in PyTorch and save again");
  }

  /** Each list holds the one before ten times: ten lines of pickle, ten billion entries. */
  @Test
  void refusesAPickleThatMultiplies() throws IOException {
    PickleBytes pickle = new PickleBytes().num(1).op('q', 0);
    for (int i = 0; i < 10; i++) {
      // The value before stays on the stack: a tuple of it and the list takes its place.
      pickle.op(']', '(');
      for (int j = 0; j < 10; j++) {
        pickle.op('h', i);
      }
      pickle.op('e', 'q', i + 1, 0x86);
    }
    limit(pickle.stop());
  }

  @Test
  void refusesAListThatContainsItself() throws IOException {
    limit(new PickleBytes().op(']', 'q', 0, 'h', 0, 'a').stop());
  }

  private void limit(byte[] pickle) throws IOException {
    refused(
        PickleProblem.LIMIT,
        archive(pickle),
        "the file has more entries, or deeper ones, than any checkpoint",
        "expected: at most 1000000 entries, 64 levels",
        "file: FILE",
        "next: load the file in PyTorch, if you trust it, and save its state dict alone");
  }

  @Test
  void refusesAPickleThatIsTooLong() throws IOException {
    Path path = folder.resolve("long");
    byte[] pickle = new PickleBytes().op('X').u4(PickleInput.MAX_BYTES).bytes();
    byte[] content =
        new ZipBytes().add("m/data.pkl", Arrays.copyOf(pickle, PickleInput.MAX_BYTES + 100)).end();
    Files.write(path, content);
    assertRefused(
        PickleProblem.LIMIT,
        path,
        () -> open(path),
        "the pickle is longer than that of any checkpoint",
        "expected: at most 67108864 bytes",
        "file: FILE",
        "key: byte 7 of m/data.pkl",
        "next: load the file in PyTorch and save its state dict alone");
  }
}
