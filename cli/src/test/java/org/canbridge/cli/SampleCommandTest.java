package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.formats.TensorFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Sampling through the command line, with solvers, folders, autoencoders and families. */
class SampleCommandTest {
  private static final String PIXELS = file("dit-tiny-nosigma-p4", "checkpoint.pt");
  private static final String LATENTS = file("dit-tiny", "checkpoint.pt");

  @TempDir private Path folder;

  private static String file(String fixture, String name) {
    return Fixtures.of(fixture).resolve(name).toString();
  }

  private String at(String name) {
    return folder.resolve(name).toString();
  }

  private static Outcome run(String model, String... options) {
    List<String> args = new ArrayList<>(List.of("sample", model));
    args.addAll(Arrays.asList(options));
    return Outcome.of(args.toArray(String[]::new));
  }

  private static Outcome ok(String model, String... options) {
    Outcome outcome = run(model, options);
    assertEquals(0, outcome.status(), outcome.out() + outcome.err());
    return outcome;
  }

  @ParameterizedTest
  @EnumSource(SolverName.class)
  void everySolverDraws(SolverName solver) throws IOException {
    ok(
        PIXELS,
        "--heads",
        "3",
        "--sampler",
        solver.toString(),
        "--steps",
        "4",
        "--out",
        at("grid.png"));
    assertEquals(16, ImageIO.read(folder.resolve("grid.png").toFile()).getHeight());
  }

  @Test
  void aFolderIsFilledOnceAndByShardsAlike() throws IOException {
    String[] how = {"--heads", "3", "--sampler", "unipc", "--steps", "3", "--cfg", "1.5"};
    ok(PIXELS, with(how, "--count", "7", "--batch", "2", "--out", at("all")));
    assertEquals(8, files("all").size());
    assertEquals("samples.json", files("all").get(7));
    assertTrue(
        ok(PIXELS, with(how, "--count", "7", "--batch", "2", "--out", at("all")))
            .out()
            .contains("all images are there"));
    for (String shard : List.of("2/2", "1/2")) {
      ok(PIXELS, with(how, "--count", "7", "--batch", "2", "--out", at("parts"), "--shard", shard));
    }
    Files.delete(folder.resolve("all/00000/00000003.png"));
    Outcome again = ok(PIXELS, with(how, "--count", "7", "--batch", "2", "--out", at("all")));
    assertTrue(again.out().contains("wrote 2 images"), again.out());
    for (String name : files("all")) {
      assertArrayEquals(
          Files.readAllBytes(folder.resolve("all").resolve(name)),
          Files.readAllBytes(folder.resolve("parts").resolve(name)),
          name);
    }
    Outcome other = run(PIXELS, with(how, "--count", "8", "--out", at("all")));
    assertEquals(3, other.status());
    assertTrue(other.err().contains("the folder holds images of another run"), other.err());
  }

  /** The same images whether the objective or the option says which channels are guided. */
  @Test
  void theObjectiveSaysWhichChannelsAreGuided() throws IOException {
    String[] how = {"--heads", "3", "--sampler", "ddim", "--steps", "2", "--cfg", "3"};
    String latents = Fixtures.of("dit-tiny-bf16").resolve("checkpoint.pt").toString();
    ok(latents, with(how, "--save-latents", at("all.safetensors")));
    ok(
        latents,
        with(how, "--cfg-channels", "first-three", "--save-latents", at("told.safetensors")));
    ok(
        latents,
        with(
            how,
            "--objective",
            "guidance.channels=first-three",
            "--save-latents",
            at("objective.safetensors")));
    assertArrayEquals(values("told.safetensors"), values("objective.safetensors"));
    assertFalse(Arrays.equals(values("all.safetensors"), values("told.safetensors")));
  }

