package org.canbridge.importers.published;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ModelProblem;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Problem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class SchedulerFileTest {
  @TempDir private Path folder;

  private Path write(String text) throws IOException {
    return Files.writeString(folder.resolve("scheduler_config.json"), text);
  }

  private static void assertRefused(Problem problem, String message, Executable call) {
    InputFileException e = assertThrows(InputFileException.class, call);
    assertEquals(message, e.getMessage());
    assertEquals(problem, e.problem());
  }

  @Test
  void theFolderIsAsGoodAsTheFile() {
    Path scheduler = Fixtures.of("dit-pipeline").resolve("scheduler");
    SchedulerFile file = SchedulerFile.open(scheduler);
    assertEquals(file, SchedulerFile.open(scheduler.resolve("scheduler_config.json")));
    assertEquals(1000, file.objective().get("steps").intValue());
    assertEquals("linear", file.describe().get("beta_schedule"));
  }

  /** Python's json module writes minus infinity as it is. */
  @Test
  void aConfigurationAsPythonWritesItIsRead() throws IOException {
    SchedulerFile file =
        SchedulerFile.open(
            write(
                """
                {"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity,
                 "prediction_type": "v_prediction", "beta_schedule": "scaled_linear"}\
                """));
    assertEquals(
        "{\"time_scale.clean\":0,\"path\":\"vp-discrete\",\"steps\":1000,\"beta_start\":1.0E-4,"
            + "\"beta_end\":0.02,\"betas\":\"scaled_linear\",\"time_scale.noise\":999,"
            + "\"prediction\":\"v\"}",
        file.objective().toString());
  }

  @Test
  void oneThatTellsNoTrainingIsRefusedAndTheWayOutIsNamed() throws IOException {
    Path path =
        write("{\"_class_name\": \"EulerDiscreteScheduler\", \"beta_schedule\": \"linear\"}");
    SchedulerFile file = SchedulerFile.open(path);
    assertRefused(
        SchedulerProblem.UNSUPPORTED,
        String.join(
            "\n  ",
            "the scheduler's configuration tells no training schedule that is followed",
            "expected: betas that are linear, scaled_linear or squaredcos_cap_v2",
            "actual: num_train_timesteps is missing; beta_start is missing; beta_end is missing;"
                + " prediction_type is missing",
            "file: " + path,
            "next: sample the model with the library that it was published for; or say what it was"
                + " trained for: --objective"),
        file::objective);
  }

  @Test
  void whatIsNoJsonObjectIsRefused() throws IOException {
    for (String text : List.of("", "[]", "{\"a\": 1, \"a\": 2}", "{} {}", "{")) {
      Path path = write(text);
      assertRefused(
          ModelProblem.CONFIG_NOT_JSON,
          String.join(
              "\n  ",
              "the configuration is not a JSON object",
              "expected: the scheduler_config.json that the model was published with",
              "file: " + path,
              "next: fetch the file again"),
          () -> SchedulerFile.open(path));
    }
    Path nowhere = folder.resolve("nowhere.json");
    assertRefused(
        FileProblem.MISSING,
        String.join(
            "\n  ",
            "there is no such file",
            "expected: a scheduler_config.json of diffusers",
            "file: " + nowhere,
            "next: check the path"),
        () -> SchedulerFile.open(nowhere));
  }
}
