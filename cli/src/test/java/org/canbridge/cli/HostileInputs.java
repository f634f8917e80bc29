package org.canbridge.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.canbridge.tensors.ConstantTensor;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.safetensors.SafetensorsWriter;

/** Files that somebody could give by mistake or with intent, made in a folder of the test's. */
final class HostileInputs {
  private static final long WIDTH = 8;
  private static final int BOMB = 64 << 20;

  private HostileInputs() {}

  /** A DiT of one block: width 8, 4x4x4 latents, patch 2, 3 classes, learned variance. */
  static Map<String, TensorData> dit() {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    put(tensors, "pos_embed", 1, 4, WIDTH);
    linear(tensors, "x_embedder.proj", WIDTH, 4, 2, 2);
    linear(tensors, "t_embedder.mlp.0", WIDTH, 256);
    linear(tensors, "t_embedder.mlp.2", WIDTH, WIDTH);
    put(tensors, "y_embedder.embedding_table.weight", 4, WIDTH);
    linear(tensors, "blocks.0.attn.qkv", 3 * WIDTH, WIDTH);
    linear(tensors, "blocks.0.attn.proj", WIDTH, WIDTH);
    linear(tensors, "blocks.0.mlp.fc1", 4 * WIDTH, WIDTH);
    linear(tensors, "blocks.0.mlp.fc2", WIDTH, 4 * WIDTH);
    linear(tensors, "blocks.0.adaLN_modulation.1", 6 * WIDTH, WIDTH);
    linear(tensors, "final_layer.linear", 32, WIDTH);
    linear(tensors, "final_layer.adaLN_modulation.1", 2 * WIDTH, WIDTH);
    return tensors;
  }

  static Path missing(Path folder) {
    return folder.resolve("missing.pt");
  }

  static Path emptyFile(Path folder) throws IOException {
    return Files.createFile(folder.resolve("empty.pt"));
  }

  static Path emptyFolder(Path folder) throws IOException {
    return Files.createDirectory(folder.resolve("folder"));
  }

  static Path htmlPage(Path folder) throws IOException {
    return Files.writeString(
        folder.resolve("page.pt"), "<!DOCTYPE html>\n<html><body>Please sign in</body></html>\n");
  }

  static Path lfsPointer(Path folder) throws IOException {
    return Files.writeString(
        folder.resolve("pointer.safetensors"),
        "version https://git-lfs.github.com/spec/v1\noid sha256:"
            + "ab".repeat(32)
            + "\nsize 2700550208\n");
  }

  static Path noise(Path folder) throws IOException {
    return Files.write(folder.resolve("noise.pt"), new byte[4096]);
  }

  static Path truncated(Path folder) throws IOException {
    Path file = good(folder, "truncated.safetensors", dit());
    byte[] bytes = Files.readAllBytes(file);
    return Files.write(file, Arrays.copyOf(bytes, bytes.length - 100));
  }

  static Path headerTooLong(Path folder) throws IOException {
    return Files.write(folder.resolve("long.safetensors"), header(Long.MAX_VALUE / 2, "{}"));
  }

  static Path headerPastTheEnd(Path folder) throws IOException {
    return Files.write(folder.resolve("past.safetensors"), header(50_000_000, "{}"));
  }

  static Path overlappingOffsets(Path folder) throws IOException {
    String json =
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},"
            + "\"b\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[8,24]}}";
    byte[] start = header(json.length(), json);
    return Files.write(
        folder.resolve("overlap.safetensors"), Arrays.copyOf(start, start.length + 24));
  }

  /** {@code torch.save} of an object whose loading runs a shell command. */
  static Path systemCall(Path folder) throws IOException {
    return zip(folder.resolve("system.pt"), ZipEntry.STORED, systemPickle(folder));
  }

  /** The same without the zip archive around it. */
  static Path bareSystemCall(Path folder) throws IOException {
    return Files.write(folder.resolve("bare.pt"), systemPickle(folder));
  }

  /** What the shell command would have made. */
  static Path systemCallTrace(Path folder) {
    return folder.resolve("executed");
  }

  static Path zipBomb(Path folder) throws IOException {
    return zip(folder.resolve("bomb.pt"), ZipEntry.DEFLATED, new byte[BOMB]);
  }

  static Path wrongFamily(Path folder) throws IOException {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    linear(tensors, "stem.conv", 8, 3, 3, 3);
    linear(tensors, "classifier", 10, 8);
    return good(folder, "other.safetensors", tensors);
  }

  static Path missingKey(Path folder) throws IOException {
    Map<String, TensorData> tensors = dit();
    tensors.remove("blocks.0.mlp.fc2.bias");
    return good(folder, "missing-key.safetensors", tensors);
  }

  static Path extraKey(Path folder) throws IOException {
    Map<String, TensorData> tensors = dit();
    put(tensors, "blocks.0.attn.q_norm.weight", 4);
    return good(folder, "extra-key.safetensors", tensors);
  }

  static Path wrongShape(Path folder) throws IOException {
    Map<String, TensorData> tensors = dit();
    put(tensors, "blocks.0.attn.proj.weight", WIDTH, WIDTH + 1);
    return good(folder, "wrong-shape.safetensors", tensors);
  }

  static Path good(Path folder, String name, Map<String, TensorData> tensors) throws IOException {
    Path file = folder.resolve(name);
    SafetensorsWriter.write(file, tensors, Map.of());
    return file;
  }

  private static void linear(Map<String, TensorData> tensors, String name, long... shape) {
    put(tensors, name + ".weight", shape);
    put(tensors, name + ".bias", shape[0]);
  }

  private static void put(Map<String, TensorData> tensors, String name, long... shape) {
    tensors.put(name, ConstantTensor.zeros(TensorType.of(DType.F32, shape)));
  }

  private static byte[] header(long length, String json) {
    byte[] text = json.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(Long.BYTES + text.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(length)
        .put(text)
        .array();
  }

  private static byte[] systemPickle(Path folder) {
    String command = "touch " + systemCallTrace(folder);
    ByteArrayOutputStream pickle = new ByteArrayOutputStream();
    pickle.writeBytes(new byte[] {(byte) 0x80, 2});
    pickle.writeBytes("cposix\nsystem\n".getBytes(StandardCharsets.UTF_8));
    pickle.writeBytes(new byte[] {'X', (byte) command.length(), 0, 0, 0});
    pickle.writeBytes(command.getBytes(StandardCharsets.UTF_8));
    pickle.writeBytes(new byte[] {(byte) 0x85, 'R', '.'});
    return pickle.toByteArray();
  }

  private static Path zip(Path file, int method, byte[] pickle) throws IOException {
    try (OutputStream out = Files.newOutputStream(file);
        ZipOutputStream archive = new ZipOutputStream(out)) {
      ZipEntry entry = new ZipEntry("archive/data.pkl");
      entry.setMethod(method);
      if (method == ZipEntry.STORED) {
        CRC32 checksum = new CRC32();
        checksum.update(pickle);
        entry.setSize(pickle.length);
        entry.setCrc(checksum.getValue());
      }
      archive.putNextEntry(entry);
      archive.write(pickle);
      archive.closeEntry();
    }
    return file;
  }
}