  /** Options that are written as a job and run from its file draw the same files, parts too. */
  @Test
  void aWrittenJobDrawsTheSameBytes() throws IOException {
    String[] how = {
      "--heads",
      "3",
      "--sampler",
      "ddim",
      "--steps",
      "3",
      "--eta",
      "0.5",
      "--cfg",
      "1.5",
      "--cfg-interval",
      "0.1,20",
      "--cfg-channels",
      "first-three",
      "--seed",
      "-3",
      "--clip",
      "--classes",
      "2,0",
      "--count",
      "5",
      "--batch",
      "2"
    };
    ok(PIXELS, with(how, "--out", at("options")));
    assertEquals(
        "wrote " + at("job.json") + "\n",
        ok(PIXELS, with(how, "--save-job", at("job.json"))).out());
    ok("--job=" + at("job.json"), "--out", at("job"));
    assertSameFiles("options", "job");
    for (String part : List.of("2/2", "1/2")) {
      ok("--job=" + at("job.json"), "--out", at("parts"), "--shard", part);
    }
    assertSameFiles("options", "parts");
    Outcome resumed = ok(PIXELS, with(how, "--out", at("parts")));
    assertTrue(resumed.out().contains("all images are there"), resumed.out());
  }

  private void assertSameFiles(String expected, String actual) throws IOException {
    assertEquals(files(expected), files(actual));
    for (String name : files(expected)) {
      assertArrayEquals(
          Files.readAllBytes(folder.resolve(expected).resolve(name)),
          Files.readAllBytes(folder.resolve(actual).resolve(name)),
          name);
    }
  }

