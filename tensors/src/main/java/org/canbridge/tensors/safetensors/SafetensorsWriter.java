package org.canbridge.tensors.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.core.util.Separators;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apiguardian.api.API;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.AtomicFile;

/**
 * Writes safetensors files as the reference implementation does, byte for byte: tensors by element
 * type from the widest down, then by name (in UTF-8 order); a compact header in that order, padded
 * with spaces to a multiple of 8 bytes, so that every tensor is aligned. The same tensors give the
 * same file. Metadata are written sorted by name (the reference implementation leaves their order
 * to chance).
 *
 * <p>Programs that map tensors out of the file want them at round places, which that order does not
 * give: {@link #writeAligned}.
 *
 * <p>Tensors are streamed; a file appears under its name complete or not at all ({@link
 * AtomicFile}).
 *
 * <p>Source: huggingface/safetensors, {@code prepare} in {@code tensor.rs}; for shards and their
 * index, the naming of huggingface/transformers ({@code model-00001-of-00003.safetensors}).
 */
@API(status = API.Status.STABLE)
public final class SafetensorsWriter {
  /** The reference implementation's order of element types, first to last in a file. */
  private static final List<DType> DTYPE_ORDER =
      List.of(
          DType.U64,
          DType.I64,
          DType.F64,
          DType.F32,
          DType.U32,
          DType.I32,
          DType.BF16,
          DType.F16,
          DType.U16,
          DType.I16,
          DType.F8_E4M3,
          DType.F8_E5M2,
          DType.I8,
          DType.U8,
          DType.BOOL);

