package org.canbridge.importers.published;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.FamilyContract;
import org.canbridge.importers.ImportProblem;
import org.canbridge.importers.Inspection;
import org.canbridge.importers.dit.DitFamily;
import org.canbridge.importers.family.ObjectiveSettings;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelProblem;
import org.canbridge.importers.model.StoredModel;
import org.canbridge.importers.model.Trained;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;
import org.canbridge.tensors.files.Problem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folders of libraries and the configuration beside the weights. */
class PublishedFolderTest {
  private static final String WEIGHTS = "diffusion_pytorch_model.safetensors";

  @TempDir Path temporary;
  private Path folder;

  @BeforeEach
  void copyTheFixture() throws IOException {
    folder = Files.createDirectory(temporary.resolve("transformer"));
    for (String file : List.of(WEIGHTS, "config.json")) {
      Files.copy(Fixtures.of("dit-diffusers").resolve(file), folder.resolve(file));
    }
  }

  private void edit(Consumer<ObjectNode> change) throws IOException {
    ObjectNode json = StoredModel.readConfig(folder);
    change.accept(json);
    Files.writeString(folder.resolve("config.json"), Json.pretty(json));
  }

  private void assertRefused(Problem problem, Path path, ImportOptions options, String... lines) {
    InputFileException e =
        assertThrows(InputFileException.class, () -> Checkpoints.open(path, options).close());
    assertEquals(String.join("\n  ", lines).replace("FOLDER", folder.toString()), e.getMessage());
    assertEquals(problem, e.problem());
  }

  private Path scheduler(String text) throws IOException {
    Files.writeString(temporary.resolve("model_index.json"), "{}");
    Path path = Files.createDirectories(temporary.resolve("scheduler"));
    return Files.writeString(path.resolve("scheduler_config.json"), text);
  }

  private Trained trained(ImportOptions options) {
    try (Checkpoint pipeline = Checkpoints.open(temporary, options)) {
      return pipeline.training().orElseThrow();
    }
  }

  /** Its path and prediction are the model's, and nothing is assumed any more. */
  @Test
  void thePipelinesSchedulerTellsTheObjective() throws IOException {
    scheduler(
        "{\"_class_name\": \"EulerDiscreteScheduler\", \"num_train_timesteps\": 500,"
            + " \"beta_start\": 0.00085, \"beta_end\": 0.012, \"beta_schedule\":"
            + " \"scaled_linear\", \"prediction_type\": \"v_prediction\"}");
    Trained told = trained(ImportOptions.defaults());
    assertEquals("the pipeline's scheduler", told.from());
    assertEquals("v on vp-discrete, null class 10", told.objective().toString());
    assertEquals(
        "{\"steps\":500,\"betas\":\"scaled_linear\",\"beta_start\":8.5E-4,\"beta_end\":0.012}",
        told.objective().parameters().toString());
    assertEquals(499, told.objective().noiseTime());
    assertEquals(List.of(), told.note(new DitFamily()).stream().toList());
    scheduler("{\"_class_name\": \"FlowMatchEulerDiscreteScheduler\", \"shift\": 3}");
    assertEquals(
        "velocity on flow-linear, null class 10",
        trained(ImportOptions.defaults()).objective().toString());
    Trained given =
        trained(
            ImportOptions.defaults()
                .withObjective(ObjectiveSettings.parse("guidance.channels=first-three")));
    assertEquals("--objective", given.from());
    assertEquals("velocity on flow-linear, null class 10", given.objective().toString());
  }

  /** A schedule that is not followed is no reason to assume another, but the user may know it. */
  @Test
  void aSchedulerThatTellsNoTrainingIsRefusedUnlessThePathIsGiven() throws IOException {
    Path file = scheduler("{\"_class_name\": \"DDIMScheduler\", \"rescale_betas_zero_snr\": true}");
    assertRefused(
        SchedulerProblem.UNSUPPORTED,
        temporary,
        ImportOptions.defaults(),
        "the scheduler's configuration tells no training schedule that is followed",
        "expected: betas that are linear, scaled_linear or squaredcos_cap_v2",
        "actual: rescale_betas_zero_snr must be false, is true",
        "file: " + file,
        "next: sample the model with the library that it was published for; or say what it was"
            + " trained for: --objective");
    assertEquals(1, Inspection.of(temporary, ImportOptions.defaults()).problems().size());
    Trained given =
        trained(ImportOptions.defaults().withObjective(ObjectiveSettings.parse("vp-discrete")));
    assertEquals("eps on vp-discrete, null class 10", given.objective().toString());
  }

