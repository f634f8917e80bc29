package org.canbridge.runtime.bulk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.IntNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.canbridge.importers.family.GuidedChannels;
import org.canbridge.importers.family.Weights;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.diffusion.DiffusionForm;
import org.canbridge.runtime.diffusion.GuidanceInterval;
import org.canbridge.runtime.diffusion.LastStep;
import org.canbridge.runtime.diffusion.OdeTolerance;
import org.canbridge.runtime.diffusion.SdeSettings;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.engine.EngineName;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.objective.Respacing;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Jobs as files: there and back, and strictly. */
class SamplingJobTest {
  private static final SamplingRequest LITTLE =
      new SamplingRequest(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          0,
          OdeTolerance.USUAL,
          SdeSettings.USUAL,
          Optional.empty(),
          Optional.empty(),
          GuidanceInterval.ALWAYS,
          false,
          0);
  private static final SamplingRequest MUCH =
      new SamplingRequest(
          Optional.of(SolverName.UNIPC),
          Optional.of(Respacing.parse("20")),
          Optional.of(3),
          Optional.of(Spacing.parse("karras")),
          0.5,
          new OdeTolerance(1e-5, 1e-4),
          new SdeSettings(DiffusionForm.SIGMA, 2, LastStep.TWEEDIE, 0.01),
          Optional.of(1.4),
          Optional.of(GuidedChannels.FIRST_THREE),
          new GuidanceInterval(0.3, 3),
          true,
          -7);

  @TempDir private Path folder;

  private static SamplingJob little() {
    return new SamplingJob(
        Path.of("dit-xl-2"),
        ImportOptions.defaults(),
        Optional.empty(),
        Optional.empty(),
        LITTLE,
        EngineName.PYTORCH,
        Precision.F32,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        10,
        Shard.WHOLE,
        SamplingJob.Output.AUTO);
  }

  private static SamplingJob much() {
    return new SamplingJob(
        Path.of("models", "uvit.pth"),
        ImportOptions.defaults()
            .withArgument("num_clip_token", IntNode.valueOf(7), "the sampling job")
            .withWeights(Weights.EMA),
        Optional.of(Path.of("vae")),
        Optional.of(Path.of("scheduler_config.json")),
        MUCH,
        EngineName.ONNXRUNTIME,
        Precision.BF16,
        Optional.of(new SamplingJob.Texts(List.of("a cat", "ein Bär"), "dog", Path.of("clip"))),
        Optional.of(List.of(3, 1, 3)),
        Optional.of(5_000_000_000L),
        64,
        new Shard(3, 8),
        SamplingJob.Output.LATENTS);
  }

  @Test
  void thereAndBack() throws IOException {
    for (SamplingJob job : List.of(little(), much())) {
      Path file = folder.resolve("job.json");
      job.write(file);
      SamplingJob read = SamplingJob.read(file);
      assertEquals(job.toJson(), read.toJson());
      assertEquals(job.request().toJson(), read.request().toJson());
      assertEquals(job.opening(), read.opening());
      assertEquals(job.engine(), read.engine());
      assertEquals(job.texts(), read.texts());
      assertEquals(job.classes(), read.classes());
      assertEquals(job.count(), read.count());
      assertEquals(job.shard(), read.shard());
      assertEquals(Json.pretty(job.toJson()) + "\n", Files.readString(file));
    }
  }

  /** An argument that {@code --arch} implies is said once, by the name. */
  @Test
  void aPublishedModelIsNamed() throws IOException {
    SamplingJob job =
        new SamplingJob(
            Path.of("dit.pt"),
            ImportOptions.defaults().withArch("DiT-XL/2"),
            Optional.empty(),
            Optional.empty(),
            LITTLE,
            EngineName.PYTORCH,
            Precision.F32,
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            10,
            Shard.WHOLE,
            SamplingJob.Output.PNG);
    assertEquals("{\"arch\":\"DiT-XL/2\"}", job.toJson().get("import").toString());
    job.write(folder.resolve("job.json"));
    assertEquals(job.opening(), SamplingJob.read(folder.resolve("job.json")).opening());
  }

  @Test
  void anotherPartIsTheSameJob() {
    SamplingJob part = little().withShard(new Shard(2, 3));
    assertEquals("2/3", part.toJson().get("shard").textValue());
    assertEquals(little().toJson(), part.withShard(Shard.WHOLE).toJson());
  }

