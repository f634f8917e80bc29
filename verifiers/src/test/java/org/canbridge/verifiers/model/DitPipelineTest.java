package org.canbridge.verifiers.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.engine.Target;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.verifiers.BundleProblem;
import org.canbridge.verifiers.ParityOptions;
import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.report.TextReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A whole pipeline folder of diffusers: three runs, sampled and decoded from the recorded start.
 */
class DitPipelineTest {
  private static final Path PIPELINE = Fixtures.of("dit-pipeline");
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
          .build();

  @TempDir private Path folder;

  private static ParityReport check(Path model, Path reference, Optional<Path> vae) {
    try (ReferenceBundle bundle = ReferenceBundle.open(reference);
        ModelSubject subject =
            vae.isPresent()
                ? ModelSubject.open(model, ImportOptions.defaults(), bundle, vae, Target.F32)
                : ModelSubject.open(model, ImportOptions.defaults(), bundle)) {
      return subject.check(ParityOptions.NONE);
    }
  }

  private static void assertReport(ParityReport report, long equal, long notChecked) {
    assertTrue(report.passed(), () -> TextReport.of(report));
    assertEquals(equal, report.equal());
    assertEquals(notChecked, report.notChecked());
  }

  @Test
  void latentsAndImagesOfEveryRunAreReproduced() {
    ParityReport report = check(PIPELINE, PIPELINE, Optional.empty());
    assertReport(report, 6, 0);
    assertEquals("vae", report.environment().get("autoencoder"));
  }

  @Test
  void whatWasImportedIsCheckedToTheImagesIfAnAutoencoderIsNamed() throws IOException {
    Path model = folder.resolve("model");
    try (Checkpoint checkpoint = Checkpoints.open(PIPELINE)) {
      ModelDirectory.write(model, checkpoint, WriteOptions.defaults());
    }
    ParityReport latents = check(model, PIPELINE, Optional.empty());
    assertReport(latents, 3, 3);
    assertTrue(TextReport.of(latents).contains("no autoencoder beside this model"));
    assertReport(check(model, PIPELINE, Optional.of(PIPELINE.resolve("vae"))), 6, 0);
  }

  private Path changed(Consumer<ObjectNode> ddim) throws IOException {
    Path reference = Files.createDirectory(folder.resolve("reference"));
    Files.copy(
        PIPELINE.resolve("reference.safetensors"), reference.resolve("reference.safetensors"));
    ObjectNode json = (ObjectNode) MAPPER.readTree(PIPELINE.resolve("reference.json").toFile());
    ddim.accept((ObjectNode) json.path("runs").path("ddim"));
    MAPPER.writeValue(reference.resolve("reference.json").toFile(), json);
    return reference;
  }

  private static ObjectNode scheduler(ObjectNode run) {
    return (ObjectNode) run.get("scheduler_config");
  }

  @Test
  void aStepThatEndsElsewhereIsADifference() throws IOException {
    Path reference = changed(run -> scheduler(run).put("set_alpha_to_one", false));
    ParityReport report = check(PIPELINE, reference, Optional.empty());
    assertFalse(report.passed());
    ParityReport.Finding first = report.firstDifference().orElseThrow();
    assertEquals("pipeline ddim", first.call());
    assertEquals("output.ddim.latents", first.comparison().name());
    assertEquals(4, report.equal());
  }

  @Test
  void aGuidanceScaleThatIsOffByOnePartInAThousandIsADifference() throws IOException {
    Path reference = changed(run -> run.put("guidance_scale", 4.004));
    ParityReport report = check(PIPELINE, reference, Optional.empty());
    assertEquals(
        List.of("output.ddim.latents"),
        report
            .findings()
            .filter(finding -> !finding.comparison().passed())
            .map(finding -> finding.comparison().name())
            .filter(name -> name.endsWith(".latents"))
            .toList());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "thresholding | runs.ddim | thresholding must be false, is true",
        "offset | runs.ddim | timesteps [831, 665, 499, 333, 167, 1], recorded are [830, 664,",
        "steps | runs.ddim.steps | a whole number, 1 or more",
        "scale | runs.ddim.guidance_scale | a number",
        "none | runs.ddim.scheduler_config | an object"
      })
  void settingsThatCannotBeFollowedAreNamed(String change, String key, String message)
      throws IOException {
    Path reference =
        changed(
            run -> {
              switch (change) {
                case "thresholding" -> scheduler(run).put("thresholding", true);
                case "offset" -> scheduler(run).put("steps_offset", 1);
                case "steps" -> run.put("steps", 0);
                case "scale" -> run.put("guidance_scale", "four");
                default -> run.remove("scheduler_config");
              }
            });
    InputFileException e =
        assertThrows(InputFileException.class, () -> check(PIPELINE, reference, Optional.empty()));
    assertEquals(BundleProblem.BAD_FIELD, e.problem());
    assertTrue(e.getMessage().contains(message), e.getMessage());
    assertTrue(e.getMessage().contains("key: " + key + "\n"), e.getMessage());
    assertTrue(e.getMessage().contains("reference.json"), e.getMessage());
  }
}
