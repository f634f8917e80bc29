package org.canbridge.tensors.torch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.AtomicFile;
import org.canbridge.tensors.files.Digests;
import org.canbridge.tensors.files.FileSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ZipWriterTest {
  private static final byte[] TEXT = "hello".getBytes(StandardCharsets.UTF_8);

  @TempDir Path folder;

  @FunctionalInterface
  private interface Entries {
    void addTo(ZipWriter zip) throws IOException;
  }

  private Path written(Entries entries) throws IOException {
    Path path = folder.resolve("archive.zip");
    try (AtomicFile file = AtomicFile.create(path)) {
      ZipWriter zip = new ZipWriter(file);
      entries.addTo(zip);
      zip.finish();
      file.commit();
    }
    return path;
  }

  @Test
  void everyReaderFindsWhatWasWritten() throws IOException {
    TensorData tensor = MemoryTensor.of(new float[] {1, -2, 3}, 3);
    Path path =
        written(
            zip -> {
              zip.add("a/text", TEXT);
              zip.add("a/\u00e9", tensor);
              zip.add("a/empty", new byte[0]);
            });

    try (ZipFile zip = new ZipFile(path.toFile())) {
      List<String> names = new ArrayList<>();
      zip.stream().forEach(entry -> names.add(entry.getName()));
      assertEquals(List.of("a/text", "a/\u00e9", "a/empty"), names);
      assertArrayEquals(TEXT, content(zip, "a/text"));
      assertArrayEquals(new byte[0], content(zip, "a/empty"));
      assertEquals(
          MemoryTensor.of(new float[] {1, -2, 3}, 3).bytes(),
          ByteBuffer.wrap(content(zip, "a/\u00e9")));
    }
    try (FileSource source = FileSource.open(path)) {
      ZipDirectory directory = ZipDirectory.read(source);
      for (ZipDirectory.Entry entry : directory.entries().values()) {
        assertEquals(0, directory.position(entry) % 64, entry.name());
      }
      assertEquals(
          List.of(), Digests.file(path, directory.checksums(ZipDirectory.Entry::name)).damages());
    }
  }

  private static byte[] content(ZipFile zip, String name) throws IOException {
    ZipEntry entry = zip.getEntry(name);
    try (InputStream in = zip.getInputStream(entry)) {
      byte[] bytes = in.readAllBytes();
      CRC32 crc = new CRC32();
      crc.update(bytes);
      assertEquals(entry.getCrc(), crc.getValue());
      return bytes;
    }
  }

  /** More entries than the plain record can count. */
  @Test
  void manyEntriesMakeAZip64() throws IOException {
    int count = 70_000;
    Path path =
        written(
            zip -> {
              for (int i = 0; i < count; i++) {
                zip.add(Integer.toString(i), new byte[0]);
              }
            });

    try (FileSource source = FileSource.open(path)) {
      assertEquals(count, ZipDirectory.read(source).entries().size());
    }
    try (ZipFile zip = new ZipFile(path.toFile())) {
      assertEquals(count, zip.size());
    }
  }

  @Test
  void aTensorThatWritesLessThanItSaysIsNoEntry() throws IOException {
    TensorData torn =
        new TensorData() {
          @Override
          public TensorType type() {
            return TensorType.of(DType.U8, 4);
          }

          @Override
          public ByteBuffer bytes(long offset, int length) {
            return ByteBuffer.allocate(length);
          }

          @Override
          public void writeTo(WritableByteChannel channel) throws IOException {
            channel.write(ByteBuffer.allocate(3));
          }
        };
    IllegalStateException refused =
        assertThrows(IllegalStateException.class, () -> written(zip -> zip.add("torn", torn)));
    assertEquals("torn wrote 3 of 4 bytes", refused.getMessage());
    try (var left = Files.list(folder)) {
      assertEquals(0, left.count());
    }
  }
}
