package org.canbridge.tensors.formats;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.files.Checksum;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;

/**
 * A set of shards with its index, e.g. {@code model.safetensors.index.json}.
 *
 * <p>The format, as it is read here: a JSON object with {@code weight_map}, which maps each
 * tensor's name to the name of the file that holds it, and optionally {@code metadata}, an object
 * whose strings, numbers and Booleans become {@link #values()}. Each file lies beside the index:
 * its name has no separators and leads to no other folder. It is a safetensors or torch file by its
 * content. Tensors of the index and of the shards are the same, each in the shard that the index
 * names. The tensors' order is the index's. {@code __metadata__} of the shards is added to the
 * values; the first shard wins. Without an index, all parts {@code NAME-00001-of-00003.safetensors}
 * beside the one that is named are read together.
 *
 * <p>Source: huggingface/transformers and huggingface/diffusers, which write these.
 */
final class ShardedFile implements TensorFile {
  private static final int MAX_INDEX_BYTES = 100_000_000;
  private static final Pattern PART =
      Pattern.compile("(.+)-\\d{5}-of-(\\d{5})(\\.safetensors|\\.bin)");
  private static final String INDEX = ".index.json";
  private static final int MAX_PARTS = 10_000;
  private static final String WEIGHT_MAP = "weight_map";
  private static final String DAMAGED = "get the index and its shards again from their source";

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final Path index;
  private final boolean indexed;
  private final List<TensorFile> shards;
  private final Map<String, TensorData> tensors;
  private final Map<String, Object> values;

  private ShardedFile(
      Path index,
      boolean indexed,
      List<TensorFile> shards,
      Map<String, TensorData> tensors,
      Map<String, Object> values) {
    this.index = index;
    this.indexed = indexed;
    this.shards = List.copyOf(shards);
    this.tensors = Collections.unmodifiableMap(tensors);
    this.values = Collections.unmodifiableMap(values);
  }

  /**
   * Opens an index and the headers of all shards.
   *
   * @throws InputFileException if the index or a shard departs from its format, or they do not fit
   *     together
   */
  public static ShardedFile open(Path index) {
    JsonNode root = parse(index);
    JsonNode weightMap = root.path(WEIGHT_MAP);
    if (!weightMap.isObject()) {
      throw InputFileException.of(TensorProblem.NOT_A_CHECKPOINT, index)
          .what("this is JSON, but not the index of a set of shards")
          .expected("an object weight_map")
          .next("name the file that holds the weights")
          .build();
    }
    Map<String, String> shardOf = shardNames(index, weightMap);
    requireShards(index, shardOf);
    Map<String, TensorFile> shards = new LinkedHashMap<>();
    try {
      for (String name : shardOf.values()) {
        if (!shards.containsKey(name)) {
          shards.put(name, TensorFiles.openSingle(FileSource.open(index.resolveSibling(name))));
        }
      }
      Map<String, Object> values = metadata(root.path("metadata"));
      shards.values().forEach(shard -> shard.values().forEach(values::putIfAbsent));
      return new ShardedFile(
          index, true, new ArrayList<>(shards.values()), collect(index, shardOf, shards), values);
    } catch (RuntimeException | Error e) {
      shards.values().forEach(TensorFile::close);
      throw e;
    }
  }

  /** The parts that belong to a file, by its name; empty if it is none of several. */
  static List<Path> parts(Path file) {
    Matcher name = PART.matcher(file.getFileName().toString());
    if (!name.matches()
        || Files.exists(file.resolveSibling(name.group(1) + name.group(3) + INDEX))) {
      return List.of();
    }
    int count = Integer.parseInt(name.group(2));
    return IntStream.rangeClosed(1, Math.min(count, MAX_PARTS))
        .mapToObj(
            i ->
                file.resolveSibling(
                    String.format(
                        Locale.ROOT, "%s-%05d-of-%05d%s", name.group(1), i, count, name.group(3))))
        .toList();
  }

  /**
   * Opens parts that lie beside each other without an index.
   *
   * @throws InputFileException if one is missing or departs from its format, or two hold a tensor
   *     of one name
   */
  static ShardedFile openParts(Path named, List<Path> parts) {
    List<String> missing =
        parts.stream()
            .filter(part -> !Files.exists(part))
            .map(part -> part.getFileName().toString())
            .toList();
    if (!missing.isEmpty()) {
      throw InputFileException.of(ShardProblem.MISSING, named)
          .what("the file is one of several parts, and others are not there")
          .expected(String.join(", ", missing))
          .next("download them into the same folder")
          .build();
    }
    List<TensorFile> shards = new ArrayList<>();
    try {
      Map<String, TensorData> tensors = new LinkedHashMap<>();
      Map<String, Object> values = new LinkedHashMap<>();
      for (Path part : parts) {
        TensorFile shard = TensorFiles.openSingle(FileSource.open(part));
        shards.add(shard);
        shard.values().forEach(values::putIfAbsent);
        for (Map.Entry<String, TensorData> tensor : shard.tensors().entrySet()) {
          if (tensors.put(tensor.getKey(), tensor.getValue()) != null) {
            throw InputFileException.of(TensorProblem.DUPLICATE_KEY, part)
                .key(tensor.getKey())
                .what("two parts hold a tensor of one name")
                .next(DAMAGED)
                .build();
          }
        }
      }
      return new ShardedFile(parts.get(0), false, shards, tensors, values);
    } catch (RuntimeException | Error e) {
      shards.forEach(TensorFile::close);
      throw e;
    }
  }

