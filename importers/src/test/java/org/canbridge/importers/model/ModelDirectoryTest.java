package org.canbridge.importers.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.DitFiles;
import org.canbridge.importers.FamilyContract;
import org.canbridge.importers.TestTensors;
import org.canbridge.importers.detection.DetectionProblem;
import org.canbridge.importers.family.Adaptation;
import org.canbridge.importers.family.Weights;
import org.canbridge.tensors.ConstantTensor;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;
import org.canbridge.tensors.files.JsonFields;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;

class ModelDirectoryTest extends WrittenModel {
  private static Checkpoint can() {
    ObjectNode settings = Json.object();
    settings.put("condition", "all");
    settings.putArray("removed").add("blocks.0.adaLN_modulation.1.weight");
    Map<String, TensorData> tensors = DitFiles.tensors(48, 1);
    tensors.remove("blocks.0.adaLN_modulation.1.weight");
    tensors.put("blocks.0.mlp.dwconv.bias", TestTensors.random(1, DType.F32, List.of(192L)));
    return checkpoint().withCan(settings, tensors);
  }

  private List<String> names(Path of) throws IOException {
    try (Stream<Path> files = Files.list(of)) {
      return files.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void holdsConfigurationAndTensors() throws IOException {
    assertEquals(List.of("config.json", "model.safetensors"), names(model));
    assertEquals(
        """
        {
          "format" : "canbridge/2",
          "architecture" : "dit",
          "config" : {
            "input_size" : 8,
            "patch_size" : 2,
            "in_channels" : 4,
            "hidden_size" : 48,
            "depth" : 1,
            "num_heads" : 3,
            "mlp_ratio" : 4.0,
            "num_classes" : 10,
            "learn_sigma" : true,
            "frequency_embedding_size" : 256,
            "timestep_frequency_shift" : 0,
            "norm_eps" : 1.0E-6,
            "per_block_embedders" : false
          },
          "objective" : {
            "path" : "vp-discrete",
            "steps" : 1000,
            "betas" : "linear",
            "beta_start" : 1.0E-4,
            "beta_end" : 0.02,
            "prediction" : "eps",
            "learned_variance" : true,
            "time_scale" : {
              "clean" : 0.0,
              "noise" : 999.0
            },
            "classes" : 10,
            "null_class" : 10,
            "guidance" : {
              "scale" : 4.0,
              "form" : "interpolated",
              "channels" : "all"
            },
            "latent_scale" : 0.18215
          },
          "provenance" : {
            "tool" : "canbridge VERSION",
            "format" : "",
            "sources" : [ ],
            "layout" : "canonical",
            "weights" : "",
            "keys" : {
              "used" : 22,
              "ignored" : { }
            },
            "changes" : [ ],
            "objective" : "assumed"
          }
        }
        """,
        Files.readString(model.resolve("config.json"))
            .replaceAll("canbridge [0-9][^\"]*", "canbridge VERSION"));
  }

  @Test
  void provenanceNamesTheFileByItsDigest() throws IOException {
    Path file = folder.resolve("trained.safetensors");
    Map<String, TensorData> tensors = DitFiles.prefixed("ema.", DitFiles.tensors(48, 1));
    tensors.put("step", TestTensors.random(1, DType.I64, List.of()));
    SafetensorsWriter.write(file, tensors, Map.of());
    try (Checkpoint imported = Checkpoints.open(file, ImportOptions.defaults().withHeads(3))) {
      Provenance provenance = imported.provenance();
      Provenance.Source source = provenance.source().orElseThrow();
      assertEquals("trained.safetensors", source.file());
      assertEquals("safetensors", provenance.format());
      assertEquals(Files.size(file), source.bytes());
      assertEquals(sha256(Files.readAllBytes(file)), source.sha256());
      assertEquals("official", provenance.layout());
      assertEquals("ema", provenance.weights());
      assertEquals(22, provenance.used());
      assertEquals(Map.of("outside ema", List.of("step")), provenance.ignored());
      assertTrue(provenance.tool().matches("canbridge [0-9].*"), provenance.tool());
      assertEquals(provenance, Provenance.fromJson(JsonFields.of("", provenance.toJson())));
    }
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aConditionAwareNetworkKeepsWhatItAdds() throws IOException {
    Path directory = folder.resolve("can");
    try (Checkpoint written = can()) {
      ModelDirectory.write(directory, written, WriteOptions.defaults());
      try (Checkpoint read = Checkpoints.open(directory)) {
        assertEquals(written.can(), read.can());
        assertEquals(List.copyOf(written.tensors().keySet()), List.copyOf(read.tensors().keySet()));
        FamilyContract.assertSameTensors(written.tensors(), read.tensors());
      }
    }
  }

  @Test
  void shardsAreRead() throws IOException {
    Path directory = folder.resolve("sharded");
    ModelDirectory.write(
        directory, checkpoint(), WriteOptions.defaults().withMaxShardBytes(60_000));
    List<String> names = names(directory);
    assertTrue(names.contains("model.safetensors.index.json"), names.toString());
    assertFalse(names.contains("model.safetensors"), names.toString());
    try (Checkpoint read = Checkpoints.open(directory)) {
      FamilyContract.assertSameTensors(checkpoint().tensors(), read.tensors());
    }
  }

  @Test
  void keepsADirectoryThatIsThere() throws IOException {
    byte[] before = Files.readAllBytes(model.resolve("model.safetensors"));
    Checkpoint other = Checkpoint.generated(DitFiles.config(24, 1, 3), DitFiles.tensors(24, 1));
    FileAlreadyExistsException e =
        assertThrows(
            FileAlreadyExistsException.class,
            () -> ModelDirectory.write(model, other, WriteOptions.defaults()));
    assertEquals(model + ": it exists already", e.getMessage());
    assertArrayEquals(before, Files.readAllBytes(model.resolve("model.safetensors")));
    ModelDirectory.write(model, other, WriteOptions.defaults().overwriting());
    try (Checkpoint read = Checkpoints.open(model)) {
      assertEquals(other.config(), read.config());
    }
    assertEquals(List.of("model"), names(folder));
  }

  @Test
  void neverReplacesWhatIsNotOurs() throws IOException {
    Path other = Files.createDirectory(folder.resolve("other"));
    Files.writeString(other.resolve("config.json"), "{\"format\": \"something\"}");
    assertEquals(
        other + ": it exists and is not a model directory, so it is not replaced",
        assertThrows(
                FileAlreadyExistsException.class,
                () ->
                    ModelDirectory.write(
                        other, checkpoint(), WriteOptions.defaults().overwriting()))
            .getMessage());
    assertEquals(List.of("config.json"), names(other));
  }

  @Test
  void whatIsNoPartOfTheModelStopsAReplacement() throws IOException {
    Files.writeString(model.resolve("notes.txt"), "mine");
    Files.createDirectory(model.resolve("nested"));
    assertEquals(
        model + ": it holds what is no part of the model, so it is not replaced: nested, notes.txt",
        assertThrows(
                FileAlreadyExistsException.class,
                () ->
                    ModelDirectory.write(
                        model, checkpoint(), WriteOptions.defaults().overwriting()))
            .getMessage());
    assertEquals("mine", Files.readString(model.resolve("notes.txt")));
    assertEquals(List.of("model"), names(folder));
  }

  @Test
  void aFileThatIsWrittenWhileItIsImportedIsRefused() throws IOException {
    Path file = folder.resolve("changing.safetensors");
    SafetensorsWriter.write(file, DitFiles.tensors(48, 1), Map.of());
    try (Checkpoint read = Checkpoints.open(file, ImportOptions.defaults().withHeads(3))) {
      Files.setLastModifiedTime(file, FileTime.fromMillis(0));
      InputFileException refused =
          assertThrows(
              InputFileException.class,
              () -> ModelDirectory.write(folder.resolve("new"), read, WriteOptions.defaults()));
      assertEquals(FileProblem.CHANGED_WHILE_OPEN, refused.problem());
    }
    Files.delete(file);
    assertEquals(List.of("model"), names(folder));
  }

  @Test
  void leavesNothingWhenWritingFails() throws IOException {
    Map<String, TensorData> tensors = new LinkedHashMap<>(DitFiles.tensors(48, 1));
    TensorType type = tensors.get("final_layer.linear.bias").type();
    tensors.put("final_layer.linear.bias", new Failing(type));
    Checkpoint failing = Checkpoint.generated(DitFiles.config(48, 1, 3), tensors);
    byte[] before = Files.readAllBytes(model.resolve("model.safetensors"));
    assertThrows(
        IllegalStateException.class,
        () -> ModelDirectory.write(model, failing, WriteOptions.defaults().overwriting()));
    assertThrows(
        IllegalStateException.class,
        () -> ModelDirectory.write(folder.resolve("new"), failing, WriteOptions.defaults()));
    assertEquals(List.of("model"), names(folder));
    assertArrayEquals(before, Files.readAllBytes(model.resolve("model.safetensors")));
  }

  private record Failing(TensorType type) implements TensorData {
    @Override
    public ByteBuffer bytes(long offset, int length) {
      throw new IllegalStateException("the disk is gone");
    }
  }

  @Test
  void aModelCanReplaceItself() throws IOException {
    try (Checkpoint read = Checkpoints.open(model)) {
      ModelDirectory.write(model, read, WriteOptions.defaults().overwriting());
    }
    try (Checkpoint read = Checkpoints.open(model)) {
      FamilyContract.assertSameTensors(checkpoint().tensors(), read.tensors());
    }
  }

  @Test
  void valuesThatHalfPrecisionCannotHoldAreNotWritten() {
    Map<String, TensorData> tensors = DitFiles.tensors(48, 1);
    tensors.replaceAll((name, tensor) -> ConstantTensor.of(tensor.type(), 1));
    tensors.put("pos_embed", ConstantTensor.of(tensors.get("pos_embed").type(), 70_000));
    Checkpoint large = Checkpoint.generated(DitFiles.config(48, 1, 3), tensors);
    Path target = folder.resolve("half");
    assertEquals(
        "pos_embed holds values beyond the range of F16; BF16 has the range of F32",
        assertThrows(
                ArithmeticException.class,
                () ->
                    ModelDirectory.write(
                        target, large, WriteOptions.defaults().withDtype(DType.F16)))
            .getMessage());
    assertFalse(Files.exists(target));
  }

  @Test
  void weightsAreWrittenInTypesThatNetworksAreStoredIn() {
    assertEquals(
        "weights are written as F32, BF16 or F16, not I8",
        assertThrows(
                IllegalArgumentException.class, () -> WriteOptions.defaults().withDtype(DType.I8))
            .getMessage());
  }

  @Test
  void refusesTensorsThatTheConfigurationDoesNotAnnounce() throws IOException {
    Map<String, TensorData> tensors = DitFiles.tensors(48, 1);
    tensors.remove("pos_embed");
    tensors.put("surplus", TestTensors.random(1, DType.F32, List.of(2L)));
    SafetensorsWriter.write(model.resolve("model.safetensors"), tensors, Map.of());
    assertRefused(
        ModelProblem.KEY_MISMATCH,
        "the tensors do not fit DiT (Peebles and Xie, ICCV 2023) in its official layout, as"
            + " config.json describes it",
        "expected: each tensor of the layout once, with its shape, and no other",
        "actual: 1 missing, 1 unexpected",
        "  missing pos_embed: [1, 16, 48]",
        "  unexpected surplus: F32[2]",
        "file: MODEL/model.safetensors",
        "next: get a complete copy of the file; canbridge inspect shows what becomes of each"
            + " tensor");
  }

  @Test
  void refusesMissingTensors() throws IOException {
    Files.delete(model.resolve("model.safetensors"));
    assertRefused(
        FileProblem.MISSING,
        "there is no such file",
        "file: MODEL/model.safetensors",
        "next: check the path");
  }

  @Test
  void refusesTensorsThatAreThereTwice() throws IOException {
    Files.writeString(model.resolve("model.safetensors.index.json"), "{}");
    assertRefused(
        ModelProblem.CONFIG_FIELD,
        "the directory holds its tensors twice",
        "expected: model.safetensors or model.safetensors.index.json",
        "actual: both",
        "file: MODEL",
        "next: remove the one that does not belong to it");
  }

  @Test
  void optionsAreAssertionsHereToo() {
    InputFileException heads =
        assertThrows(
            InputFileException.class,
            () -> Checkpoints.open(model, ImportOptions.defaults().withHeads(4)).close());
    assertEquals(ModelProblem.CONTRADICTION, heads.problem());
    assertTrue(heads.getMessage().contains("num_heads 4 (--heads)"), heads.getMessage());
    InputFileException weights =
        assertThrows(
            InputFileException.class,
            () ->
                Checkpoints.open(model, ImportOptions.defaults().withWeights(Weights.EMA)).close());
    assertEquals(DetectionProblem.NO_SUCH_WEIGHTS, weights.problem());
  }

  @Test
  void publishedNamesAreKept() throws IOException {
    try (Checkpoint read = Checkpoints.open(model)) {
      assertEquals(Optional.empty(), read.publishedName());
    }
    assertEquals(
        Optional.of("DiT-S/2"),
        Checkpoint.generated(DitFiles.config(384, 12, 6), Map.of()).publishedName());
  }

  @Test
  void namesOfClassesAreKeptUntilThereAreOtherClasses() throws IOException {
    Map<Integer, List<String>> names = Map.of(10, List.of("cat", "kitten"), 2, List.of("dog"));
    Path named = folder.resolve("named");
    ModelDirectory.write(named, checkpoint().withClassNames(names), WriteOptions.defaults());
    try (Checkpoint read = Checkpoints.open(named)) {
      assertEquals(names, read.classNames());
      assertEquals(List.of(2, 10), List.copyOf(read.classNames().keySet()));
      assertEquals(names, read.withTensors(read.tensors()).classNames());
      assertEquals(names, read.withCan(Json.object(), read.tensors()).classNames());
      assertEquals(names, read.trained("trained", Map.of()).classNames());
      Checkpoint larger = read.adapted(new Adaptation(OptionalInt.of(16), OptionalInt.empty()));
      assertEquals(names, larger.classNames());
      Checkpoint others = read.adapted(new Adaptation(OptionalInt.empty(), OptionalInt.of(3)));
      assertEquals(Map.of(), others.classNames());
    }
    try (Checkpoint nameless = Checkpoints.open(model)) {
      assertEquals(Map.of(), nameless.classNames());
    }
  }

  @Test
  void theNamesOfAPipelineGoWithItsModel() throws IOException {
    Path imported = folder.resolve("imported");
    try (Checkpoint pipeline = Checkpoints.open(Fixtures.of("dit-pipeline"))) {
      assertEquals(12, pipeline.classNames().size());
      assertEquals(List.of("label 7", "name 7"), pipeline.classNames().get(7));
      ModelDirectory.write(imported, pipeline, WriteOptions.defaults());
      try (Checkpoint read = Checkpoints.open(imported)) {
        assertEquals(pipeline.classNames(), read.classNames());
      }
    }
  }

  @Test
  void onlyOneFileIsAligned() {
    assertEquals(
        "only the tensors of one file can be aligned",
        assertThrows(
                IllegalArgumentException.class,
                () -> WriteOptions.defaults().aligning().withMaxShardBytes(1))
            .getMessage());
  }
}
