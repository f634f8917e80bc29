package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.formats.TensorFiles;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files as people have them, from import to images and training. */
class FieldRowsTest {
  private static final Path PLAIN = Fixtures.of("field-checkpoints").resolve("plain.pt");
  private static final String TABLE = "y_embedder.embedding_table.weight";

  @TempDir private Path folder;
  private final Map<String, TensorData> tensors = new LinkedHashMap<>();

  @BeforeEach
  void read() {
    try (TensorFile file = TensorFiles.open(PLAIN)) {
      file.tensors()
          .forEach(
              (name, tensor) -> {
                long[] shape = tensor.type().shape().stream().mapToLong(Long::longValue).toArray();
                tensors.put(name, MemoryTensor.of(Tensors.floats(tensor), shape));
              });
    }
  }

  private String at(String name) {
    return folder.resolve(name).toString();
  }

  private Outcome imported(String... options) throws IOException {
    Path file = folder.resolve("model.safetensors");
    SafetensorsWriter.write(file, tensors, Map.of());
    return ok(
        Stream.concat(
                Stream.of("import", file.toString(), "--heads", "2", "--out", at("model")),
                Stream.of(options))
            .toArray(String[]::new));
  }

  private static Outcome ok(String... args) {
    Outcome outcome = Outcome.of(args);
    assertEquals(0, outcome.status(), outcome.err());
    return outcome;
  }

  private static void refused(int status, String message, String... args) {
    Outcome outcome = Outcome.of(args);
    assertEquals(status, outcome.status(), outcome.err());
    assertTrue(outcome.err().contains(message), outcome.err());
  }

  private void latents(int count, long... labels) throws IOException {
    SafetensorsWriter.write(
        folder.resolve("latents.safetensors"),
        Map.of(
            "latents", MemoryTensor.of(new float[count * 64], count, 4, 4, 4),
            "labels", MemoryTensor.of(labels, count)),
        Map.of());
  }

  /** DiT with {@code num_classes 1, class_dropout_prob 0}. */
  @Test
  void aModelOfOneClassIsDrawnAndTrained() throws IOException {
    tensors.put(TABLE, MemoryTensor.of(new float[8], 1, 8));
    assertTrue(imported().err().contains("eps on vp-discrete, no null class"));
    String[] sample = {"sample", at("model"), "--steps", "2", "--save-latents", at("drawn")};
    ok(Stream.concat(Stream.of(sample), Stream.of("--classes", "0")).toArray(String[]::new));
    refused(
        2,
        "this model has no null class, so that it cannot be guided; use a guidance scale of 1",
        Stream.concat(Stream.of(sample), Stream.of("--cfg", "4")).toArray(String[]::new));
    latents(2, 0, 0);
    String[] train = {
      "finetune",
      at("model"),
      "--data",
      at("latents.safetensors"),
      "--steps",
      "1",
      "--out",
      at("run"),
      "--sample-every",
      "0",
      "--batch"
    };
    // A refused command leaves nothing behind that stops the next one.
    refused(
        3,
        "the data set has fewer examples than a batch",
        Stream.concat(Stream.of(train), Stream.of("100")).toArray(String[]::new));
    assertFalse(Files.exists(folder.resolve("run")));
    ok(Stream.concat(Stream.of(train), Stream.of("2")).toArray(String[]::new));
  }

  @Test
  void theLastRowIsAClassWhereSomebodySaysSo() throws IOException {
    assertTrue(imported().err().contains("null class 3"));
    String[] last = {
      "sample", at("model"), "--classes", "3", "--steps", "2", "--save-latents", at("drawn")
    };
    refused(2, "class 3 is not one of the model's, 0 to 2", last);
    imported("--objective", "null_class=none", "--overwrite");
    ok(last);
  }

  /** With zeros in the last layer its velocity is zero, so the noise stays what it is. */
  @Test
  void aFlowModelIsNotReadAsNoise() throws IOException {
    for (String end : new String[] {"weight", "bias"}) {
      tensors.computeIfPresent(
          "final_layer.linear." + end,
          (name, tensor) ->
              MemoryTensor.of(
                  new float[(int) tensor.type().elements()],
                  tensor.type().shape().stream().mapToLong(Long::longValue).toArray()));
    }
    imported("--family", "sit");
    ok(
        "sample",
        at("model"),
        "--steps",
        "4",
        "--cfg",
        "1",
        "--count",
        "20",
        "--classes",
        "0",
        "--save-latents",
        at("drawn"));
    try (TensorFile drawn = TensorFiles.open(folder.resolve("drawn"))) {
      double squares = 0;
      float[] values = Tensors.floats(drawn.tensors().get("latents"));
      for (float value : values) {
        squares += value * value;
      }
      assertEquals(1, Math.sqrt(squares / values.length), 0.1);
    }
  }

  @Test
  void weightsThatAreNotFiniteAreNotTrained() throws IOException {
    float[] bias = Tensors.floats(tensors.get("final_layer.linear.bias"));
    bias[0] = Float.NaN;
    tensors.put("final_layer.linear.bias", MemoryTensor.of(bias, bias.length));
    Outcome outcome = imported("--allow-nonfinite");
    assertTrue(outcome.err().contains("1 of its 32 values is not finite"), outcome.err());
    latents(2, 0, 1);
    refused(
        3,
        "the weights are not finite",
        "finetune",
        at("model"),
        "--data",
        at("latents.safetensors"),
        "--batch",
        "2",
        "--steps",
        "1",
        "--out",
        at("run"));
    assertFalse(Files.exists(folder.resolve("run")));
  }
}
