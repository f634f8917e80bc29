package org.canbridge.importers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.detection.DetectionProblem;
import org.canbridge.importers.family.Weights;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.ModelProblem;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The forms in which training programs save one small DiT ({@code make_field_checkpoints.py}):
 * tensor number n holds n / 1024 in the weights and 1.25 times that in the moving average.
 */
class FieldCheckpointsTest {
  private static final ImportOptions HEADS = ImportOptions.defaults().withHeads(2);

  @TempDir Path folder;

  private static Path file(String name) {
    return Fixtures.of("field-checkpoints").resolve(name);
  }

  /** The factor of each tensor, in the order of the checkpoint. */
  private static List<Float> factors(Checkpoint checkpoint) {
    List<Float> factors = new ArrayList<>();
    for (Map.Entry<String, TensorData> tensor : checkpoint.tensors().entrySet()) {
      factors.add(Tensors.floats(tensor.getValue())[0] * 1024 / (factors.size() + 1));
    }
    return factors;
  }

  private static void assertFactor(String name, ImportOptions options, float factor) {
    try (Checkpoint checkpoint = Checkpoints.open(file(name), options)) {
      List<Float> factors = factors(checkpoint);
      assertEquals(22, factors.size());
      // The position table is not trained, so some averages leave it out.
      assertEquals(List.of(factor), factors.subList(1, 22).stream().distinct().toList());
    }
  }

  private static List<String> notes(String name, ImportOptions options) {
    try (Checkpoint checkpoint = Checkpoints.open(file(name), options)) {
      return checkpoint.notes();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ema_decay.pt       | 1.25 | weights taken from ema.0.9998 (moving average); the file also"
            + " holds state_dict",
        "ema_decays.pt      | 1.25 | weights taken from ema.0.9999 (moving average); the file also"
            + " holds state_dict, ema.0.999; --weights chooses by name",
        "ema_pytorch.pt     | 1.25 | weights taken from ema.ema_model (moving average); the file"
            + " also holds model, ema.online_model",
        "shadow_params.pt   | 1.25 | weights taken from ema.shadow_params (moving average); the"
            + " file also holds model",
        "shadow_unfit.pt    | 1    | weights taken from model",
        "n_averaged.pt      | 1.25 | weights taken from swa_model (moving average); the file also"
            + " holds model",
        "averaged_alone.pt  | 1.25 | weights taken from the file's tensors (moving average)",
        "lit_ema.ckpt       | 1.25 | weights taken from state_dict.model_ema (moving average); the"
            + " file also holds state_dict.model.dit",
        "prefix_model.ckpt  | 1    | weights taken from state_dict.model",
        "prefix_comfy.pt    | 1    | weights taken from model.diffusion_model",
        "prefix_dit.pt      | 1    | weights taken from dit",
        "objects.pt         | 1    | weights taken from model",
        "objects_protocol_4.pt | 1 | weights taken from model",
      })
  void theRightWeightsAreTakenAndSaid(String name, float factor, String note) {
    assertFactor(name, HEADS, factor);
    assertEquals(note, notes(name, HEADS).get(0));
  }

  @ParameterizedTest
  @CsvSource({
    "ema_decay.pt, model, 1",
    "ema_decays.pt, ema.0.999, 1.5",
    "ema_decays.pt, ema.0.9999, 1.25",
    "ema_decays.pt, model, 1",
    "ema_pytorch.pt, model, 1",
    "shadow_params.pt, model, 1",
    "n_averaged.pt, model, 1",
    "lit_ema.ckpt, model, 1",
    "averaged_alone.pt, ema, 1.25"
  })
  void otherWeightsCanBeChosen(String name, String word, float factor) {
    assertFactor(name, HEADS.withWeights(word), factor);
  }

  @ParameterizedTest
  @CsvSource({
    "ema, ema",
    "model_ema, ema",
    "ema_state_dict, ema",
    "G_ema, ema",
    "netEMA, ema",
    "ema_0.9999, ema",
    "callbacks.EMA.shadow, ema",
    "shadow, ema",
    "polyak, ema",
    "averaged_model, ema",
    "model_avg, ema",
    "swa_state_dict, ema",
    "ema.online_model, model",
    "model, model",
    "schema, model",
    "'', model"
  })
  void averagesAreToldByTheirNames(String name, String word) {
    assertEquals(word, Weights.of(name).word());
  }

  @Test
  void whatIsNotUsedIsSaid() {
    assertEquals(
        "not in the moving average, so taken beside it: model.pos_embed",
        notes("shadow_params.pt", HEADS).get(1));
    assertEquals(
        "not used, though it looks like a moving average: ema.shadow_params.0,"
            + " ema.shadow_params.1, ema.shadow_params.2, ema.shadow_params.3, ...",
        notes("shadow_unfit.pt", HEADS).get(1));
    assertEquals(
        "not read, as it is no tensor, number or text: path (pathlib.PurePosixPath), rng.1"
            + " (numpy.ndarray), names (numpy.ndarray), seen (__builtin__.set), counter"
            + " (collections.Counter), (a key that is no name) (tuple), when (datetime.datetime),"
            + " settings (lightning.fabric.utilities.data.AttributeDict), ... 9 in all",
        notes("objects.pt", HEADS).get(1));
  }

  @Test
  void aSetThatIsNotThereIsRefused() {
    InputFileException refusal =
        assertThrows(
            InputFileException.class,
            () -> Checkpoints.open(file("ema_decays.pt"), HEADS.withWeights("ema.0.5")));
    assertEquals(DetectionProblem.NO_SUCH_WEIGHTS, refusal.problem());
    assertEquals(
        """
        the file has no set of weights of the kind that --weights asks for
          expected: ema.0.5
          actual: state_dict, ema.0.999, ema.0.9999
          file: %s
          next: leave --weights out"""
            .formatted(file("ema_decays.pt")),
        refusal.getMessage());
  }

  @Test
  void anObjectInPlaceOfAWeightIsNamed() {
    InputFileException refusal =
        assertThrows(
            InputFileException.class,
            () -> Checkpoints.open(file("object_for_a_weight.pt"), HEADS));
    assertEquals(ModelProblem.KEY_MISMATCH, refusal.problem());
    assertEquals(
        """
        the tensors do not fit DiT (Peebles and Xie, ICCV 2023) in its official layout (weights\
         taken from model)
          expected: each tensor of the layout once, with its shape, and no other
          actual: 1 missing
            missing model.final_layer.linear.bias: [32]; there is an object of\
         lightning.fabric.utilities.data.AttributeDict, which is not read
          file: %s
          next: get a complete copy of the file; canbridge inspect shows what becomes of each\
         tensor"""
            .formatted(file("object_for_a_weight.pt")),
        refusal.getMessage());
  }

  @Test
  void theDirectoryRemembersWhichAverageItHolds() throws IOException {
    for (String name : List.of("ema_decays.pt", "averaged_alone.pt")) {
      Path model = folder.resolve(name);
      try (Checkpoint checkpoint = Checkpoints.open(file(name), HEADS)) {
        ModelDirectory.write(model, checkpoint, WriteOptions.defaults());
      }
      try (Checkpoint read =
          Checkpoints.open(model, ImportOptions.defaults().withWeights(Weights.EMA))) {
        assertEquals(1.25f, factors(read).get(3));
      }
    }
  }
}
