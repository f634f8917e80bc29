package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.files.AtomicDirectory;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Command lines that nobody planned: every command on small models, its own options in odd
 * combinations, with good, bad and senseless values. None may end in "internal error". {@code
 * -Dcanbridge.fuzzLines=N} runs more of them, {@code -Dcanbridge.fuzzSeed=S} others.
 */
class CommandLineFuzzTest {
  private static final int LINES = Integer.getInteger("canbridge.fuzzLines", 150);
  private static final long SEED = Long.getLong("canbridge.fuzzSeed", 1);

  /** A command that goes on for longer is interrupted, as by Ctrl-C. */
  private static final long PATIENCE_MILLIS = 1500;

  private static final long HANGS_MILLIS = 120_000;

  private static final Set<Integer> STATUSES = Set.of(0, 1, 2, 3, 4, 130);

  /** After which nothing is left. */
  private static final Set<Integer> REFUSED = Set.of(2, 3);

  /** They end the command, fill the log, or measure the machine anew. */
  private static final Set<String> LEFT_OUT = Set.of("--help", "--debug", "--recheck");

  /** Models and what must be said of them. */
  private static final List<List<String>> MODELS =
      List.of(
          List.of(file("dit-tiny", "checkpoint.pt"), "--heads", "3"),
          List.of(file("dit-tiny-nosigma-p4", "checkpoint.pt"), "--heads", "3"),
          List.of(file("dit-tiny-nosigma-p4", "checkpoint.pt"), "--heads", "3"),
          List.of(file("dit-tiny-train", "0050000.pt"), "--heads", "3"),
          List.of(file("dit-tiny-bf16", "checkpoint.pt"), "--heads", "3"),
          List.of(file("onnx-dit-tiny", "model.onnx"), "--heads", "3"),
          List.of(Fixtures.of("dit-diffusers-sharded").toString()),
          List.of(Fixtures.of("dit-pipeline").toString()),
          List.of(Fixtures.of("canbridge-1").resolve("dit-can").toString()),
          List.of(file("sit-tiny", "checkpoint.pt"), "--family", "sit", "--heads", "3"),
          List.of(file("sit-tiny-nosigma", "checkpoint.pt"), "--family", "sit", "--heads", "3"),
          List.of(file("uvit-tiny", "nnet_ema.pth"), "--heads", "3"),
          List.of(file("uvit-tiny-uncond-mlptime", "nnet_ema.pth"), "--heads", "4"),
          List.of(file("uvit-t2i-tiny", "nnet_ema.pth"), "--heads", "2", "--text-tokens", "7"),
          List.of(file("efficientvit-b-tiny", "efficientvit_b_tiny.pt")),
          List.of(file("efficientvit-timm-l-tiny", "model.safetensors")),
          List.of(Fixtures.of("vae-tiny").toString()),
          List.of(file("vae-compvis-tiny", "autoencoder_kl.pth")),
          List.of(Fixtures.of("taesd-diffusers-tiny").toString()),
          List.of(Fixtures.of("clip-text-tiny").toString()));

  private static final List<String> BUNDLES =
      List.of(
          "dit-tiny",
          "dit-tiny-nosigma-p4",
          "dit-pipeline",
          "sit-tiny",
          "uvit-tiny",
          "uvit-t2i-tiny",
          "efficientvit-b-tiny",
          "vae-tiny",
          "taesd-diffusers-tiny",
          "clip-text-tiny");

  private static final List<String> GOOD_NUMBERS = List.of("1", "2", "3", "4", "0", "0.5");

  private static final List<String> BAD_NUMBERS =
      List.of(
          "-1", "-0.5", "1e-3", "16", "NaN", "Infinity", "1e400", "99999999999999999999", "", "x");