  @Test
  void aJobThatDoesNotGoWithItsModelIsRefused() throws IOException {
    Path file = folder.resolve("job.json");
    ok(PIXELS, "--heads", "3", "--classes", "1000", "--save-job", file.toString());
    Outcome refused = run("--job", file.toString(), "--out", at("images"));
    assertEquals(
        new Outcome(
            3,
            "",
            "canbridge: the sampling job does not go with its model\n"
                + "  expected: settings that the model can be sampled with\n"
                + "  actual: class 1000 is not one of the model's, 0 to 9\n  file: "
                + file
                + "\n  next: mend the file, or write the job anew with sample --save-job\n"),
        refused);
    assertFalse(Files.exists(folder.resolve("images")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--job j.json | --job needs --out DIR",
        "--job j.json --out x.png | --job fills a folder, and x.png is the name of a grid",
        "--job j.json --out x --steps 3 | --steps does not go with --job",
        "--job j.json --out x --cfg-scale 3 | --cfg does not go with --job",
        "model --job j.json --out x | takes no operand, but got: model",
        "model --save-job j.json --out x | --save-job draws nothing; --out goes with --job",
      })
  void aJobSaysEverythingItself(String options, String message) {
    String[] words = options.split(" ", -1);
    Outcome outcome = run(words[0], Arrays.copyOfRange(words, 1, words.length));
    assertEquals(
        new Outcome(2, "", "canbridge: sample: " + message + "\n  next: canbridge sample --help\n"),
        outcome);
  }

  @Test
  void latentsAreDecoded() throws IOException {
    String[] how = {
      "--heads", "3", "--sampler", "dpm-solver++", "--steps", "3", "--classes", "1,2"
    };
    ok(LATENTS, with(how, "--vae", Fixtures.of("vae-tiny").toString(), "--out", at("grid.png")));
    BufferedImage grid = ImageIO.read(folder.resolve("grid.png").toFile());
    assertEquals(16, grid.getHeight());
    assertEquals(2 * 16 + 2, grid.getWidth());
    ok(LATENTS, with(how, "--out", at("latents")));
    assertEquals("00000/00000000.safetensors", files("latents").get(0));
    Outcome unseen = run(LATENTS, with(how, "--out", at("no.png")));
    assertEquals(2, unseen.status());
    assertTrue(unseen.err().contains("use --vae DIR"), unseen.err());
    Outcome wrong =
        run(PIXELS, with(how, "--vae", Fixtures.of("vae-tiny").toString(), "--out", at("no.png")));
    assertEquals(2, wrong.status());
    assertTrue(wrong.err().contains("decodes 4 channels"), wrong.err());
    assertFalse(Files.exists(folder.resolve("no.png")));
  }

  @Test
  void uvitIsSampledAsItsScriptsDo() {
    String latent = file("uvit-tiny", "nnet_ema.pth");
    ok(
        latent,
        "--heads",
        "3",
        "--sampler",
        "dpm-solver",
        "--steps",
        "6",
        "--cfg",
        "0.4",
        "--cfg-form",
        "added",
        "--save-latents",
        at("added.safetensors"));
    ok(
        latent,
        "--heads",
        "3",
        "--sampler",
        "dpm-solver",
        "--steps",
        "6",
        "--save-latents",
        at("usual.safetensors"));
    String free = file("uvit-tiny-uncond-mlptime", "nnet_ema.pth");
    ok(free, "--heads", "4", "--sampler", "dpm-solver", "--steps", "5", "--out", at("free.png"));
    assertEquals(
        2,
        run(free, "--heads", "4", "--sampler", "heun", "--cfg", "2", "--out", at("no.png"))
            .status());
    Outcome discrete = run(free, "--heads", "4", "--sampler", "ddim", "--out", at("no.png"));
    assertEquals(2, discrete.status());
    assertTrue(discrete.err().contains("use dpm-solver"), discrete.err());
  }

  @Test
  void promptsAreDrawn() throws IOException {
    TinyModels.textEncoder(folder.resolve("clip"));
    Files.writeString(folder.resolve("prompts.txt"), "a cat\n\ntact\n");
    String model = file("uvit-t2i-tiny", "nnet_ema.pth");
    String[] how = {"--heads", "2", "--text-tokens", "7", "--sampler", "unipc", "--steps", "3"};
    Outcome without = run(model, with(how, "--save-latents", at("latents")));
    assertEquals(2, without.status());
    assertTrue(without.err().contains("give --prompt TEXT"), without.err());
    Outcome drawn =
        ok(
            model,
            with(
                how,
                "--prompts",
                at("prompts.txt"),
                "--text-encoder",
                at("clip"),
                "--out",
                at("images")));
    assertEquals(3, files("images").size());
    assertFalse(drawn.err().contains("words are lost"), drawn.err());
    Outcome cut =
        ok(
            model,
            with(
                how,
                "--prompt",
                "cat cat a tac",
                "--text-encoder",
                at("clip"),
                "--save-latents",
                at("latents.safetensors")));
    assertTrue(
        cut.err()
            .contains(
                "canbridge: a text is longer than the model's 7 tokens, so these words are lost:"
                    + " cat a tac\n"),
        cut.err());
  }

  @Test
  void partsAreFoundUnderTheirNamesOnTheHub() throws IOException {
    for (String[] part :
        List.of(new String[] {"--vae"}, new String[] {"--prompt", "a", "--text-encoder"})) {
      Outcome unknown =
          run(PIXELS, with(with(part, "nobody/nothing"), "--heads", "3", "--out", at("x.png")));
      assertEquals(3, unknown.status(), unknown.err());
      assertTrue(unknown.err().contains("hf download nobody/nothing"), unknown.err());
    }
    // The part of a whole pipeline.
    Path pipeline = Fixtures.of("dit-pipeline");
    ok(
        pipeline.resolve("transformer").toString(),
        "--vae",
        pipeline.toString(),
        "--steps",
        "2",
        "--classes",
        "3",
        "--out",
        at("part.png"));
  }

  /** Latents and PNGs of a pipeline folder, from what its own files say and from options. */
  @Test
  void aPipelineFolderIsSampledByItsOwnParts() throws IOException {
    Path pipeline = Fixtures.of("dit-pipeline");
    String vae = pipeline.resolve("vae").toString();
    String scheduler = pipeline.resolve("scheduler/scheduler_config.json").toString();
    String network = pipeline.resolve("transformer").toString();
    String[] how = {"--steps", "6", "--classes", "3,5"};
    Outcome own = ok(pipeline.toString(), with(how, "--out", at("own.png")));
    assertTrue(own.err().contains("own scheduler, DDIMScheduler"), own.err());
    assertTrue(own.err().contains("own autoencoder, " + vae), own.err());
    Outcome told =
        ok(network, with(how, "--scheduler", scheduler, "--vae", vae, "--out", at("told.png")));
    assertFalse(told.err().contains("pipeline's own"), told.err());
    BufferedImage picture = ImageIO.read(folder.resolve("own.png").toFile());
    assertEquals(16, picture.getHeight());
    assertSamePixels(picture, ImageIO.read(folder.resolve("told.png").toFile()));
    Outcome latents = ok(pipeline.toString(), with(how, "--save-latents", at("own.safetensors")));
    assertFalse(latents.err().contains("own autoencoder"), latents.err());
    // The DiT code's respacing ends at timestep 999, diffusers' starts from 0 with stride 166.
    ok(
        pipeline.toString(),
        with(how, "--sampler", "ddim", "--save-latents", at("named.safetensors")));
    assertFalse(Arrays.equals(values("own.safetensors"), values("named.safetensors")));
    ok(
        pipeline.toString(),
        with(how, "--spacing", "trailing", "--save-latents", at("trailing.safetensors")));
    assertEquals("trailing", metadata("trailing.safetensors").get("timestep_spacing"));
    assertEquals("leading", metadata("own.safetensors").get("timestep_spacing"));
    assertEquals("DDIMScheduler", metadata("own.safetensors").get("sampler"));
    assertEquals("linear", metadata("named.safetensors").get("beta_schedule"));
  }

  @Test
  void aSchedulerThatIsNotFollowedIsSettledBySampler() throws IOException {
    Path pipeline = Fixtures.of("dit-pipeline");
    Path scheduler = folder.resolve("scheduler_config.json");
    Files.writeString(
        scheduler,
        Files.readString(pipeline.resolve("scheduler/scheduler_config.json"))
            .replace("DDIMScheduler", "HeunDiscreteScheduler"));
    String[] how = {"--scheduler", scheduler.toString(), "--steps", "3", "--classes", "3"};
    Outcome refused = run(pipeline.toString(), with(how, "--out", at("no.png")));
    assertEquals(3, refused.status());
    assertTrue(refused.err().contains("choose a solver with --sampler"), refused.err());
    assertFalse(Files.exists(folder.resolve("no.png")));
    ok(pipeline.toString(), with(how, "--sampler", "heun", "--out", at("heun.png")));
  }

  /** The network says the velocity where the file says so: other latents from the same outputs. */
  @Test
  void whatTheNetworkPredictsIsTakenFromTheConfiguration() throws IOException {
    Path pipeline = Fixtures.of("dit-pipeline");
    Path scheduler = folder.resolve("scheduler_config.json");
    Files.writeString(
        scheduler,
        Files.readString(pipeline.resolve("scheduler/scheduler_config.json"))
            .replace("\"epsilon\"", "\"v_prediction\""));
    String[] how = {"--sampler", "euler", "--steps", "3", "--classes", "3"};
    ok(pipeline.toString(), with(how, "--save-latents", at("noise.safetensors")));
    ok(
        pipeline.toString(),
        with(
            how,
            "--scheduler",
            scheduler.toString(),
            "--save-latents",
            at("velocity.safetensors")));
    assertEquals("v_prediction", metadata("velocity.safetensors").get("prediction_type"));
    assertFalse(Arrays.equals(values("noise.safetensors"), values("velocity.safetensors")));
  }

  private Map<String, Object> metadata(String name) {
    try (TensorFile file = TensorFiles.open(folder.resolve(name))) {
      return Map.copyOf(file.values());
    }
  }

  private float[] values(String name) {
    try (TensorFile file = TensorFiles.open(folder.resolve(name))) {
      return Tensors.floats(file.tensors().values().iterator().next());
    }
  }

  private static void assertSamePixels(BufferedImage expected, BufferedImage actual) {
    int width = expected.getWidth();
    int height = expected.getHeight();
    assertArrayEquals(
        expected.getRGB(0, 0, width, height, null, 0, width),
        actual.getRGB(0, 0, width, height, null, 0, width));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--classes 7-5 | --classes is '7-5', but a range goes upwards",
        "--classes 0-2147483647 | --classes is '2147483647'",
        "--sampler plms | there is no sampler 'plms'",
        "--sampler dpmpp | dopri5, sde-euler, sde-heun; did you mean dpm-solver++?",
        "--sampler DDIM | did you mean ddim?",
        "--guidance-scale 2 | unknown option --guidance-scale; did you mean --cfg?",
        "--num-inference-steps 2 | did you mean --steps?",
        "--arch DiT-XL-2 | did you mean DiT-XL/2?",
        "--prompts /tmp --text-encoder x | --prompts: /tmp is a folder",
        "--save-job job.yaml | but what is written is a .json file; give job.json",
        "--spacing even | there is no timestep spacing",
        "--order 4 | --order is '4'",
        "--cfg-interval 1 | must be two numbers",
        "--cfg-interval 3,1 | a guidance interval goes",
        "--cfg-form added | --cfg-form says what --cfg means",
        "--shard 3/2 | must be I/N with I from 1 to N",
        "--shard x | must be I/N with I from 1 to N",
        "--save-latents f | --save-latents goes with a grid",
        "--prompt cat | goes with --text-encoder DIR",
        "--text-encoder x | goes with --text-encoder DIR",
        "--negative x | --negative goes with",
        "--prompt cat --text-encoder x | not conditioned on text",
        "--prompts nowhere.txt --text-encoder x | there is no file nowhere.txt",
        "--sampler unipc --steps ddim50 | give a number of steps",
      })
  void wrongOptionsAreNamed(String options, String message) {
    Outcome outcome = run(PIXELS, with(options.split(" "), "--heads", "3", "--out", at("images")));
    assertEquals(2, outcome.status(), outcome.err());
    assertTrue(outcome.err().contains(message), outcome.err());
    assertFalse(Files.exists(folder.resolve("images")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "5-7 | 5,6,7",
        "0,2-3,NAME 7,label 1 | 0,2,3,7,1",
      })
  void classesByRangeAndByName(String typed, String numbers) throws IOException {
    String job = at(typed.replace(' ', '_') + ".json");
    ok(Fixtures.of("dit-pipeline").toString(), "--classes", typed, "--save-job", job);
    String written = Files.readString(Path.of(job)).replaceAll("\\s", "");
    assertTrue(written.contains("\"classes\":[" + numbers + "]"), written);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "dit-pipeline | lable 1 | numbers, ranges such as 5-7, or names that the model has; did you mean label 1?",
        "dit-diffusers | cat | numbers, or ranges such as 5-7: this model has no names for its classes",
      })
  void classesThatThereAreNot(String model, String typed, String known) {
    Outcome refused =
        run(Fixtures.of(model).toString(), "--classes", typed, "--save-job", at("job.json"));
    assertEquals(
        new Outcome(
            2,
            "",
            "canbridge: sample: --classes is '%s', but must be %s\n".formatted(typed, known)
                + "  next: canbridge sample --help\n"),
        refused);
    assertFalse(Files.exists(folder.resolve("job.json")));
  }

