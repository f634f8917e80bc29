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
import java.util.Map;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorProblem;
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
 * values; the first shard wins.
 *
 * <p>Source: huggingface/transformers and huggingface/diffusers, which write these.
 */
public final class ShardedFile implements TensorFile {
  private static final int MAX_INDEX_BYTES = 100_000_000;
  private static final String WEIGHT_MAP = "weight_map";
  private static final String DAMAGED = "get the index and its shards again from their source";

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final Path index;
  private final List<TensorFile> shards;
  private final Map<String, TensorData> tensors;
  private final Map<String, Object> values;

  private ShardedFile(
      Path index,
      List<TensorFile> shards,
      Map<String, TensorData> tensors,
      Map<String, Object> values) {
    this.index = index;
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
          index, new ArrayList<>(shards.values()), collect(index, shardOf, shards), values);
    } catch (RuntimeException | Error e) {
      shards.values().forEach(TensorFile::close);
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
  private static boolean isPlainName(String name) {
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
    List<Path> files = new ArrayList<>(List.of(index));
    shards.forEach(shard -> files.add(shard.path()));
    return List.copyOf(files);
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