  /** For options whose values are neither numbers nor paths nor words, by what their help says. */
  private static final Map<String, List<String>> VALUES =
      Map.of(
          "LIST",
          List.of(
              "0",
              "0,1",
              "1,1,2",
              "1,,2",
              "-1",
              "5000",
              "patch_embed",
              "dwconv,qkv",
              "mlp",
              "",
              "0-2",
              "2-0",
              "0-",
              "0-2147483647",
              "tabby",
              "1,a cat"),
          "NAME",
          List.of(
              "ddpm",
              "ddim",
              "dpm-solver",
              "dpm-solver++",
              "unipc",
              "euler",
              "heun",
              "leading",
              "trailing",
              "karras",
              "dpmpp",
              "dopri5",
              "sde-heun",
              "DiT-S/2",
              "SiT-S/2",
              "sit",
              "dit",
              "EfficientViT-B1",
              "U-ViT-S/2",
              "nothing",
              ""),
          "LOW,HIGH",
          List.of("0.1,3", "0,Infinity", "3,1", "NaN,1", "1", ""),
          "I/N",
          List.of("1/1", "1/2", "2/2", "2/1", "x"),
          "TEXT",
          List.of("a cat", "", "\u202e", "a\nb"),
          "all|generators|NAMES",
          List.of("all", "generators", "x_embedder*", "*", "nothing", "", "[", "("),
          "ema|model|NAME",
          List.of("ema", "model", "ema.0.9998", "nothing", ""),
          "cpu|cuda[:N]|mps",
          List.of("cpu", "cpu:1", "cuda", "cuda:7", "mps", "tpu"),
          "SETTINGS",
          List.of(
              "flow-linear",
              "vp-discrete",
              "vp-continuous,prediction=v",
              "null_class=none",
              "null_class=0",
              "prediction=score",
              "learned_variance=true",
              "guidance.scale=2",
              "steps=0",
              "=",
              "nothing",
              ""));

  @TempDir private Path folder;
  private final List<List<String>> models = new ArrayList<>(MODELS);
  private final List<String> paths = new ArrayList<>();
  private final Set<Path> before = new HashSet<>();
  private int line;

  private static String file(String fixture, String name) {
    return Fixtures.of(fixture).resolve(name).toString();
  }

  private String at(String name) {
    return folder.resolve(name).toString();
  }

  private static void ok(String... args) {
    Outcome outcome = Outcome.of(args);
    assertEquals(0, outcome.status(), outcome.err());
  }

  @BeforeEach
  void whatTheLinesName() throws IOException {
    Files.writeString(folder.resolve("text.txt"), "a cat\na dog\n");
    Files.writeString(folder.resolve("object.json"), "{\"num_heads\": 3}");
    Files.writeString(folder.resolve("list.json"), "[1]");
    Files.createDirectory(folder.resolve("empty"));
    SafetensorsWriter.write(
        folder.resolve("latents.safetensors"),
        Map.of(
            "latents", MemoryTensor.of(new float[4 * 256], 4, 4, 8, 8),
            "labels", MemoryTensor.of(new long[] {0, 1, 2, 0}, 4)),
        Map.of());
    for (String name : List.of("cats", "dogs")) {
      Path images = Files.createDirectories(folder.resolve("images").resolve(name));
      BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
      ImageIO.write(image, "png", images.resolve("0.png").toFile());
    }
    String pixels = file("dit-tiny-nosigma-p4", "checkpoint.pt");
    ok("convert", pixels, "--heads", "3", "--out", at("can"));
    ok("convert", pixels, "--heads", "3", "--condition", "class", "--out", at("by-class"));
    ok("sample", at("can"), "--classes", "1", "--save-job", at("job.json"));
    models.add(List.of(at("can")));
    models.add(List.of(at("by-class")));
    paths.add(TinyModels.textEncoder(folder.resolve("clip")).toString());
    models.add(List.of(TinyModels.pixels(folder.resolve("uvit-pixels")).toString()));
    models.add(List.of(TinyModels.cat(folder.resolve("cat"), false).toString()));
    models.add(List.of(TinyModels.cat(folder.resolve("cat-text"), true).toString()));
    for (String name :
        List.of("text.txt", "object.json", "list.json", "empty", "images", "can", "job.json")) {
      paths.add(at(name));
    }
    for (String name :
        List.of("dit-tiny", "uvit-tiny", "dit-pipeline", "vae-tiny", "training-dit")) {
      paths.add(Fixtures.of(name).toString());
    }
    paths.addAll(List.of(pixels, file("dit-pipeline", "scheduler/scheduler_config.json")));
    paths.addAll(List.of("nowhere", "", "a\0b"));
  }