  @Test
  void theImageSizeIsTheModelsOwn() throws IOException {
    String[] how = {"--heads", "3", "--steps", "1", "--classes", "1", "--save-latents", at("x")};
    Outcome refused = run(PIXELS, with(how, "--image-size", "256"));
    assertEquals(2, refused.status());
    assertEquals(
        "canbridge: sample: --image-size is 256, but this model draws 3x16x16; import --image-size"
            + " makes one of another size",
        refused.err().lines().findFirst().orElseThrow());
    ok(PIXELS, with(how, "--image-size", "16"));
    ok(file("dit-tiny", "checkpoint.pt"), with(how, "--image-size", "64"));
  }

  /** Before anything is drawn. */
  @Test
  void aFolderThatIsMissingIsSaidAtOnce() {
    Outcome refused = run(PIXELS, "--heads", "3", "--out", at("nowhere/x.png"));
    assertEquals(
        new Outcome(
            4,
            "",
            """
            canbridge: cannot write
              actual: no such file or folder
              file: %s
              next: choose a place that can be written to
            """
                .formatted(at("nowhere"))),
        refused);
  }

  @Test
  void otherPicturesThanPngAreRefused() {
    for (String ending : List.of("jpg", "JPEG", "webp", "npz", "safetensors")) {
      Outcome outcome = run(PIXELS, "--heads", "3", "--out", at("x." + ending));
      assertEquals(
          "canbridge: sample: --out is '%s', but what is written is a .png file; give %s"
              .formatted(at("x." + ending), at("x.png")),
          outcome.err().lines().findFirst().orElseThrow());
      assertEquals(2, outcome.status());
      assertFalse(Files.exists(folder.resolve("x." + ending)));
    }
  }

  private static String[] with(String[] options, String... more) {
    return Stream.concat(Arrays.stream(options), Arrays.stream(more)).toArray(String[]::new);
  }

  private List<String> files(String name) throws IOException {
    Path root = folder.resolve(name);
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(Files::isRegularFile)
          .map(path -> root.relativize(path).toString().replace('\\', '/'))
          .sorted()
          .toList();
    }
  }
}
