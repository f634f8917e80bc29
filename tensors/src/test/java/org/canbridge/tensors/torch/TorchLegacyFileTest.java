package org.canbridge.tensors.torch;

import static org.canbridge.tensors.formats.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.Problem;
import org.canbridge.tensors.formats.TensorFileContract;
import org.canbridge.tensors.pickle.PickleBytes;
import org.canbridge.tensors.pickle.PickleProblem;
import org.junit.jupiter.api.Test;

public final class TorchLegacyFileTest extends TensorFileContract {
  private static final String DAMAGED =
      "next: the file is damaged or forged: get it again from its source";
  private static final byte[] MAGIC =
      new PickleBytes()
          .op(0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19)
          .stop();
  private static final byte[] VERSION = new PickleBytes().op('M', 0xe9, 3).stop();
  private static final byte[] MACHINE =
      new PickleBytes().op('}').str("little_endian").op(0x88, 's').stop();
  private static final byte[] OBJECT = object();
  private static final byte[] KEYS = keys("11", "10");
  private static final byte[] DATA =
      join(data(1, TorchFileTest.floats(9)), data(6, TorchFileTest.floats(0, 1, 2, 3, 4, 5)));

  @Override
  protected TensorFile open(Path file) {
    return TorchLegacyFile.open(file);
  }

  @Override
  public byte[] sample() {
    return join(MAGIC, VERSION, MACHINE, OBJECT, KEYS, DATA);
  }

  @Override
  protected String contiguousTensor() {
    return "w";
  }

  @Override
  protected String format() {
    return "torch-legacy";
  }

  private static byte[] object() {
    PickleBytes pickle = new PickleBytes().op('}', '(');
    tensor(pickle.str("w"), "10", 6, 'N').num(0).nums(2, 3).nums(3, 1).endTensor();
    tensor(pickle.str("t"), "10", 6, 'N').num(1).nums(2, 2).nums(1, 2).endTensor();
    tensor(pickle.str("s"), "11", 1, 'N').num(0).nums().nums().endTensor();
    // The elements 2 to 4 of the first storage, as a storage of its own.
    tensor(pickle.str("v"), "10", 6, '(').str("12").num(2).num(3).op('t', 't', 'Q');
    pickle.num(1).nums(2).nums(1).endTensor();
    return pickle.str("epoch").num(3).op('u').stop();
  }

  /** Up to the storage; without a view it is complete. */
  private static PickleBytes tensor(PickleBytes pickle, String key, int elements, char view) {
    pickle.global("torch._utils", "_rebuild_tensor_v2").op('(', '(').str("storage");
    pickle.global("torch", "FloatStorage").str(key).str("cuda:0").num(elements).op(view);
    return view == 'N' ? pickle.op('t', 'Q') : pickle;
  }

  private static byte[] keys(String... keys) {
    PickleBytes pickle = new PickleBytes().op(']', '(');
    for (String key : keys) {
      pickle.str(key);
    }
    return pickle.op('e').stop();
  }