  private InputFileException refused(String text) throws IOException {
    Path file = Files.writeString(folder.resolve("job.json"), text);
    return assertThrows(InputFileException.class, () -> SamplingJob.read(file));
  }

  private static String message(String key, String expected, String actual, Path file) {
    return "the sampling job has a field that cannot be followed\n  expected: "
        + expected
        + "\n  actual: "
        + actual
        + "\n  file: "
        + file
        + "\n  key: "
        + key
        + "\n  next: mend the field, or write the job anew with sample --save-job";
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"batch\": 10 | \"batch\": 0 | batch | a whole number from 1 to 1048576 | 0",
        "\"batch\": 10 | \"batch\": 1.5 | batch | a whole number from 1 to 1048576 | 1.5",
        "\"batch\": 10 | \"batch\": \"10\" | batch | a whole number from 1 to 1048576 | \"10\"",
        "\"batch\": 10 | \"badge\": 10 | batch | it to be there | no such field",
        "\"batch\": 10 | \"batch\": 10, \"steps\": 3 | steps | no such field | 3",
        "\"batch\": 10 | \"batch\": 10, \"count\": 0 | count" + " | a whole number, 1 or more | 0",
        "\"batch\": 10 | \"batch\": 10, \"classes\": [] | classes | a list that is not empty | []",
        "\"batch\": 10 | \"batch\": 10, \"classes\": [-1] | classes"
            + " | a list of whole numbers, 0 or more | [-1]",
        "\"shard\": \"1/1\" | \"shard\": \"2/1\" | shard"
            + " | another value: '2/1' must be I/N with I from 1 to N | \"2/1\"",
        "\"output\": \"auto\" | \"output\": \"jpeg\" | output"
            + " | another value: one of auto, png, latents | \"jpeg\"",
        "\"precision\": \"f32\" | \"precision\": 32 | precision | a text | 32",
        "\"clip\": false | \"clip\": 0 | sampling.clip | true or false | 0",
        "\"clip\": false | \"clap\": false | sampling.clap | no such field | false",
        "\"eta\": 0.0 | \"eta\": 2 | sampling.eta | a number from 0.0 to 1.0 | 2",
        "\"eta\": 0.0 | \"eta\": 0, \"order\": 4 | sampling.order | a whole number from 1 to 3 | 4",
        "\"eta\": 0.0 | \"eta\": 0, \"guidance_low\": 2, \"guidance_high\": 1"
            + " | sampling.guidance_high"
            + " | a number from 2.0000000000000004 to 1.7976931348623157E308 | 1",
        "\"model\": \"dit-xl-2\" | \"model\": {} | model | a text | {}",
        "\"shard\" | \"text\": {\"prompts\": [\"a\"]}, \"shard\" | text.encoder"
            + " | it to be there | no such field",
        "\"shard\" | \"text\": [], \"shard\" | text | an object | []",
        "\"shard\" | \"import\": {\"heads\": 3}, \"shard\" | import.heads | no such field | 3",
      })
  void everyFieldIsHeldToItsMeaning(
      String good, String bad, String key, String expected, String actual) throws IOException {
    String text = Json.pretty(little().toJson()).replace("\" : ", "\": ");
    InputFileException refusal = refused(text.replace(good, bad));
    assertEquals(
        message(key, expected, actual, folder.resolve("job.json")), refusal.getMessage(), bad);
  }

  @Test
  void whatIsNoJobIsRefused() throws IOException {
    Path file = folder.resolve("job.json");
    String notJson =
        "the sampling job is not a JSON object\n  expected: a file that sample --save-job wrote\n"
            + "  file: "
            + file
            + "\n  next: write the job anew with sample --save-job";
    assertEquals(notJson, refused("[]").getMessage());
    assertEquals(notJson, refused("{\"format\": 1, \"format\": 1}").getMessage());
    assertEquals(notJson, refused("{} {}").getMessage());
    assertEquals(
        "this is no sampling job that this version reads\n  expected: canbridge-job/1\n"
            + "  actual: canbridge-job/2\n  file: "
            + file
            + "\n  key: format\n  next: write the job anew with sample --save-job",
        refused("{\"format\": \"canbridge-job/2\"}").getMessage());
    Path missing = folder.resolve("missing.json");
    InputFileException gone =
        assertThrows(InputFileException.class, () -> SamplingJob.read(missing));
    assertEquals(
        "there is no such sampling job\n  expected: a file that sample --save-job wrote\n  file: "
            + missing
            + "\n  next: check the path",
        gone.getMessage());
  }
}
