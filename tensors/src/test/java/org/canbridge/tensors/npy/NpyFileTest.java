package org.canbridge.tensors.npy;

import static org.canbridge.tensors.formats.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Problem;
import org.canbridge.tensors.formats.TensorFileContract;
import org.canbridge.tensors.pickle.PickleBytes;
import org.canbridge.tensors.pickle.PickleProblem;
import org.canbridge.tensors.torch.TorchFileTest;
import org.junit.jupiter.api.Test;

/** The files of NumPy itself are in {@code fixtures/data/features}. */
final class NpyFileTest extends TensorFileContract {
  private static final String MODULE = "numpy.core.multiarray";

  @Override
  protected TensorFile open(Path file) {
    return NpyFile.open(file);
  }

  @Override
  public byte[] sample() {
    return NpyBytes.of(
        NpyBytes.header("<f4", false, "(2, 3)"), TorchFileTest.floats(0, 1, 2, 3, 4, 5));
  }

  @Override
  protected String contiguousTensor() {
    return NpyFile.ARRAY;
  }

  @Override
  protected String format() {
    return "npy";
  }

  private void refused(Problem problem, byte[] content, String... lines) throws IOException {
    Path path = file(content);
    assertRefused(problem, path, () -> NpyFile.open(path), lines);
  }

  private TensorType type(byte[] content) throws IOException {
    try (NpyFile file = NpyFile.open(file(content))) {
      return file.tensors().get(NpyFile.ARRAY).type();
    }
  }