  private static final Comparator<String> UTF8_ORDER =
      (a, b) ->
          Arrays.compareUnsigned(
              a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

  private static final JsonFactory JSON =
      JsonFactory.builder().disable(JsonWriteFeature.WRITE_HEX_UPPER_CASE).build();

  /** What places are rounded to where they are: the size of a page. */
  private static final int PAGE = 4096;

  private SafetensorsWriter() {}

  /**
   * Writes one file.
   *
   * @param target the file; replaced if it exists
   * @param tensors the tensors by name, in any order
   * @param metadata the {@code __metadata__} entries; none are written if empty
   * @throws IllegalArgumentException if a tensor is named {@code __metadata__}, has more dimensions
   *     than the format's readers take, or the header would pass the format's limit
   * @throws IOException if the file cannot be written, e.g. because the disk is full
   */
  public static void write(
      Path target, Map<String, ? extends TensorData> tensors, Map<String, String> metadata)
      throws IOException {
    write(target, tensors, metadata, 8, utf8ByType(tensors));
  }

  /**
   * Writes one file in which the place of every tensor is a multiple of the largest power of two
   * that divides its bytes, up to {@value #PAGE}. The format allows no holes, so the tensors are
   * put in the order of that power, largest first; their data begin at a page.
   *
   * @see #write
   */
  public static void writeAligned(
      Path target, Map<String, ? extends TensorData> tensors, Map<String, String> metadata)
      throws IOException {
    Comparator<String> roundest =
        Comparator.comparingInt(
            name ->
                -Math.min(
                    Long.numberOfTrailingZeros(PAGE),
                    Long.numberOfTrailingZeros(tensors.get(name).type().bytes())));
    write(target, tensors, metadata, PAGE, roundest.thenComparing(utf8ByType(tensors)));
  }

  private static void write(
      Path target,
      Map<String, ? extends TensorData> tensors,
      Map<String, String> metadata,
      int alignment,
      Comparator<String> order)
      throws IOException {
    try (AtomicFile file = AtomicFile.create(target)) {
      writeTo(file, tensors, metadata, alignment, order);
      file.commit();
    }
  }

  private static Comparator<String> utf8ByType(Map<String, ? extends TensorData> tensors) {
    return Comparator.comparingInt(
            (String name) -> DTYPE_ORDER.indexOf(tensors.get(name).type().dtype()))
        .thenComparing(UTF8_ORDER);
  }

  /**
   * Writes {@code <base>-00001-of-0000n.safetensors} ... and {@code <base>.safetensors.index.json},
   * or {@code <base>.safetensors} alone if one file holds everything. Tensors are dealt out in the
   * order of the map; one that is larger than a shard gets a shard of its own. No file appears
   * before all are complete, the index last.
   *
   * @param folder an existing folder
   * @param base the first part of the files' names, e.g. {@code model}
   * @param maxShardBytes the largest number of tensor bytes in one shard; positive
   * @return the files written; the index, if there is one, last
   * @throws IOException if a file cannot be written; none of them exists then, and no index if a
   *     rename failed
   */
  public static List<Path> writeShards(
      Path folder,
      String base,
      Map<String, ? extends TensorData> tensors,
      Map<String, String> metadata,
      long maxShardBytes)
      throws IOException {
    if (maxShardBytes <= 0) {
      throw new IllegalArgumentException("maxShardBytes must be positive: " + maxShardBytes);
    }
    List<Map<String, TensorData>> shards = deal(tensors, maxShardBytes);
    if (shards.size() == 1) {
      Path target = folder.resolve(base + ".safetensors");
      write(target, tensors, metadata);
      return List.of(target);
    }
    SortedMap<String, String> weightMap = new TreeMap<>(UTF8_ORDER);
    List<Path> targets = new ArrayList<>();
    List<AtomicFile> files = new ArrayList<>();
    try {
      for (int i = 0; i < shards.size(); i++) {
        String name =
            String.format(Locale.ROOT, "%s-%05d-of-%05d.safetensors", base, i + 1, shards.size());
        targets.add(folder.resolve(name));
        files.add(AtomicFile.create(folder.resolve(name)));
        writeTo(files.get(i), shards.get(i), metadata, 8, utf8ByType(shards.get(i)));
        shards.get(i).keySet().forEach(key -> weightMap.put(key, name));
      }
      Path index = folder.resolve(base + ".safetensors.index.json");
      targets.add(index);
      AtomicFile indexFile = AtomicFile.create(index);
      files.add(indexFile);
      long total = tensors.values().stream().mapToLong(t -> t.type().bytes()).sum();
      indexFile.write(ByteBuffer.wrap(index(total, weightMap)));
      for (AtomicFile file : files) {
        file.commit();
      }
    } finally {
      for (AtomicFile file : files) {
        file.close();
      }
    }
    return List.copyOf(targets);
  }

  private static List<Map<String, TensorData>> deal(
      Map<String, ? extends TensorData> tensors, long maxShardBytes) {
    List<Map<String, TensorData>> shards = new ArrayList<>();
    Map<String, TensorData> shard = new LinkedHashMap<>();
    shards.add(shard);
    long used = 0;
    for (Map.Entry<String, ? extends TensorData> entry : tensors.entrySet()) {
      long bytes = entry.getValue().type().bytes();
      if (!shard.isEmpty() && used + bytes > maxShardBytes) {
        shard = new LinkedHashMap<>();
        shards.add(shard);
        used = 0;
      }
      shard.put(entry.getKey(), entry.getValue());
      used += bytes;
    }
    return shards;
  }

  private static void writeTo(
      AtomicFile file,
      Map<String, ? extends TensorData> tensors,
      Map<String, String> metadata,
      int alignment,
      Comparator<String> order)
      throws IOException {
    List<String> names = new ArrayList<>(tensors.keySet());
    names.sort(order);
    byte[] header = header(names, tensors, metadata);
    int start = SafetensorsHeader.LENGTH_BYTES + header.length;
    int padded = header.length + Math.floorMod(-start, alignment);
    if (padded > SafetensorsHeader.MAX_BYTES) {
      throw new IllegalArgumentException(
          "a header of " + padded + " bytes is past the limit of the format");
    }
    ByteBuffer front =
        ByteBuffer.allocate(SafetensorsHeader.LENGTH_BYTES + padded).order(ByteOrder.LITTLE_ENDIAN);
    front.putLong(padded).put(header);
    while (front.hasRemaining()) {
      front.put((byte) ' ');
    }
    file.write(front.flip());
    for (String name : names) {
      TensorData tensor = tensors.get(name);
      long before = file.position();
      tensor.writeTo(file.channel());
      long written = file.position() - before;
      if (written != tensor.type().bytes()) {
        throw new IllegalStateException(name + " wrote " + written + " bytes for " + tensor.type());
      }
    }
  }

  private static byte[] header(
      List<String> names, Map<String, ? extends TensorData> tensors, Map<String, String> metadata)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(SafetensorsHeader.METADATA);
        SortedMap<String, String> sorted = new TreeMap<>(UTF8_ORDER);
        sorted.putAll(metadata);
        for (Map.Entry<String, String> entry : sorted.entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      long at = 0;
      for (String name : names) {
        TensorType type = tensors.get(name).type();
        if (name.equals(SafetensorsHeader.METADATA) || type.shape().size() > TensorType.MAX_RANK) {
          throw new IllegalArgumentException("safetensors cannot hold " + name + ": " + type);
        }
        json.writeObjectFieldStart(name);
        json.writeStringField("dtype", type.dtype().name());
        json.writeArrayFieldStart("shape");
        for (long size : type.shape()) {
          json.writeNumber(size);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("data_offsets");
        json.writeNumber(at);
        at = Math.addExact(at, type.bytes());
        json.writeNumber(at);
        json.writeEndArray();
        json.writeEndObject();
      }
      json.writeEndObject();
    }
    return bytes.toByteArray();
  }

  private static byte[] index(long total, SortedMap<String, String> weightMap) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.setPrettyPrinter(
          new DefaultPrettyPrinter()
              .withObjectIndenter(new DefaultIndenter("  ", "\n"))
              .withSeparators(
                  Separators.createDefaultInstance()
                      .withObjectFieldValueSpacing(Separators.Spacing.AFTER)));
      json.writeStartObject();
      json.writeObjectFieldStart("metadata");
      json.writeNumberField("total_size", total);
      json.writeEndObject();
      json.writeObjectFieldStart("weight_map");
      for (Map.Entry<String, String> entry : weightMap.entrySet()) {
        json.writeStringField(entry.getKey(), entry.getValue());
      }
      json.writeEndObject();
      json.writeEndObject();
      json.writeRaw('\n');
    }
    return bytes.toByteArray();
  }
}
