package org.canbridge.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.cat.CatCondition;
import org.canbridge.importers.cat.CatConfig;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.importers.uvit.UvitCondition;
import org.canbridge.importers.uvit.UvitConfig;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;

/** Model directories of small networks with random weights, of kinds that no fixture has. */
final class TinyModels {
  private TinyModels() {}

  /** A U-ViT of RGB pictures, 8x8, five classes. */
  static Path pixels(Path directory) throws IOException {
    UvitCondition classes = new UvitCondition.Label(5);
    return write(
        directory, new UvitConfig(8, 2, 3, 16, 2, 2, 32, false, false, classes, true, true));
  }

  /** A CaT of latents, 8x8, three classes or a text of five tokens. */
  static Path cat(Path directory, boolean text) throws IOException {
    CatCondition condition = text ? new CatCondition.Text(6, 5) : new CatCondition.Label(3);
    return write(
        directory, new CatConfig(8, 4, 1, List.of(8, 16), List.of(1, 1), 4, 4, 12, condition));
  }

  /** The bundled text encoder with a tokenizer that knows three letters. */
  static Path textEncoder(Path directory) throws IOException {
    Path clip = Files.createDirectory(directory);
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(Fixtures.of("clip-text-tiny").resolve(name), clip.resolve(name));
    }
    Files.writeString(
        clip.resolve("vocab.json"),
        """
        {"a": 0, "c": 1, "t": 2, "a</w>": 3, "c</w>": 4, "t</w>": 5,
         "<|startoftext|>": 6, "<|endoftext|>": 7}\
        """);
    Files.writeString(clip.resolve("merges.txt"), "#version: 0.2\n");
    return clip;
  }

  private static Path write(Path directory, ModelConfig config) throws IOException {
    Random random = new Random(1);
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    Families.byName(config.architecture())
        .orElseThrow()
        .canonical()
        .keyMap(config.arguments())
        .targets()
        .forEach((name, shape) -> tensors.put(name, normal(random, shape)));
    ModelDirectory.write(directory, Checkpoint.generated(config, tensors), WriteOptions.defaults());
    return directory;
  }

  private static TensorData normal(Random random, List<Long> shape) {
    long[] sizes = shape.stream().mapToLong(Long::longValue).toArray();
    float[] values = new float[(int) shape.stream().reduce(1L, Math::multiplyExact).longValue()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (0.2 * random.nextGaussian());
    }
    return MemoryTensor.of(values, sizes);
  }
}
