package org.canbridge.cli;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import org.canbridge.fixtures.Fixtures;

/** Every command that writes, on the smallest model that it takes. */
enum ChaosScene {
  IMPORT(true, "import MODEL --heads 3 --out WORK/out"),
  IMPORT_OVERWRITE(true, "import MODEL --heads 3 --out WORK/out --overwrite"),
  CONVERT(true, "convert MODEL --heads 3 --out WORK/out"),
  CONVERT_OVERWRITE(true, "convert MODEL --heads 3 --out WORK/out --overwrite"),
  BAKE(true, "bake INPUTS/by-class --class 2 --out WORK/out"),
  EXPORT_FILE(true, "export MODEL --heads 3 --format published -o WORK/out.safetensors"),
  EXPORT_FOLDER(true, "export DIFFUSERS --format diffusers -o WORK/out"),
  FINETUNE(
      false,
      "finetune MODEL --heads 3 --data INPUTS/images --out WORK/run --steps 4 --batch 2"
          + " --checkpoint-every 2 --keep 9 --sample-every 2"),
  SAMPLE_GRID(
      false,
      "sample MODEL --heads 3 --classes 1,2 --steps 2 --out WORK/grid.png"
          + " --save-latents WORK/grid.safetensors"),
  SAMPLE_FOLDER(false, "sample MODEL --heads 3 --count 6 --batch 2 --steps 2 --out WORK/many"),
  SAVE_JOB(true, "sample MODEL --heads 3 --classes 1 --save-job WORK/job.json"),
  VERIFY(false, "verify MODEL --reference BUNDLE --report WORK/report");

  /** What tells how long something took. */
  private static final String TIMES =
      "(\"(seconds|images_per_second)\" ?: ?|time=\")[0-9.eE+-]+|[0-9.]+ s\\b";

  private final boolean whole;
  private final String line;

  ChaosScene(boolean whole, String line) {
    this.whole = whole;
    this.line = line;
  }

  /** What all scenes read. */
  static void makeInputs(Path inputs) throws IOException {
    for (String name : List.of("cats", "dogs")) {
      Path images = Files.createDirectories(inputs.resolve("images").resolve(name));
      for (int i = 0; i < 4; i++) {
        BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
        image.setRGB(i, name.length(), 0xffffff);
        ImageIO.write(image, "png", images.resolve(i + ".png").toFile());
      }
    }
    Files.copy(model(), inputs.resolve("model.pt"));
    done(
        "convert",
        model() + "",
        "--heads",
        "3",
        "--condition",
        "class",
        "--out",
        inputs + "/by-class");
    done("import", model() + "", "--heads", "3", "--dtype", "f16", "--out", inputs + "/older");
  }

  private static void done(String... args) {
    Outcome outcome = Outcome.of(args);
    if (outcome.status() != 0) {
      throw new AssertionError(outcome.err());
    }
  }

  private static Path model() {
    return Fixtures.of("dit-tiny-nosigma-p4").resolve("checkpoint.pt");
  }

  /** The command line. */
  List<String> args(Path inputs, Path work) {
    List<String> args = new ArrayList<>();
    for (String word : List.of(line.split(" "))) {
      args.add(
          word.replace("MODEL", inputs + "/model.pt")
              .replace("BUNDLE", Fixtures.of("dit-tiny-nosigma-p4").toString())
              .replace("DIFFUSERS", Fixtures.of("dit-diffusers").toString())
              .replace("INPUTS", inputs.toString())
              .replace("WORK", work.toString()));
    }
    return args;
  }

  /** The command line after a kill. */
  List<String> argsAgain(Path inputs, Path work) {
    List<String> args = args(inputs, work);
    if (this == FINETUNE && Files.exists(work.resolve("run/run.json"))) {
      args.add("--resume");
    }
    return args;
  }

  /** Whether the result is there at once, and not as several files that are each whole. */
  boolean isWhole() {
    return whole;
  }

  /** Whether it replaces what is there. */
  boolean overwrites() {
    return line.endsWith("--overwrite");
  }

  /** What is there before the command. */
  void prepare(Path inputs, Path work) throws IOException {
    if (overwrites()) {
      Path older = inputs.resolve("older");
      try (var files = Files.list(older)) {
        Files.createDirectory(work.resolve("out"));
        for (Path file : files.toList()) {
          Files.copy(file, work.resolve("out").resolve(file.getFileName()));
        }
      }
    }
  }

  /** Every file and folder below a folder, hidden ones too, with its content or a digest of it. */
  static Map<String, String> tree(Path work) throws IOException {
    Map<String, String> tree = new TreeMap<>();
    try (var files = Files.walk(work)) {
      for (Path file : files.filter(each -> !each.equals(work)).toList()) {
        String name = work.relativize(file).toString();
        tree.put(name.replaceAll("(tfevents\\.)[0-9]+", "$1TIME"), content(work, file));
      }
    }
    return tree;
  }

  private static String content(Path work, Path file) throws IOException {
    if (Files.isDirectory(file)) {
      return "a folder";
    }
    String name = file.getFileName().toString();
    byte[] bytes = Files.readAllBytes(file);
    if (name.matches("index\\.html|metrics\\.csv|events\\..*")) {
      return "a file"; // in which stands how long steps took, too
    }
    if (name.matches(".*\\.(jsonl?|xml|html)")) {
      String text = new String(bytes, StandardCharsets.UTF_8);
      return text.replace(work.toString(), "WORK").replaceAll(TIMES, "$1TIME");
    }
    return bytes.length + " bytes, hash " + Arrays.hashCode(bytes);
  }

  /** Without what is hidden. */
  static Map<String, String> visible(Map<String, String> tree) {
    Map<String, String> visible = new TreeMap<>(tree);
    visible.keySet().removeIf(name -> name.startsWith(".") || name.contains("/."));
    return visible;
  }
}
