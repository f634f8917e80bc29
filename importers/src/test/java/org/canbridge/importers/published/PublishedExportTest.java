package org.canbridge.importers.published;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.FamilyContract;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.StoredModel;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.files.Json;
import org.canbridge.tensors.formats.TensorFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checkpoints written back under the names that they came with. */
class PublishedExportTest {
  @TempDir Path folder;

  private static Checkpoint open(Path file, int heads) {
    return Checkpoints.open(file, ImportOptions.defaults().withHeads(heads));
  }

  /** Every layout; {@code prefix} is what the file has in front of the layout's names. */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "dit-tiny, checkpoint.pt, 3, ''",
    "dit-tiny-bf16, checkpoint.pt, 3, ''",
    "dit-tiny-train, 0050000.pt, 3, ema.",
    "dit-diffusers, diffusion_pytorch_model.safetensors, 3, ''",
    "dit-diffusers-distinct, diffusion_pytorch_model.safetensors, 2, ''",
    "dit-diffusers-sharded, diffusion_pytorch_model.safetensors.index.json, 3, ''",
    "dit-pipeline, transformer/diffusion_pytorch_model.safetensors, 2, ''",
    "onnx-dit-tiny-external, model.onnx, 3, ''",
    "uvit-tiny, nnet_ema.pth, 3, ''",
    "uvit-tiny-uncond-mlptime, nnet_ema.pth, 4, ''",
    "efficientvit-b-tiny, efficientvit_b_tiny.pt, 1, state_dict.",
    "efficientvit-timm-l-tiny, model.safetensors, 1, ''"
  })
  void givesTheSourceBack(String name, String file, int heads, String prefix) throws IOException {
    Path source = Fixtures.of(name).resolve(file);
    Path model = folder.resolve("model");
    Path first = folder.resolve("first.safetensors");
    Path second = folder.resolve("second.safetensors");
    try (Checkpoint checkpoint = open(source, heads)) {
      PublishedExport export = PublishedExport.of(checkpoint);
      assertEquals(List.of(), export.changes());
      export.writeFile(first);
      ModelDirectory.write(model, checkpoint, WriteOptions.defaults());
    }
    try (Checkpoint checkpoint = Checkpoints.open(model)) {
      PublishedExport.of(checkpoint).writeFile(second);
    }
    assertEquals(-1, Files.mismatch(first, second));
    try (TensorFile read = TensorFiles.open(source);
        TensorFile written = TensorFiles.open(first)) {
      Map<String, TensorData> expected = new LinkedHashMap<>();
      read.tensors()
          .forEach(
              (key, tensor) -> {
                if (key.startsWith(prefix) && !read.constants().containsKey(key)) {
                  expected.put(key.substring(prefix.length()), tensor);
                }
              });
      FamilyContract.assertSameTensors(expected, new LinkedHashMap<>(written.tensors()));
    }
  }

  @Test
  void aFolderOfALibraryIsReadBack() throws IOException {
    Path out = folder.resolve("transformer");
    try (Checkpoint checkpoint = Checkpoints.open(Fixtures.of("dit-diffusers"))) {
      PublishedExport.of(checkpoint).writeFolder(out);
      try (Checkpoint read = Checkpoints.open(out)) {
        assertEquals(checkpoint.config(), read.config());
        FamilyContract.assertSameTensors(checkpoint.tensors(), read.tensors());
      }
      assertThrows(
          FileAlreadyExistsException.class, () -> PublishedExport.of(checkpoint).writeFolder(out));
    }
  }

  @Test
  void anotherLayoutSaysWhatItChanges() throws IOException {
    Path out = folder.resolve("transformer");
    try (Checkpoint official = open(Fixtures.of("dit-tiny").resolve("checkpoint.pt"), 3);
        Checkpoint diffusers = Checkpoints.open(Fixtures.of("dit-diffusers"))) {
      PublishedExport export = PublishedExport.of(official, "diffusers");
      assertEquals(
          List.of(
              "timestep_frequency_shift is 0 in this model and 1 in the diffusers layout: the same"
                  + " weights give other results there"),
          export.changes());
      export.writeFolder(out);
      FamilyContract.assertSameTensors(PublishedExport.of(diffusers).tensors(), export.tensors());
      assertEquals(
          List.of(
              "timestep_frequency_shift is 1 in this model and 0 in the official layout: the same"
                  + " weights give other results there",
              "norm_eps is 1.0E-5 in this model and 1.0E-6 in the official layout: the same"
                  + " weights give other results there"),
          PublishedExport.of(diffusers, "official").changes());
    }
    assertEquals(
        "1.0E-6", StoredModel.readConfig(out).get("norm_eps").toString(), "kept in config.json");
  }

  @Test
  void positionsThatTheLayoutCannotHoldAreNotLost() {
    try (Checkpoint checkpoint =
        open(Fixtures.of("dit-tiny-nosigma-p4").resolve("checkpoint.pt"), 3)) {
      String message =
          assertThrows(
                  IllegalArgumentException.class, () -> PublishedExport.of(checkpoint, "diffusers"))
              .getMessage();
      String expected =
          "the diffusers layout cannot hold this model: wrong values pos_embed: not the"
              + " sine-cosine table: ";
      assertEquals(expected, message.substring(0, expected.length()));
    }
  }

  @Test
  void refusesOtherLayoutsAndConditionAwareNetworks() {
    try (Checkpoint checkpoint = Checkpoints.open(Fixtures.of("dit-diffusers"))) {
      assertEquals(
          "no layout timm; there are official, diffusers",
          assertThrows(IllegalArgumentException.class, () -> PublishedExport.of(checkpoint, "timm"))
              .getMessage());
      Checkpoint can = checkpoint.withCan(Json.object(), checkpoint.tensors());
      assertEquals(
          "a condition-aware network is in no published layout; export the model that it was"
              + " converted from",
          assertThrows(IllegalArgumentException.class, () -> PublishedExport.of(can)).getMessage());
    }
  }

  @Test
  void nothingIsLeftOfAFolderThatFails() throws IOException {
    try (Checkpoint checkpoint = Checkpoints.open(Fixtures.of("dit-diffusers"))) {
      Map<String, TensorData> tensors = new LinkedHashMap<>(checkpoint.tensors());
      tensors.put("x_embedder.proj.bias", new Unreadable(tensors.get("x_embedder.proj.bias")));
      Path out = folder.resolve("transformer");
      PublishedExport export = PublishedExport.of(checkpoint.withTensors(tensors));
      assertThrows(IllegalStateException.class, () -> export.writeFolder(out));
      assertFalse(Files.exists(out));
      try (var left = Files.list(folder)) {
        assertEquals(0, left.count());
      }
    }
  }

  /** A tensor whose file is gone. */
  private record Unreadable(TensorData like) implements TensorData {
    @Override
    public org.canbridge.tensors.TensorType type() {
      return like.type();
    }

    @Override
    public java.nio.ByteBuffer bytes(long offset, int length) {
      throw new IllegalStateException("gone");
    }
  }
}