  private static float[] ramp(int index, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (1000 * index + i) / 64f;
    }
    return values;
  }

  @Test
  void readsWhatNumpyWrote() {
    Path plain = Fixtures.data("features").resolve("uvit-coco/train/3.npy");
    try (NpyFile file = NpyFile.open(plain)) {
      TensorData array = file.tensors().get(NpyFile.ARRAY);
      assertFalse(file.isObjects());
      assertEquals(TensorType.of(DType.F32, 8, 4, 4), array.type());
      assertArrayEquals(ramp(3, 128), Tensors.floats(array));
      assertArrayEquals(Arrays.copyOfRange(ramp(3, 128), 100, 110), Tensors.floats(array, 100, 10));
    }
  }

  @Test
  void readsPairsOfBothVersionsOfNumpy() {
    for (String folder : List.of("uvit-imagenet", "uvit-imagenet-numpy2")) {
      try (NpyFile file = NpyFile.open(Fixtures.data("features").resolve(folder + "/1.npy"))) {
        assertTrue(file.isObjects());
        assertEquals(Set.of("0"), file.tensors().keySet());
        assertEquals(TensorType.of(DType.F32, 8, 4, 4), file.tensors().get("0").type());
        assertArrayEquals(ramp(1, 128), Tensors.floats(file.tensors().get("0")));
        assertEquals(Map.of("1", 3L), file.values());
      }
    }
  }

  @Test
  void readsEveryVersionAndType() throws IOException {
    for (int version = 1; version <= 3; version++) {
      byte[] content = NpyBytes.of(version, NpyBytes.header("|u1", false, "(3,)"), new byte[3]);
      assertEquals(TensorType.of(DType.U8, 3), type(content));
    }
    Map<String, DType> types =
        Map.of(
            "<f8",
            DType.F64,
            "<f4",
            DType.F32,
            "<f2",
            DType.F16,
            "<i8",
            DType.I64,
            "<i4",
            DType.I32,
            "|u1",
            DType.U8,
            "|b1",
            DType.BOOL);
    types.forEach(
        (descr, dtype) -> {
          try {
            byte[] content = new byte[2 * dtype.bytes()];
            assertEquals(
                TensorType.of(dtype, 2),
                type(NpyBytes.of(NpyBytes.header(descr, false, "(2,)"), content)));
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
    // A scalar; the long integers of Python 2; no comma at the end; double quotes.
    assertEquals(
        TensorType.of(DType.U8),
        type(NpyBytes.of(NpyBytes.header("|u1", false, "()"), new byte[1])));
    assertEquals(
        TensorType.of(DType.U8, 1, 2),
        type(NpyBytes.of(NpyBytes.header("|u1", false, "(1L, 2L)"), new byte[2])));
    assertEquals(
        TensorType.of(DType.U8, 2),
        type(
            NpyBytes.of(
                "{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"|u1\"}", new byte[2])));
  }

  @Test
  void turnsFortranOrderRound() throws IOException {
    // Element (i, j, k) of a (2, 3, 2) array lies at i + 2 j + 6 k, and is 100 i + 10 j + k.
    float[] stored = new float[12];
    float[] expected = new float[12];
    for (int i = 0; i < 2; i++) {
      for (int j = 0; j < 3; j++) {
        for (int k = 0; k < 2; k++) {
          stored[i + 2 * j + 6 * k] = 100 * i + 10 * j + k;
          expected[6 * i + 2 * j + k] = 100 * i + 10 * j + k;
        }
      }
    }
    byte[] content =
        NpyBytes.of(NpyBytes.header("<f4", true, "(2, 3, 2)"), TorchFileTest.floats(stored));
    try (NpyFile file = NpyFile.open(file(content))) {
      assertArrayEquals(expected, Tensors.floats(file.tensors().get(NpyFile.ARRAY)));
    }
  }

  @Test
  void refusesOtherFiles() throws IOException {
    refused(
        NpyProblem.MAGIC,
        "not an array".getBytes(StandardCharsets.UTF_8),
        "this is not a .npy file",
        "expected: the bytes 93 4e 55 4d 50 59 at its start",
        "file: FILE",
        "next: write it with numpy.save");
    byte[] later = sample();
    later[6] = 4;
    refused(
        NpyProblem.MAGIC,
        later,
        "the .npy file has a version that is not known",
        "expected: 1.0, 2.0 or 3.0",
        "actual: 4.0",
        "file: FILE",
        "next: load it in NumPy and save it again");
  }

  @Test
  void refusesHeadersThatNumpyDoesNotWrite() throws IOException {
    for (String header :
        List.of(
            "",
            "{}",
            "{'descr': '<f4', 'fortran_order': False}",
            "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'more': 'x'}",
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}",
            "{'descr': '<f4', 'fortran_order': 0, 'shape': ()}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999999999999,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (__import__('os').getpid(),)}",
            "{'descr': '<f4' 'fortran_order': False, 'shape': ()}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': ()} + {}")) {
      refused(
          NpyProblem.HEADER,
          NpyBytes.of(header, new byte[4]),
          "the header is not the dictionary that NumPy writes",
          "expected: {'descr': '<f4', 'fortran_order': False, 'shape': (8, 32, 32), }",
          "actual: " + header,
          "file: FILE",
          "next: load the file in NumPy and save its arrays of numbers alone");
    }
  }

  @Test
  void refusesTypesThatAreNotRead() throws IOException {
    for (String descr : List.of(">f4", "<c8", "<U3", "|V4", "<f16", "")) {
      refused(
          TensorProblem.UNKNOWN_DTYPE,
          NpyBytes.of(NpyBytes.header(descr, false, "(1,)"), new byte[4]),
          "the array has an element type that is not supported",
          "expected: little-endian numbers, such as '<f4', '<i8' or '|u1'",
          "actual: '" + descr + "'",
          "file: FILE",
          "next: convert it in NumPy, e.g. with astype('<f4'), and save it again");
    }
  }

  @Test
  void refusesWhatTheFileDoesNotHold() throws IOException {
    String header = NpyBytes.header("<f4", false, "(1000000, 1000000)");
    refused(
        FileProblem.TRUNCATED,
        NpyBytes.of(header, new byte[8]),
        "the file ends inside its array",
        "expected: F32[1000000, 1000000], 4000000000000 bytes",
        "actual: 8 bytes",
        "file: FILE",
        "next: copy the file again");
    refused(
        FileProblem.TRAILING_BYTES,
        NpyBytes.of(NpyBytes.header("<f4", false, "(1,)"), new byte[8]),
        "bytes follow the array",
        "expected: F32[1], 4 bytes",
        "actual: 8 bytes",
        "file: FILE",
        "next: save one array a file");
    refused(
        TensorProblem.BAD_SHAPE,
        NpyBytes.of(
            NpyBytes.header("<f4", false, "(999999999999999999, 999999999999999999)"), new byte[4]),
        "the array's shape is impossible",
        "actual: [999999999999999999, 999999999999999999]",
        "file: FILE",
        "next: the file is damaged or forged: get it again from its source");
    refused(
        TensorProblem.HEADER_TOO_LARGE,
        NpyBytes.of(2, " ".repeat(20_000), new byte[0]),
        "the header is longer than any that NumPy takes",
        "expected: at most 10000 bytes",
        "actual: 20020 bytes",
        "file: FILE",
        "next: load the file in NumPy and save its arrays of numbers alone");
  }

  private static PickleBytes array(PickleBytes pickle) {
    pickle.global(MODULE, "_reconstruct").op('(').global("numpy", "ndarray").nums(0);
    return pickle.op('C', 1, 'b', 't', 'R');
  }

  private static PickleBytes type(PickleBytes pickle, String code) {
    pickle.global("numpy", "dtype").op('(').str(code).op(0x89, 0x88, 't', 'R');
    return pickle.op('(').num(3).str("|").op('N', 'N', 'N').num(0).num(0).num(0).op('t', 'b');
  }

  /** An array of objects around the items that {@code inside} has pushed behind a mark. */
  private static byte[] objects(String shape, PickleBytes inside) {
    byte[] items = inside.bytes();
    PickleBytes pickle = array(new PickleBytes()).op('(').num(1).nums(1);
    type(pickle, "O8").op(0x89, ']', '(');
    // Without the two bytes of the protocol.
    pickle.raw(Arrays.copyOfRange(items, 2, items.length)).op('e', 't', 'b', '.');
    return NpyBytes.of(NpyBytes.header("|O", false, shape), pickle.bytes());
  }

  @Test
  void readsFortranOrderAndNumbersInsidePairs() throws IOException {
    PickleBytes inside = array(new PickleBytes()).op('(').num(1).nums(2, 2);
    type(inside, "u1").op(0x88, 'C', 4, 1, 2, 3, 4, 't', 'b');
    try (NpyFile file = NpyFile.open(file(objects("(1,)", inside)))) {
      assertArrayEquals(new float[] {1, 3, 2, 4}, Tensors.floats(file.tensors().get("0")));
    }
    try (NpyFile file = NpyFile.open(file(objects("(1,)", new PickleBytes().num(7))))) {
      assertEquals(Map.of("0", 7L), file.values());
    }
  }

  @Test
  void refusesEveryOtherName() throws IOException {
    for (String name : List.of("os.system", "builtins.eval", "torch.Tensor", "numpy.load")) {
      int dot = name.indexOf('.');
      PickleBytes call = new PickleBytes().global(name.substring(0, dot), name.substring(dot + 1));
      Path path = file(objects("(1,)", call.op(')', 'R')));
      InputFileException e = assertThrows(InputFileException.class, () -> NpyFile.open(path));
      assertEquals(PickleProblem.GLOBAL, e.problem());
      assertEquals(
          List.of(
              "the pickle asks for a Python object that is not allowed",
              "  expected: arrays and numbers of NumPy",
              "  actual: " + name,
              "  file: " + path),
          e.getMessage().lines().limit(4).toList());
      assertTrue(
          e.getMessage()
              .endsWith(
                  "\n  next: nothing was run; if you trust the file, load it in NumPy and save its"
                      + " arrays of numbers alone"));
    }
  }

  @Test
  void refusesOtherInstructions() throws IOException {
    Path path = file(objects("(1,)", new PickleBytes().op('i')));
    InputFileException e = assertThrows(InputFileException.class, () -> NpyFile.open(path));
    assertEquals(PickleProblem.OPCODE, e.problem());
    assertTrue(
        e.getMessage().startsWith("the pickle has an instruction that NumPy does not write\n"));
  }

  @Test
  void refusesArraysThatDoNotFit() throws IOException {
    PickleBytes shortOfBytes = array(new PickleBytes()).op('(').num(1).nums(3);
    type(shortOfBytes, "f4").op(0x89, 'C', 4, 1, 2, 3, 4, 't', 'b');
    assertProblem(PickleProblem.MALFORMED, objects("(1,)", shortOfBytes));
    PickleBytes negative = array(new PickleBytes()).op('(').num(1).nums(-1);
    type(negative, "f4").op(0x89, 'C', 4, 1, 2, 3, 4, 't', 'b');
    assertProblem(TensorProblem.BAD_SHAPE, objects("(1,)", negative));
    // The header says two elements, the pickle holds one.
    assertProblem(PickleProblem.MALFORMED, objects("(2,)", new PickleBytes().num(7)));
    assertProblem(NpyProblem.OBJECTS, objects("(1,)", new PickleBytes().str("text")));
    // Never filled.
    assertProblem(NpyProblem.OBJECTS, objects("(1,)", array(new PickleBytes())));
    byte[] more = objects("(1,)", new PickleBytes().num(7));
    assertProblem(PickleProblem.MALFORMED, Arrays.copyOf(more, more.length + 1));
  }

  private void assertProblem(Problem problem, byte[] content) throws IOException {
    Path path = file(content);
    InputFileException e = assertThrows(InputFileException.class, () -> NpyFile.open(path));
    assertEquals(problem, e.problem(), e.getMessage());
  }

  @Test
  void survivesDamageOfPairs() throws IOException {
    byte[] content = Files.readAllBytes(Fixtures.data("features").resolve("uvit-imagenet/0.npy"));
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(7);
    int refused = 0;
    for (int i = 0; i < 3000; i++) {
      byte[] damaged = content.clone();
      for (int edits = 0; edits < 2; edits++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      Path path = file(damaged);
      try (NpyFile file = NpyFile.open(path)) {
        file.tensors().values().forEach(TensorData::bytes);
      } catch (InputFileException e) {
        refused++;
      }
    }
    assertTrue(refused > 300, refused + " refused");
  }

  @Test
  void copiesPartsWithoutMapping() throws IOException {
    try (NpyFile file = NpyFile.open(file(sample()))) {
      TensorData array = file.tensors().get(NpyFile.ARRAY);
      ByteBuffer part = ByteBuffer.allocate(8);
      array.read(8, part);
      assertArrayEquals(TorchFileTest.floats(2, 3), part.array());
      assertThrows(IndexOutOfBoundsException.class, () -> array.read(20, ByteBuffer.allocate(8)));
      assertThrows(IndexOutOfBoundsException.class, () -> Tensors.floats(array, -1, 1));
    }
  }
}