  @Test
  void noneEndsInAnInternalError() throws InterruptedException, IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      entries.forEach(before::add);
    }
    List<String> wrong = new ArrayList<>();
    for (line = 0; line < LINES; line++) {
      List<String> args = args(new Random(SEED * 1_000_003 + line));
      Outcome outcome = patiently(args);
      List<Path> left = left();
      if (!STATUSES.contains(outcome.status())
          || outcome.err().contains("internal error")
          || (outcome.status() == 4 && !outcome.err().contains("\n  file: "))
          || left.stream().anyMatch(path -> path.getFileName().toString().startsWith("."))
          || (REFUSED.contains(outcome.status()) && !left.isEmpty())) {
        wrong.add("canbridge " + String.join(" ", args) + "\n" + outcome.err() + left);
      }
      for (Path each : left) {
        AtomicDirectory.delete(each);
      }
    }
    assertTrue(wrong.isEmpty(), () -> String.join("\n", wrong));
  }

  /** What lies in the folder and was not there before the line. */
  private List<Path> left() throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(path -> !before.contains(path)).toList();
    }
  }

  private static Outcome patiently(List<String> args) throws InterruptedException {
    Outcome[] outcome = new Outcome[1];
    Thread thread = new Thread(() -> outcome[0] = Outcome.of(args.toArray(String[]::new)));
    thread.start();
    thread.join(PATIENCE_MILLIS);
    thread.interrupt();
    thread.join(HANGS_MILLIS);
    assertFalse(thread.isAlive(), () -> "goes on for ever: " + args);
    return outcome[0];
  }

  /** A line that would be right but for at most three options. */
  private List<String> args(Random random) {
    Command command = any(random, Main.commands(""));
    if (command instanceof QuickstartCommand || command instanceof DoctorCommand) {
      command = any(random, Main.commands("")); // they have little to go wrong
    }
    List<Opt<?>> options = new OptionSet(command).all();
    List<String> args = new ArrayList<>(List.of(command.about().name()));
    if (command instanceof QuickstartCommand) {
      args.add("one-thing-too-many"); // it is one long job otherwise
    } else if (random.nextInt(20) > 0) {
      boolean bakes = command instanceof BakeCommand && random.nextInt(3) > 0;
      List<String> model =
          new ArrayList<>(
              any(random, bakes ? models.subList(MODELS.size(), MODELS.size() + 2) : models));
      if (random.nextInt(20) == 0) {
        model.set(0, any(random, paths));
      }
      args.addAll(random.nextInt(20) > 0 ? model : model.subList(0, 1));
      if (command instanceof SampleCommand && model.contains("--text-tokens")) {
        args.addAll(List.of("--prompt", "a cat", "--text-encoder", at("clip")));
      }
    }
    for (Opt<?> option : options) {
      String name = option.toString();
      boolean shortens = name.equals("--steps") || name.equals("--batch");
      boolean needed = Set.of("--out", "--format", "--reference", "--data").contains(name);
      if (needed && random.nextInt(20) > 0) {
        args.addAll(List.of(name, value(option, random)));
      } else if (shortens && random.nextInt(10) > 0) {
        args.addAll(List.of(name, "2"));
      }
    }
    for (int more = random.nextInt(5) - 1; more > 0; more--) {
      Opt<?> option = any(random, options);
      boolean twice = option.typedNames().stream().anyMatch(args::contains);
      if (LEFT_OUT.contains(option.toString()) || (twice && random.nextInt(10) > 0)) {
        continue;
      }
      args.add(any(random, option.typedNames()));
      if (option.takesValue()) {
        args.add(value(option, random));
      }
    }
    return args;
  }

  private String value(Opt<?> option, Random random) {
    String usage = option.usage();
    String metavar = usage.substring(usage.lastIndexOf(' ') + 1);
    if (option.toString().equals("--out")) {
      return out(random);
    }
    if (option.toString().equals("--reference")) {
      return random.nextInt(5) > 0
          ? Fixtures.of(any(random, BUNDLES)).toString()
          : any(random, paths);
    }
    if (option.toString().equals("--data")) {
      return at(
          any(random, List.of("images", "latents.safetensors", "latents.safetensors", "clip")));
    }
    if (VALUES.containsKey(metavar)) {
      return any(random, VALUES.get(metavar));
    }
    if (metavar.length() == 1) {
      return any(random, random.nextInt(4) > 0 ? GOOD_NUMBERS : BAD_NUMBERS);
    }
    if (metavar.contains("|") && metavar.equals(metavar.toLowerCase(Locale.ROOT))) {
      List<String> words = new ArrayList<>(Arrays.asList(metavar.split("\\|")));
      return random.nextInt(8) > 0 ? any(random, words) : "nothing";
    }
    return random.nextInt(4) > 0 ? any(random, paths) : out(random);
  }

  private String out(Random random) {
    String there = any(random, List.of("text.txt", "empty"));
    String fresh =
        any(random, List.of("new", "new", "new", "grid.png", "a/b/c", "x.safetensors", "x.jpg"));
    return at(random.nextInt(10) > 0 ? fresh : there);
  }

  private static <T> T any(Random random, List<T> from) {
    return from.get(random.nextInt(from.size()));
  }
}