  @Test
  void fileFolderAndPipelineAreTheSameModel() throws IOException {
    Files.writeString(temporary.resolve("model_index.json"), "{}");
    try (Checkpoint file = Checkpoints.open(folder.resolve(WEIGHTS));
        Checkpoint inFolder = Checkpoints.open(folder);
        Checkpoint pipeline = Checkpoints.open(temporary)) {
      FamilyContract.assertSameTensors(file.tensors(), inFolder.tensors());
      FamilyContract.assertSameTensors(file.tensors(), pipeline.tensors());
      assertEquals(file.config(), pipeline.config());
      assertEquals(file.provenance(), pipeline.provenance());
      assertEquals(
          List.of(
              "computes as diffusers does; the authors' own code gives other results from the same"
                  + " weights (timestep_frequency_shift 0, norm_eps 1e-6)",
              "input_size 8 as given (config.json)",
              "num_heads 3 as given (config.json)",
              "norm_eps 1.0E-5 as given (config.json)",
              "objective assumed, as of published models of dit: eps on vp-discrete, null class 10;"
                  + " --objective says otherwise, --family sit reads the same tensors as that"),
          pipeline.notes());
    }
    assertEquals(
        Inspection.of(folder, ImportOptions.defaults()).keys(),
        Inspection.of(temporary, ImportOptions.defaults()).keys());
  }

  @Test
  void everyUsualNameOfTheWeightsIsFound() throws IOException {
    for (String name :
        List.of("diffusion_pytorch_model.fp16.safetensors", "diffusion_pytorch_model.bin")) {
      Files.move(folder.resolve(WEIGHTS), folder.resolve(name));
      try (Checkpoint read = Checkpoints.open(folder)) {
        assertEquals("diffusers", read.provenance().layout());
      }
      Files.move(folder.resolve(name), folder.resolve(WEIGHTS));
    }
  }

  @Test
  void withoutConfigurationWhatTheTensorsCannotTellIsAskedFor() throws IOException {
    Files.delete(folder.resolve("config.json"));
    assertRefused(
        ImportProblem.NEEDS_OPTION,
        folder.resolve(WEIGHTS),
        ImportOptions.defaults(),
        "the file does not tell input_size, num_heads",
        "expected: --config FILE, or a config.json beside the file --heads N",
        "actual: the table of positions, which tells the input size, is not stored in this layout;"
            + " the number of attention heads is in no tensor's shape",
        "file: FOLDER/" + WEIGHTS,
        "next: add --config FILE, or a config.json beside the file --heads N");
  }

  @Test
  void theUsualEpsIsThatOfTheLibrary() throws IOException {
    edit(json -> json.remove("norm_eps"));
    try (Checkpoint read = Checkpoints.open(folder)) {
      assertEquals(1e-5, read.config().arguments().get("norm_eps").orElseThrow().doubleValue());
    }
  }

  @Test
  void aConfigurationThatContradictsTheTensorsIsRefused() throws IOException {
    edit(json -> json.put("num_layers", 4));
    assertRefused(
        ModelProblem.CONTRADICTION,
        folder,
        ImportOptions.defaults(),
        "the file contradicts what was given",
        "expected: depth 4 (config.json)",
        "actual: depth 3",
        "file: FOLDER/" + WEIGHTS,
        "next: leave the option out, or name the file that it is about");
  }

  @Test
  void anOptionThatContradictsTheConfigurationIsRefused() {
    assertRefused(
        ModelProblem.CONTRADICTION,
        folder,
        ImportOptions.defaults().withHeads(4),
        "the configuration beside the weights describes another network",
        "actual: num_heads is 4 by --heads and 3 by config.json",
        "file: FOLDER/config.json",
        "next: put the configuration beside them that they were published with");
  }

