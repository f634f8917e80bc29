package org.canbridge.importers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.detection.DetectionProblem;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.ModelProblem;
import org.canbridge.importers.model.Provenance;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Weights that were trained elsewhere come back to the model that they are of. */
class LikeImportTest {
  private static final Path MODEL = Fixtures.of("torchscript").resolve("model");
  private static final Path FIELD = Fixtures.of("field-checkpoints");

  @TempDir Path folder;

  private static Map<String, TensorData> weights() {
    try (Checkpoint model = Checkpoints.open(MODEL)) {
      Map<String, TensorData> copies = new LinkedHashMap<>(model.tensors());
      copies.replaceAll((name, tensor) -> MemoryTensor.of(tensor.type(), tensor.bytes()));
      return copies;
    }
  }

  private Path written(Map<String, TensorData> tensors) throws IOException {
    Path path = folder.resolve("trained.safetensors");
    SafetensorsWriter.write(path, tensors, Map.of());
    return path;
  }

  private static Checkpoint open(Path file) {
    return Checkpoints.openLike(file, Checkpoints.open(MODEL), ImportOptions.defaults());
  }

  private static void assertRefused(Path file, String message) {
    InputFileException refused = assertThrows(InputFileException.class, () -> open(file).close());
    assertEquals(
        refused.problem() == DetectionProblem.UNKNOWN_FAMILY
            ? DetectionProblem.UNKNOWN_FAMILY
            : ModelProblem.KEY_MISMATCH,
        refused.problem());
    assertEquals(message.formatted(file), refused.getMessage());
  }

  @Test
  void allElseIsTheModels() throws IOException {
    Map<String, TensorData> halved = weights();
    halved.replaceAll((name, tensor) -> Tensors.as(tensor, DType.F16));
    Path file = written(halved);
    Path directory = folder.resolve("model");
    try (Checkpoint model = Checkpoints.open(MODEL);
        Checkpoint back = open(file)) {
      assertEquals(model.config(), back.config());
      assertEquals(model.can(), back.can());
      assertEquals(model.training(), back.training());
      assertEquals(model.classNames(), back.classNames());
      assertEquals(List.of(), back.notes());
      ModelDirectory.write(directory, back, WriteOptions.defaults());
    }
    try (Checkpoint before = Checkpoints.open(MODEL);
        Checkpoint after = Checkpoints.open(directory)) {
      Provenance provenance = after.provenance();
      assertEquals(before.provenance().source(), provenance.source());
      assertEquals(
          List.of("dit.pt", "trained.safetensors"),
          provenance.sources().stream().map(Provenance.Source::file).toList());
      assertEquals(List.of("weights trained elsewhere"), provenance.changes());
      after
          .tensors()
          .forEach((name, tensor) -> assertTrue(Tensors.sameBytes(halved.get(name), tensor), name));
    }
  }

  @Test
  void everythingThatDoesNotFitIsSaidAtOnce() throws IOException {
    Map<String, TensorData> others = weights();
    others.remove("pos_embed");
    others.put("blocks.2.mlp.fc1.bias", MemoryTensor.of(new float[3], 3));
    others.put("final_layer.linear.bias", MemoryTensor.of(new float[31], 31));
    others.put("x_embedder.proj.bias", MemoryTensor.of(new long[16], 16));
    assertRefused(
        written(others),
        """
        the tensors do not fit the model that they are to be like
          expected: each tensor of the layout once, with its shape, and no other
          actual: 1 missing, 1 unexpected, 1 wrong shape, 1 wrong type
            missing pos_embed: F32[1, 4, 16]
            unexpected blocks.2.mlp.fc1.bias: F32[3]
            wrong shape final_layer.linear.bias: expected F32[32], is F32[31]
            wrong type x_embedder.proj.bias: expected F32[16], is I64[16]
          file: %s
          next: get a complete copy of the file; canbridge inspect shows what becomes of each tensor\
        """);
  }

  @Test
  void anotherNetworkIsRefused() {
    assertRefused(
        Fixtures.of("uvit-tiny").resolve("nnet_ema.pth"),
        """
        the tensors are not those of the model that they are to be like
          expected: 42 tensors: pos_embed, x_embedder.proj.weight, x_embedder.proj.bias, t_embedder.mlp.0.weight, ...
          actual: 69 tensors: pos_embed, patch_embed.proj.weight, patch_embed.proj.bias, label_emb.weight, ...
          file: %s
          next: name the model that was exported, or one with the same tensors\
        """);
  }

  /** Wrappers, prefixes and averages are those that a published file may have. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          plain.pt         | auto  | ''
          ema_decays.pt    | auto  | weights taken from ema.0.9999 (moving average); the file also\
           holds state_dict, ema.0.999
          ema_decays.pt    | model | weights taken from state_dict; the file also holds ema.0.999,\
           ema.0.9999
          shadow_params.pt | auto  | weights taken from ema.shadow_params (moving average); the file\
           also holds model
          prefix_model.ckpt| auto  | weights taken from state_dict.model
          """)
  void wrappersAndAveragesAreThoseOfPublishedFiles(String file, String weights, String note) {
    ImportOptions heads = ImportOptions.defaults().withHeads(2);
    ImportOptions options =
        weights.equals("auto") ? ImportOptions.defaults() : heads.withWeights(weights);
    Checkpoint model = Checkpoints.open(FIELD.resolve("plain.pt"), heads);
    int before = model.notes().size();
    try (Checkpoint back = Checkpoints.openLike(FIELD.resolve(file), model, options)) {
      assertEquals(note, String.join("; ", back.notes().subList(before, back.notes().size())));
    }
  }
}
