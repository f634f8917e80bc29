package org.canbridge.tensors.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.ConstantTensor;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SafetensorsWriterTest {
  @TempDir Path folder;

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void writesLiteralBytes() throws IOException {
    Path path = folder.resolve("x.safetensors");
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    tensors.put(
        "b", MemoryTensor.of(TensorType.of(DType.U8, 2), ByteBuffer.wrap(new byte[] {5, 6})));
    tensors.put("z", MemoryTensor.of(new long[] {258}));
    tensors.put("a\u00e9\"\n", ConstantTensor.of(TensorType.of(DType.BF16, 1, 1), 1));
    SafetensorsWriter.write(path, tensors, Map.of("k", "v", "format", "pt"));
    String header =
        "{\"__metadata__\":{\"format\":\"pt\",\"k\":\"v\"},"
            + "\"z\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
            + "\"a\u00e9\\\"\\n\":{\"dtype\":\"BF16\",\"shape\":[1,1],\"data_offsets\":[8,10]},"
            + "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[10,12]}}";
    byte[] utf8 = header.getBytes(StandardCharsets.UTF_8);
    int padded = (utf8.length + 7) / 8 * 8;
    ByteBuffer expected = ByteBuffer.allocate(8 + padded + 12);
    expected.put((byte) padded).put(new byte[7]).put(utf8);
    while (expected.position() < 8 + padded) {
      expected.put((byte) ' ');
    }
    expected.put(new byte[] {2, 1, 0, 0, 0, 0, 0, 0, (byte) 0x80, 0x3f, 5, 6});
    assertEquals(
        new String(expected.array(), StandardCharsets.ISO_8859_1),
        Files.readString(path, StandardCharsets.ISO_8859_1));
  }

  /** All of these were written by the Python library, in its own order. */
  @Test
  void rewritesFilesOfThePythonLibraryByteForByte() throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(Fixtures.root())) {
      files = all.filter(p -> p.toString().endsWith(".safetensors")).toList();
    }
    assertEquals(true, files.size() > 20, () -> "fixtures: " + files);
    Path copy = folder.resolve("copy");
    for (Path path : files) {
      try (TensorFile file = SafetensorsFile.open(path)) {
        Map<String, String> metadata = new LinkedHashMap<>();
        file.values().forEach((name, value) -> metadata.put(name, (String) value));
        SafetensorsWriter.write(copy, file.tensors(), metadata);
      }
      assertEquals(-1, Files.mismatch(path, copy), path::toString);
    }
  }

  /** Each at a multiple of the power of two in its size, a page at most, without holes. */
  @Test
  void alignedTensorsLieAtRoundPlaces() throws IOException {
    Path path = folder.resolve("x.safetensors");
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    long[] sizes = {3, 1001 * 64, 4096 * 3, 1, 0, 8192, 24, 4096};
    for (int i = 0; i < sizes.length; i++) {
      tensors.put("t" + i, ConstantTensor.of(TensorType.of(DType.F32, sizes[i]), i));
    }
    SafetensorsWriter.writeAligned(path, tensors, Map.of("format", "pt"));
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      long end = 0;
      for (Map.Entry<String, TensorData> tensor : tensors.entrySet()) {
        long bytes = tensor.getValue().type().bytes();
        long position = file.position(tensor.getKey());
        assertEquals(
            0,
            position % Math.min(4096, bytes == 0 ? 4096 : Long.lowestOneBit(bytes)),
            tensor.getKey());
        assertArrayEquals(
            Tensors.floats(tensor.getValue()), Tensors.floats(file.tensors().get(tensor.getKey())));
        end = Math.max(end, position + bytes);
      }
      assertEquals(Files.size(path), end);
      assertEquals(
          path + " has no tensor t9",
          assertThrows(IllegalArgumentException.class, () -> file.position("t9")).getMessage());
    }
  }

  @Test
  void replacesTheFileItReadsFrom() throws IOException {
    Path path = folder.resolve("x.safetensors");
    SafetensorsWriter.write(path, Map.of("a", MemoryTensor.of(new float[] {1, 2}, 2)), Map.of());
    try (TensorFile file = SafetensorsFile.open(path)) {
      SafetensorsWriter.write(path, Map.of("b", file.tensors().get("a")), Map.of());
    }
    try (TensorFile file = SafetensorsFile.open(path)) {
      assertArrayEquals(new float[] {1, 2}, Tensors.floats(file.tensors().get("b")));
    }
    assertEquals(List.of("x.safetensors"), names());
  }

  /** What writing a tensor does in place of writing it. */
  private interface Writing {
    void to(WritableByteChannel channel) throws IOException;
  }

  /** A tensor that cannot be written. */
  private record Failing(Writing writing) implements TensorData {
    @Override
    public TensorType type() {
      return TensorType.of(DType.U8, 100);
    }

    @Override
    public ByteBuffer bytes(long offset, int length) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void writeTo(WritableByteChannel channel) throws IOException {
      writing.to(channel);
    }
  }

  /** What a channel says of a full disk names no file. */
  @Test
  void namesTheFileThatCannotBeWritten() throws IOException {
    Path path = folder.resolve("x.safetensors");
    TensorData closing =
        new Failing(
            channel -> {
              channel.close();
              channel.write(ByteBuffer.allocate(1));
            });
    FileSystemException e =
        assertThrows(
            FileSystemException.class,
            () -> SafetensorsWriter.write(path, Map.of("a", closing), Map.of()));
    assertEquals(path.toString(), e.getFile());
    assertEquals(List.of(), names());
  }

  @Test
  void leavesNothingBehindWhenWritingFails() throws IOException {
    Path path = folder.resolve("x.safetensors");
    Files.writeString(path, "before");
    IOException e =
        assertThrows(
            IOException.class,
            () ->
                SafetensorsWriter.write(
                    path,
                    Map.of(
                        "a",
                        new Failing(
                            channel -> {
                              channel.write(ByteBuffer.wrap(new byte[50]));
                              throw new IOException("No space left on device");
                            })),
                    Map.of()));
    assertEquals("No space left on device", e.getMessage());
    assertEquals(List.of("x.safetensors"), names());
    assertEquals("before", Files.readString(path));
  }

  @Test
  void leavesNoShardBehindWhenWritingFails() throws IOException {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    tensors.put("a", MemoryTensor.of(new float[25], 25));
    tensors.put(
        "b",
        new Failing(
            channel -> {
              channel.write(ByteBuffer.wrap(new byte[50]));
              throw new IOException("No space left on device");
            }));
    assertThrows(
        IOException.class,
        () -> SafetensorsWriter.writeShards(folder, "model", tensors, Map.of(), 100));
    assertEquals(List.of(), names());
  }

  @Test
  void refusesATensorThatWritesTooLittle() throws IOException {
    TensorData liar =
        new TensorData() {
          @Override
          public TensorType type() {
            return TensorType.of(DType.U8, 3);
          }

          @Override
          public ByteBuffer bytes(long offset, int length) {
            return ByteBuffer.allocateDirect(length - 1);
          }
        };
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> SafetensorsWriter.write(folder.resolve("x"), Map.of("a", liar), Map.of()));
    assertEquals("a wrote 2 bytes for U8[3]", e.getMessage());
    assertEquals(List.of(), names());
  }

  @Test
  void refusesTheReservedName() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            SafetensorsWriter.write(
                folder.resolve("x"),
                Map.of("__metadata__", MemoryTensor.of(new long[] {1})),
                Map.of()));
  }

  @Test
  void dealsTensorsIntoShards() throws IOException {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    tensors.put("b", MemoryTensor.of(new float[] {1, 2}, 2));
    tensors.put("large", MemoryTensor.of(new float[5], 5));
    tensors.put("a", MemoryTensor.of(new float[] {3}, 1));
    tensors.put("c", MemoryTensor.of(new float[] {4}, 1));
    List<Path> written =
        SafetensorsWriter.writeShards(folder, "model", tensors, Map.of("format", "pt"), 8);
    assertEquals(
        Stream.of(
                "model-00001-of-00003.safetensors",
                "model-00002-of-00003.safetensors",
                "model-00003-of-00003.safetensors",
                "model.safetensors.index.json")
            .map(folder::resolve)
            .toList(),
        written);
    assertEquals(
        """
        {
          "metadata": {
            "total_size": 36
          },
          "weight_map": {
            "a": "model-00003-of-00003.safetensors",
            "b": "model-00001-of-00003.safetensors",
            "c": "model-00003-of-00003.safetensors",
            "large": "model-00002-of-00003.safetensors"
          }
        }
        """,
        Files.readString(folder.resolve("model.safetensors.index.json")));
    try (TensorFile file = SafetensorsFile.open(written.get(2))) {
      assertEquals(List.of("a", "c"), List.copyOf(file.tensors().keySet()));
      assertEquals(Map.of("format", "pt"), file.values());
      assertArrayEquals(new float[] {4}, Tensors.floats(file.tensors().get("c")));
    }
    assertEquals(4, names().size());
  }

  @Test
  void writesOneFileWithoutAnIndexIfEverythingFits() throws IOException {
    List<Path> written =
        SafetensorsWriter.writeShards(
            folder, "model", Map.of("a", MemoryTensor.of(new long[] {1})), Map.of(), 8);
    assertEquals(List.of(folder.resolve("model.safetensors")), written);
    assertEquals(List.of("model.safetensors"), names());
  }
}