  @Test
  void networksThatDiffersInMoreThanSizesAreRefused() throws IOException {
    edit(json -> json.put("activation_fn", "geglu").put("norm_type", "ada_norm_single"));
    assertRefused(
        ModelProblem.CONTRADICTION,
        folder,
        ImportOptions.defaults(),
        "the configuration beside the weights describes another network",
        "actual: activation_fn must be \"gelu-approximate\", is \"geglu\"; norm_type must be"
            + " \"ada_norm_zero\", is \"ada_norm_single\"",
        "file: FOLDER/config.json",
        "next: put the configuration beside them that they were published with");
  }

  @Test
  void impossibleSizesInTheConfigurationAreRefused() throws IOException {
    edit(json -> json.put("sample_size", 1 << 20));
    assertRefused(
        ImportProblem.IMPOSSIBLE_CONFIG,
        folder,
        ImportOptions.defaults(),
        "the sizes make no DiT (Peebles and Xie, ICCV 2023)",
        "actual: 524288 x 524288 positions; the most is 1024 a side",
        "file: FOLDER/" + WEIGHTS,
        "next: canbridge inspect shows the sizes that were read off");
    edit(json -> json.put("sample_size", -8));
    assertThrows(InputFileException.class, () -> Checkpoints.open(folder).close());
    edit(json -> json.put("sample_size", "eight"));
    assertThrows(InputFileException.class, () -> Checkpoints.open(folder).close());
    edit(json -> json.put("sample_size", 0));
    assertThrows(InputFileException.class, () -> Checkpoints.open(folder).close());
  }

  @Test
  void aConfigurationThatIsNoJsonIsRefused() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{");
    for (Path path : List.of(folder, folder.resolve(WEIGHTS))) {
      assertEquals(
          ModelProblem.CONFIG_NOT_JSON,
          assertThrows(InputFileException.class, () -> Checkpoints.open(path).close()).problem());
    }
  }

  /** Other programs' configurations mean nothing to a layout that is published without one. */
  @Test
  void anOfficialFileDoesNotLookBesideIt() throws IOException {
    Path file = temporary.resolve("checkpoint.pt");
    Files.copy(Fixtures.of("dit-tiny").resolve("checkpoint.pt"), file);
    Files.writeString(temporary.resolve("config.json"), "{");
    try (Checkpoint read = Checkpoints.open(file, ImportOptions.defaults().withHeads(3))) {
      assertEquals("official", read.provenance().layout());
    }
  }

  /** Nothing has to be said about a folder that its library wrote. */
  @ParameterizedTest
  @CsvSource({
    "vae-tiny, autoencoder-kl",
    "vae-tiny-oldattn, autoencoder-kl",
    "taesd-diffusers-tiny, autoencoder-tiny",
    "clip-text-tiny, clip-text",
    "clip-text-tiny-eos, clip-text"
  })
  void theConfigurationAnswersForOtherNetworksToo(String name, String family) throws IOException {
    Path out = temporary.resolve("out");
    try (Checkpoint read = Checkpoints.open(Fixtures.of(name))) {
      assertEquals(family, read.config().architecture());
      PublishedExport.of(read).writeFolder(out);
      try (Checkpoint again = Checkpoints.open(out)) {
        assertEquals(read.config(), again.config());
        FamilyContract.assertSameTensors(read.tensors(), again.tensors());
      }
    }
  }

  @Test
  void aPipelineWithoutTransformerIsNoModel() throws IOException {
    Files.writeString(temporary.resolve("model_index.json"), "{}");
    Files.move(folder, temporary.resolve("unet"));
    try (Stream<Path> files = Files.list(temporary)) {
      assertEquals(2, files.count());
    }
    assertEquals(
        ModelProblem.NOT_A_MODEL_DIRECTORY,
        assertThrows(InputFileException.class, () -> Checkpoints.open(temporary).close())
            .problem());
  }
}