  private static byte[] data(long elements, byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.allocate(8 + bytes.length).order(ByteOrder.LITTLE_ENDIAN);
    return buffer.putLong(elements).put(bytes).array();
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private void refused(Problem problem, byte[] content, String... lines) throws IOException {
    Path path = file(content);
    assertRefused(problem, path, () -> open(path), lines);
  }

  @Test
  void readsEveryPart() throws IOException {
    try (TensorFile file = open(file(sample()))) {
      assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5}, Tensors.floats(file.tensors().get("w")));
      assertArrayEquals(new float[] {1, 3, 2, 4}, Tensors.floats(file.tensors().get("t")));
      assertArrayEquals(new float[] {9}, Tensors.floats(file.tensors().get("s")));
      assertArrayEquals(new float[] {3, 4}, Tensors.floats(file.tensors().get("v")));
      assertEquals(Map.of("epoch", 3L), file.values());
    }
  }

  @Test
  void refusesAnotherPickle() throws IOException {
    refused(
        TensorProblem.NOT_A_CHECKPOINT,
        new PickleBytes().op('}').stop(),
        "this is a pickle, but not a file of torch.save",
        "expected: the number 0x1950a86a20f9469cfc6c first",
        "file: FILE",
        "next: load it in Python, if you trust it, and save the tensors with torch.save");
  }

  @Test
  void refusesAPickleThatRunsSomething() throws IOException {
    refused(
        PickleProblem.GLOBAL,
        join(
            MAGIC,
            VERSION,
            MACHINE,
            new PickleBytes().global("os", "system").str("id").op(0x85, 'R').stop()),
        "the pickle asks for a Python object that is not allowed",
        "expected: tensors, dictionaries, lists, numbers, strings, argparse.Namespace",
        "actual: os.system",
        "file: FILE",
        "key: byte 47",
        "next: nothing was run; if you trust the file, load it in PyTorch and save its state dict"
            + " alone");
  }

  @Test
  void refusesATarArchive() throws IOException {
    byte[] tar = new byte[1024];
    System.arraycopy("ustar".getBytes(StandardCharsets.US_ASCII), 0, tar, 257, 5);
    refused(
        TorchProblem.TAR,
        tar,
        "this is a tar archive; PyTorch wrote these before version 0.1.10",
        "file: FILE",
        "next: if it is a checkpoint, load it in PyTorch and save it again; if it is a packed"
            + " folder, unpack it and name the checkpoint inside");
  }

  @Test
  void refusesABigEndianFile() throws IOException {
    byte[] machine = new PickleBytes().op('}').str("little_endian").op(0x89, 's').stop();
    refused(
        TorchProblem.BIG_ENDIAN,
        join(MAGIC, VERSION, machine, OBJECT, KEYS, DATA),
        "the file was written on a machine with another byte order",
        "expected: little_endian True",
        "actual: False",
        "file: FILE",
        "next: load it in PyTorch on a common machine and save it again");
  }

  @Test
  void refusesAnotherVersion() throws IOException {
    malformed(
        "the version of the legacy format is not 1001",
        15,
        join(MAGIC, new PickleBytes().num(7).stop()));
  }

  @Test
  void refusesAMachineWithoutByteOrder() throws IOException {
    malformed(
        "the third pickle does not say the byte order",
        21,
        join(MAGIC, VERSION, new PickleBytes().op('}').stop()));
  }

  @Test
  void refusesKeysThatAreNoList() throws IOException {
    int at = MAGIC.length + VERSION.length + MACHINE.length + OBJECT.length;
    malformed(
        "the storage keys are no list",
        at,
        join(MAGIC, VERSION, MACHINE, OBJECT, new PickleBytes().op('}').stop(), DATA));
    malformed(
        "the list of storages has one that no tensor uses",
        at,
        join(MAGIC, VERSION, MACHINE, OBJECT, keys("11", "99"), DATA));
    byte[] one = data(1, TorchFileTest.floats(9));
    malformed(
        "the list of storages has one twice",
        at,
        join(MAGIC, VERSION, MACHINE, OBJECT, keys("11", "11"), one, one));
  }

  private void malformed(String what, int at, byte[] content) throws IOException {
    refused(PickleProblem.MALFORMED, content, what, "file: FILE", "key: byte " + at, DAMAGED);
  }

  @Test
  void refusesAMissingStorage() throws IOException {
    refused(
        TorchProblem.STORAGE_MISSING,
        join(MAGIC, VERSION, MACHINE, OBJECT, keys("11"), data(1, TorchFileTest.floats(9))),
        "the data of a tensor are not in the file",
        "expected: storage 10",
        "file: FILE",
        "key: w",
        DAMAGED);
  }

  @Test
  void refusesAStorageOfAnotherSize() throws IOException {
    refused(
        PickleProblem.STORAGE_SIZE,
        join(MAGIC, VERSION, MACHINE, OBJECT, KEYS, data(2, TorchFileTest.floats(1, 2))),
        "a storage has not the size that the pickle says",
        "expected: 1 elements",
        "actual: 2 elements",
        "file: FILE",
        "key: storage 11",
        DAMAGED);
  }

  @Test
  void refusesAStorageThatIsCut() throws IOException {
    byte[] content = sample();
    refused(
        FileProblem.TRUNCATED,
        Arrays.copyOf(content, content.length - 1),
        "the file ends before its last storage",
        "expected: 24 bytes",
        "actual: 23 bytes",
        "file: FILE",
        "key: storage 10",
        "next: the download stopped early or was cut: download it again");
  }

  @Test
  void refusesTrailingBytes() throws IOException {
    byte[] content = sample();
    refused(
        FileProblem.TRAILING_BYTES,
        Arrays.copyOf(content, content.length + 1),
        "bytes after the last storage belong to none",
        "expected: " + content.length + " bytes",
        "actual: " + (content.length + 1) + " bytes",
        "file: FILE",
        DAMAGED);
  }

  @Test
  void refusesAViewThatLeavesItsStorage() throws IOException {
    PickleBytes pickle = new PickleBytes().op('}').str("v");
    tensor(pickle, "10", 6, '(').str("12").num(2).num(5).op('t', 't', 'Q');
    int at = MAGIC.length + VERSION.length + MACHINE.length + pickle.bytes().length - 1;
    malformed(
        "a view that is no part of its storage",
        at,
        join(MAGIC, VERSION, MACHINE, pickle.num(0).nums(1).nums(1).endTensor().op('s').stop()));
  }
}