  private static JsonNode parse(Path index) {
    try (FileSource source = FileSource.open(index)) {
      if (source.size() > MAX_INDEX_BYTES) {
        throw InputFileException.of(TensorProblem.HEADER_TOO_LARGE, index)
            .what("the index is longer than that of any checkpoint")
            .expected("at most " + MAX_INDEX_BYTES + " bytes")
            .actual(source.size() + " bytes")
            .next("check that this is the index of a set of shards")
            .build();
      }
      return JSON.readTree(source.read(0, (int) source.size()).array());
    } catch (JsonProcessingException e) {
      throw notJson(index, e.getOriginalMessage().lines().findFirst().orElse("not JSON"), e);
    } catch (IOException e) {
      throw notJson(index, "not UTF-8", e);
    }
  }

  private static InputFileException notJson(Path index, String actual, Exception cause) {
    return InputFileException.of(TensorProblem.HEADER_NOT_JSON, index)
        .what("the index is not a JSON object")
        .actual(actual)
        .next(DAMAGED)
        .cause(cause)
        .build();
  }

  private static Map<String, String> shardNames(Path index, JsonNode weightMap) {
    Map<String, String> shardOf = new LinkedHashMap<>();
    weightMap
        .properties()
        .forEach(
            entry -> {
              String shard = entry.getValue().textValue();
              if (shard == null || !isPlainName(shard)) {
                throw InputFileException.of(ShardProblem.NAME, index)
                    .key(entry.getKey())
                    .what("the index names a shard outside its own folder")
                    .expected("the name of a file beside the index")
                    .actual(entry.getValue())
                    .next("nothing was opened; get the index again from its source")
                    .build();
              }
              shardOf.put(entry.getKey(), shard);
            });
    return shardOf;
  }

  /** No separators of any system, no drive or stream, nothing that means a folder. */
  static boolean isPlainName(String name) {
    return !name.isBlank()
        && !name.equals(".")
        && !name.equals("..")
        && name.chars().noneMatch(c -> c == '/' || c == '\\' || c == ':' || c < ' ');
  }

  private static void requireShards(Path index, Map<String, String> shardOf) {
    List<String> missing =
        shardOf.values().stream()
            .distinct()
            .filter(name -> !Files.exists(index.resolveSibling(name)))
            .toList();
    if (!missing.isEmpty()) {
      throw InputFileException.of(ShardProblem.MISSING, index)
          .what("shards that the index names are not there")
          .expected(String.join(", ", missing))
          .next("download them into the same folder")
          .build();
    }
  }

  private static Map<String, TensorData> collect(
      Path index, Map<String, String> shardOf, Map<String, TensorFile> shards) {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    shardOf.forEach(
        (name, shard) -> {
          TensorData tensor = shards.get(shard).tensors().get(name);
          if (tensor == null) {
            throw InputFileException.of(ShardProblem.LACKS_TENSOR, index)
                .key(name)
                .what("the index names a tensor that its shard does not hold")
                .expected("in " + shard)
                .next(DAMAGED)
                .build();
          }
          tensors.put(name, tensor);
        });
    shards.forEach(
        (shard, file) ->
            file.tensors()
                .keySet()
                .forEach(
                    name -> {
                      if (!shard.equals(shardOf.get(name))) {
                        throw InputFileException.of(ShardProblem.TENSOR_NOT_IN_INDEX, index)
                            .key(name)
                            .what("a shard holds a tensor that the index does not place there")
                            .expected(shardOf.getOrDefault(name, "not in any shard"))
                            .actual("in " + shard)
                            .next(DAMAGED)
                            .build();
                      }
                    }));
    return tensors;
  }

  private static Map<String, Object> metadata(JsonNode metadata) {
    Map<String, Object> values = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : metadata.properties()) {
      JsonNode value = entry.getValue();
      if (value.isTextual()) {
        values.put(entry.getKey(), value.textValue());
      } else if (value.isBoolean()) {
        values.put(entry.getKey(), value.booleanValue());
      } else if (value.isIntegralNumber() && value.canConvertToLong()) {
        values.put(entry.getKey(), value.longValue());
      } else if (value.isNumber()) {
        values.put(entry.getKey(), value.doubleValue());
      }
    }
    return values;
  }

  @Override
  public Path path() {
    return index;
  }

  @Override
  public List<Path> files() {
    List<Path> files = new ArrayList<>(indexed ? List.of(index) : List.of());
    shards.forEach(shard -> files.add(shard.path()));
    return List.copyOf(files);
  }

  @Override
  public List<Checksum> checksums() {
    return shards.stream().flatMap(shard -> shard.checksums().stream()).toList();
  }

  @Override
  public String format() {
    return "shards";
  }

  @Override
  public Map<String, TensorData> tensors() {
    return tensors;
  }

  @Override
  public Map<String, Object> values() {
    return values;
  }

  @Override
  public void close() {
    shards.forEach(TensorFile::close);
  }
}
