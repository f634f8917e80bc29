package org.canbridge.tensors.formats;

import static org.canbridge.tensors.formats.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.Problem;
import org.canbridge.tensors.pickle.PickleBytes;
import org.canbridge.tensors.safetensors.SafetensorsFile;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.canbridge.tensors.torch.TorchFileTest;
import org.canbridge.tensors.torch.ZipBytes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ShardedFileTest {
  private static final String AGAIN = "next: get the index and its shards again from their source";

  @TempDir Path folder;
  private Path index;

  @BeforeEach
  void writeShards() throws IOException {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    tensors.put("b", MemoryTensor.of(new float[] {1, 2}, 2));
    tensors.put("a", MemoryTensor.of(new long[] {3}, 1));
    List<Path> files =
        SafetensorsWriter.writeShards(folder, "model", tensors, Map.of("format", "pt"), 8);
    index = files.get(2);
  }

  private void index(String json) throws IOException {
    Files.writeString(index, json);
  }

  private void refused(Problem problem, String... lines) {
    assertRefused(problem, index, () -> ShardedFile.open(index), lines);
  }

  @Test
  void readsPartsWithoutAnIndex() throws IOException {
    Files.delete(index);
    Path first = folder.resolve("model-00001-of-00002.safetensors");
    Path second = folder.resolve("model-00002-of-00002.safetensors");
    for (Path named : List.of(first, second)) {
      try (TensorFile file = TensorFiles.open(named)) {
        assertEquals(List.of(first, second), file.files());
        assertEquals(2, file.tensors().size());
        assertArrayEquals(new float[] {1, 2}, Tensors.floats(file.tensors().get("b")));
      }
    }
    Files.copy(first, folder.resolve("copy"));
    Files.delete(second);
    assertRefused(
        ShardProblem.MISSING,
        first,
        () -> TensorFiles.open(first),
        "the file is one of several parts, and others are not there",
        "expected: model-00002-of-00002.safetensors",
        "file: FILE",
        "next: download them into the same folder");
  }

  @Test
  void refusesPartsThatHoldATensorTwice() throws IOException {
    Files.delete(index);
    Path first = folder.resolve("model-00001-of-00002.safetensors");
    Path second = folder.resolve("model-00002-of-00002.safetensors");
    Files.copy(first, second, StandardCopyOption.REPLACE_EXISTING);
    String name;
    try (TensorFile file = SafetensorsFile.open(first)) {
      name = file.tensors().keySet().iterator().next();
    }
    assertRefused(
        TensorProblem.DUPLICATE_KEY,
        second,
        () -> TensorFiles.open(first),
        "two parts hold a tensor of one name",
        "file: FILE",
        "key: " + name,
        "next: get the index and its shards again from their source");
  }

  @Test
  void refusesAnIndexOfBytesThatAreNoText() throws IOException {
    Files.write(index, new byte[] {0, 0, (byte) 0xfe, (byte) 0xff, 0x7f, -1, -1, -1});
    refused(
        TensorProblem.HEADER_NOT_JSON,
        "the index is not a JSON object",
        "actual: not UTF-8",
        "file: FILE",
        "next: get the index and its shards again from their source");
  }

  @Test
  void readsWhatTheWriterWrote() {
    try (TensorFile file = TensorFiles.open(index)) {
      assertEquals("shards", file.format());
      assertEquals(index, file.path());
      assertEquals(List.of("a", "b"), List.copyOf(file.tensors().keySet()));
      assertArrayEquals(new float[] {1, 2}, Tensors.floats(file.tensors().get("b")));
      assertArrayEquals(new long[] {3}, Tensors.longs(file.tensors().get("a")));
      assertEquals(Map.of("total_size", 16L, "format", "pt"), file.values());
    }
  }

  @Test
  void readsTorchShards() throws IOException {
    byte[] pickle =
        new PickleBytes().op('}').str("x").tensor("FloatStorage", "0", 1).op('s').stop();
    Files.write(
        folder.resolve("shard.bin"),
        new ZipBytes().add("m/data.pkl", pickle).add("m/data/0", TorchFileTest.floats(5)).end());
    index("{\"weight_map\":{\"x\":\"shard.bin\"}}");
    try (TensorFile file = ShardedFile.open(index)) {
      assertArrayEquals(new float[] {5}, Tensors.floats(file.tensors().get("x")));
    }
  }

  @Test
  void refusesOtherJson() throws IOException {
    index("{\"model_type\":\"dit\"}");
    refused(
        TensorProblem.NOT_A_CHECKPOINT,
        "this is JSON, but not the index of a set of shards",
        "expected: an object weight_map",
        "file: FILE",
        "next: name the file that holds the weights");
  }

  @Test
  void refusesBrokenJson() throws IOException {
    index("{\"weight_map\":{\"a\":\"x\",\"a\":\"y\"}}");
    refused(
        TensorProblem.HEADER_NOT_JSON,
        "the index is not a JSON object",
        "actual: Duplicate field 'a'",
        "file: FILE",
        AGAIN);
  }

  @Test
  void refusesNamesThatLeaveTheFolder() throws IOException {
    for (String name :
        List.of("../x", "/etc/passwd", "sub/x", "..", ".", "", "a\\\\b", "C:x", "a\\u0000b")) {
      index("{\"weight_map\":{\"a\":\"" + name + "\"}}");
      refused(
          ShardProblem.NAME,
          "the index names a shard outside its own folder",
          "expected: the name of a file beside the index",
          "actual: \"" + name + "\"",
          "file: FILE",
          "key: a",
          "next: nothing was opened; get the index again from its source");
    }
  }

  @Test
  void refusesANameThatIsNoString() throws IOException {
    index("{\"weight_map\":{\"a\":1}}");
    refused(
        ShardProblem.NAME,
        "the index names a shard outside its own folder",
        "expected: the name of a file beside the index",
        "actual: 1",
        "file: FILE",
        "key: a",
        "next: nothing was opened; get the index again from its source");
  }

  @Test
  void refusesMissingShards() throws IOException {
    index("{\"weight_map\":{\"a\":\"one\",\"b\":\"two\",\"c\":\"one\"}}");
    refused(
        ShardProblem.MISSING,
        "shards that the index names are not there",
        "expected: one, two",
        "file: FILE",
        "next: download them into the same folder");
  }

  @Test
  void refusesATensorThatItsShardLacks() throws IOException {
    index(
        "{\"weight_map\":{\"a\":\"model-00002-of-00002.safetensors\",\"z\":"
            + "\"model-00002-of-00002.safetensors\"}}");
    refused(
        ShardProblem.LACKS_TENSOR,
        "the index names a tensor that its shard does not hold",
        "expected: in model-00002-of-00002.safetensors",
        "file: FILE",
        "key: z",
        AGAIN);
  }

  @Test
  void refusesATensorThatTheIndexLacks() throws IOException {
    Files.copy(folder.resolve("model-00001-of-00002.safetensors"), folder.resolve("copy"));
    index("{\"weight_map\":{\"a\":\"model-00002-of-00002.safetensors\",\"b\":\"copy\"}}");
    SafetensorsWriter.write(
        folder.resolve("copy"),
        Map.of("b", MemoryTensor.of(new float[] {1, 2}, 2), "c", MemoryTensor.of(new long[] {4})),
        Map.of());
    refused(
        ShardProblem.TENSOR_NOT_IN_INDEX,
        "a shard holds a tensor that the index does not place there",
        "expected: not in any shard",
        "actual: in copy",
        "file: FILE",
        "key: c",
        AGAIN);
  }

  @Test
  void refusesADamagedShardByItsOwnName() throws IOException {
    Path shard = folder.resolve("model-00001-of-00002.safetensors");
    Files.writeString(shard, "");
    assertRefused(
        FileProblem.EMPTY,
        shard,
        () -> ShardedFile.open(index),
        "the file is empty",
        "file: FILE",
        "next: download it again");
  }

  @Test
  void refusesAHugeIndex() throws IOException {
    try (java.io.RandomAccessFile file = new java.io.RandomAccessFile(index.toFile(), "rw")) {
      file.setLength(100_000_001);
    }
    refused(
        TensorProblem.HEADER_TOO_LARGE,
        "the index is longer than that of any checkpoint",
        "expected: at most 100000000 bytes",
        "actual: 100000001 bytes",
        "file: FILE",
        "next: check that this is the index of a set of shards");
  }
}
