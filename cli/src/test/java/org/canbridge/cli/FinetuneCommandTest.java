package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import javax.imageio.ImageIO;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.files.NameLock;
import org.canbridge.tensors.formats.TensorFiles;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Fine-tuning through the command line, on the bundled checkpoint and images. */
class FinetuneCommandTest {
  @TempDir private Path folder;

  private static final String MODEL = Fixtures.of("dit-fmnist") + "/checkpoint.pt";
  private static final String IMAGES = Fixtures.data("fashion-mnist").toString();

  private String at(String name) {
    return folder.resolve(name).toString();
  }

  private Outcome finetune(String out, String... more) {
    return finetuneOn(IMAGES, out, more);
  }

  private Outcome finetuneOn(String data, String out, String... more) {
    return Outcome.of(
        Stream.concat(
                Stream.of(
                    "finetune",
                    MODEL,
                    "--heads",
                    "4",
                    "--data",
                    data,
                    "--out",
                    at(out),
                    "--batch",
                    "8"),
                Stream.concat(
                    // Measured where a test asks for it: it takes a second.
                    List.of(more).contains("--validation")
                        ? Stream.of()
                        : Stream.of("--validation", "none"),
                    Stream.of(more)))
            .toArray(String[]::new));
  }

  @Test
  void aRunLeavesAModelCurvesAndSheets() throws IOException {
    String[] options = {"--steps", "4", "--sample-every", "4", "--keep", "1"};
    Outcome done = finetune("run", with(options, "--validation", "0.002"));
    assertEquals(0, done.status(), done.err());
    List<String> said = done.out().lines().toList();
    assertEquals(
        List.of("trained 4 steps", "wrote " + at("run/model")), List.of(said.get(0), said.get(2)));
    assertTrue(said.get(1).matches("held-out loss 0\\.\\d{5} -> 0\\.\\d{5}"), said.get(1));
    assertTrue(
        done.err()
            .contains(
                "training 1,871,136 of 1,877,408 parameters on 5,988 examples of 1x28x28, held out"
                    + " 12\n"),
        done.err());
    assertTrue(done.err().contains("training: 4 of 4 steps (100 %)"), done.err());
    assertTrue(done.err().contains("; loss 0.0"), done.err());
    assertEquals(5, Files.readAllLines(folder.resolve("run/metrics.jsonl")).size());
    assertEquals(6, Files.readAllLines(folder.resolve("run/metrics.csv")).size());
    Outcome other = finetune("run", with(options, "--validation", "0.001", "--resume"));
    assertEquals(3, other.status(), other.err());
    assertTrue(
        other.err().contains("validation was 12 of the examples and is now 6 of the examples"),
        other.err());
    Path sheet = folder.resolve("run/samples/step-00000004.png");
    byte[] undisturbed = Files.readAllBytes(sheet);
    assertEquals(10 * 28 + 9 * 2, ImageIO.read(sheet.toFile()).getWidth());
    Files.delete(sheet); // as after a kill between a checkpoint and its sheet
    Outcome resumed = finetune("run", with(options, "--validation", "0.002", "--resume"));
    assertEquals(0, resumed.status(), resumed.err());
    assertArrayEquals(undisturbed, Files.readAllBytes(sheet));
    assertTrue(Files.readString(folder.resolve("run/index.html")).contains("<svg"));
    Outcome sample =
        Outcome.of(
            "sample",
            at("run/model"),
            "--out",
            at("one.png"),
            "--classes",
            "7",
            "--steps",
            "4",
            "--sampler",
            "unipc");
    assertEquals(0, sample.status(), sample.err());
    assertTrue(
        Files.readString(folder.resolve("run/model/config.json"))
            .contains("trained (all): 4 steps of 8 examples of 'fashion-mnist'"));
  }

  @Test
  void aModelRemembersWhatItsClassesAreCalled() throws IOException {
    trainOneStep("bag", "boot", "coat", "dress", "pullover", "sandal", "shirt", "t-shirt");
    Outcome converted =
        Outcome.of("convert", at("run/model"), "--out", at("can"), "--targets", "out_proj");
    assertEquals(0, converted.status(), converted.err());
    for (String model : List.of("run/model", "can")) {
      assertTrue(
          Files.readString(folder.resolve(model + "/config.json"))
              .replaceAll("\\s", "")
              .contains(
                  "\"class_names\":{\"0\":[\"bag\"],\"1\":[\"boot\"],\"2\":[\"coat\"],\"3\":[\"dress\"],"));
      String job = at(model.replace('/', '-') + ".json");
      Outcome named = Outcome.of("sample", at(model), "--classes", "Dress,boot", "--save-job", job);
      assertEquals(0, named.status(), named.err());
      assertTrue(
          Files.readString(Path.of(job)).replaceAll("\\s", "").contains("\"classes\":[3,1]"));
    }
  }

  /** On one black image of each class. */
  private void trainOneStep(String... classes) throws IOException {
    for (String name : classes) {
      Path of = Files.createDirectories(folder.resolve("data").resolve(name));
      BufferedImage image = new BufferedImage(28, 28, BufferedImage.TYPE_BYTE_GRAY);
      ImageIO.write(image, "png", of.resolve("0.png").toFile());
    }
    Outcome done = finetuneOn(at("data"), "run", "--steps", "1", "--sample-every", "0");
    assertEquals(0, done.status(), done.err());
  }

  @Test
  void numbersAreNoNames() throws IOException {
    trainOneStep("10", "11", "12", "13", "14", "15", "16", "17");
    assertFalse(Files.readString(folder.resolve("run/model/config.json")).contains("class_names"));
  }

  private static String[] with(String[] options, String... more) {
    return Stream.of(options, more).flatMap(Stream::of).toArray(String[]::new);
  }

  @Test
  void whatCannotBeMeasuredOnIsRefused() {
    Path images = Path.of(IMAGES).resolve("train-images-idx3-ubyte.gz");
    Outcome same = finetune("no", "--validation", images.toString());
    assertEquals(2, same.status(), same.err());
    assertTrue(
        same.err()
            .contains(images + " holds the examples that are trained on, not others to measure on"),
        same.err());
    Outcome all = finetune("no", "--validation", "1");
    assertEquals(2, all.status(), all.err());
    assertTrue(
        all.err()
            .contains(
                "--validation is '1', but a share of the training data is at most 0.5; a file of"
                    + " that name is ./1"),
        all.err());
    assertFalse(Files.exists(folder.resolve("no")), "nothing is left behind");
  }

  @Test
  void aFinishedRunCanBeMadeLonger() throws IOException {
    String[] options = {"--schedule", "constant", "--sample-every", "0", "--steps"};
    assertEquals(0, finetune("parts", with(options, "2")).status());
    Outcome more = finetune("parts", with(options, "4", "--resume"));
    assertEquals(0, more.status(), more.err());
    assertTrue(more.err().contains("from step 2 on"), more.err());
    assertEquals(0, finetune("whole", with(options, "4")).status());
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("whole/model/model.safetensors")),
        Files.readAllBytes(folder.resolve("parts/model/model.safetensors")));
  }

  /** Files of the same names, with as many images of the same size. */
  @Test
  void otherDataOfTheSameSizeIsRefused() throws IOException {
    Path mine = Files.createDirectory(folder.resolve("mine"));
    Path images = mine.resolve("train-images-idx3-ubyte");
    for (Path file : List.of(images, mine.resolve("train-labels-idx1-ubyte"))) {
      Path bundled = Path.of(IMAGES).resolve(file.getFileName() + ".gz");
      try (InputStream bytes = new GZIPInputStream(Files.newInputStream(bundled))) {
        Files.copy(bytes, file);
      }
    }
    String[] options = {"--schedule", "constant", "--sample-every", "0", "--steps"};
    assertEquals(0, finetuneOn(mine.toString(), "run", with(options, "1")).status());
    invertLastByte(images);
    Outcome other = finetuneOn(mine.toString(), "run", with(options, "2", "--resume"));
    assertEquals(3, other.status(), other.err());
    assertTrue(other.err().contains("data_fingerprint was "), other.err());
    invertLastByte(images);
    Outcome same = finetuneOn(mine.toString(), "run", with(options, "2", "--resume"));
    assertEquals(0, same.status(), same.err());
  }

  private static void invertLastByte(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 1] ^= (byte) 0xff;
    Files.write(file, bytes);
  }

  @Test
  void whatCannotBeTrainedIsRefused() {
    Outcome backbone =
        Outcome.of(
            "finetune",
            Fixtures.of("efficientvit-b-tiny") + "/efficientvit_b_tiny.pt",
            "--data",
            IMAGES,
            "--out",
            at("no"));
    assertEquals(2, backbone.status(), backbone.err());
    assertTrue(
        backbone.err().contains("there is no training for the architecture 'efficientvit'"),
        backbone.err());
    Outcome nothing = finetune("no", "--train", "blocks.77.*");
    assertEquals(2, nothing.status(), nothing.err());
    assertTrue(nothing.err().contains("'blocks.77.*' chooses no"), nothing.err());
    Outcome pixels =
        Outcome.of(
            "finetune",
            Fixtures.of("dit-tiny") + "/checkpoint.pt",
            "--heads",
            "3",
            "--data",
            IMAGES,
            "--out",
            at("no"));
    assertEquals(3, pixels.status(), pixels.err());
    assertEquals(0, finetune("there", "--steps", "1", "--sample-every", "0").status());
    Outcome there = finetune("there");
    assertEquals(4, there.status(), there.err());
    assertEquals(
        """
        canbridge: cannot write
          actual: it exists already
          file: %s
          next: choose another name, or go on with it: --resume
        """
            .formatted(at("there")),
        there.err());
    Outcome rate = finetune("no", "--lr", "-1");
    assertEquals(2, rate.status(), rate.err());
    Outcome resumed = finetune("no", "--resume");
    assertEquals(3, resumed.status(), resumed.err());
    assertTrue(resumed.err().contains("there is no training run to go on with"), resumed.err());
    assertFalse(Files.exists(folder.resolve("no")), "nothing is left behind");
  }

  @Test
  void examplesWithoutTheModelsConditionAreRefused() throws IOException {
    Path latents = folder.resolve("latents.safetensors");
    SafetensorsWriter.write(
        latents, Map.of("latents", MemoryTensor.of(new float[4 * 256], 4, 4, 8, 8)), Map.of());
    Outcome labels =
        Outcome.of(
            "finetune",
            Fixtures.of("dit-tiny") + "/checkpoint.pt",
            "--heads",
            "3",
            "--data",
            latents.toString(),
            "--out",
            at("no"));
    assertEquals(2, labels.status(), labels.err());
    assertTrue(
        labels.err().contains("the model takes classes, but the examples of " + latents),
        labels.err());
    Outcome text =
        Outcome.of(
            "finetune",
            Fixtures.of("uvit-t2i-tiny") + "/nnet_ema.pth",
            "--heads",
            "2",
            "--text-tokens",
            "7",
            "--data",
            latents.toString(),
            "--out",
            at("no"));
    assertEquals(2, text.status(), text.err());
    assertTrue(text.err().contains("the model takes text features of 7x32"), text.err());
    assertFalse(Files.exists(folder.resolve("no")), "nothing is left behind");
  }

  /** Random latents of 4x8x8 with these labels, one each. */
  private String latents(long... labels) throws IOException {
    Path file = folder.resolve("latents.safetensors");
    Random random = new Random(7);
    float[] values = new float[labels.length * 256];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    SafetensorsWriter.write(
        file,
        Map.of(
            "latents",
            MemoryTensor.of(values, labels.length, 4, 8, 8),
            "labels",
            MemoryTensor.of(labels, labels.length)),
        Map.of());
    return file.toString();
  }

  private Outcome trained(Path model, String data, String out, String... more) {
    Stream<String> command =
        Stream.of("finetune", model.toString(), "--data", data, "--out", at(out), "--heads", "3");
    Stream<String> how = Stream.of("--batch", "2", "--steps", "2", "--sample-every", "0");
    return Outcome.of(
        Stream.concat(Stream.concat(command, how), Stream.of(more)).toArray(String[]::new));
  }

  private Outcome drawn(String label, String... more) {
    Stream<String> command =
        Stream.of("sample", at("run/model"), "--steps", "2", "--classes", label);
    Stream<String> out = Stream.of("--save-latents", at("drawn.safetensors"));
    return Outcome.of(
        Stream.concat(Stream.concat(command, out), Stream.of(more)).toArray(String[]::new));
  }

  @Test
  void aFlowModelIsTrainedAndDrawnFrom() throws IOException {
    Path sit = Fixtures.of("sit-tiny").resolve("checkpoint.pt");
    Outcome done = trained(sit, latents(0, 3, 9), "run", "--family", "sit");
    assertEquals(0, done.status(), done.err());
    assertEquals("trained 2 steps\nwrote " + at("run/model") + "\n", done.out());
    String config = Files.readString(folder.resolve("run/model/config.json"));
    assertTrue(config.contains("\"architecture\" : \"sit\""), config);
    assertTrue(config.contains("\"prediction\" : \"velocity\""), config);
    Outcome heun = drawn("9", "--cfg", "2");
    assertEquals(0, heun.status(), heun.err());
    Outcome steps = drawn("9", "--sampler", "ddim");
    assertEquals(2, steps.status(), steps.err());
  }

  /** Every row of the label table is a class, the last one too; there is no guidance. */
  @Test
  void aModelWithoutANullRowIsTrainedAndDrawnFrom() throws IOException {
    Path dit = Fixtures.of("dit-tiny-bf16").resolve("checkpoint.pt");
    Outcome done = trained(dit, latents(0, 10), "run", "--objective", "null_class=none");
    assertEquals(0, done.status(), done.err());
    checkDrawnWithoutGuidance("10");
    Outcome tooLarge = drawn("11");
    assertEquals(2, tooLarge.status(), tooLarge.err());
  }

  /** {@code num_classes 1, class_dropout_prob 0}, as an issue of DiT's repository recommends. */
  @Test
  void aModelOfOneClassIsTrainedAndDrawnFrom() throws IOException {
    Path one = folder.resolve("one.safetensors");
    try (TensorFile file =
        TensorFiles.open(Fixtures.of("dit-tiny-bf16").resolve("checkpoint.pt"))) {
      Map<String, TensorData> tensors = new LinkedHashMap<>(file.tensors());
      tensors.put("y_embedder.embedding_table.weight", MemoryTensor.of(new float[48], 1, 48));
      SafetensorsWriter.write(one, tensors, Map.of());
    }
    Outcome done = trained(one, latents(0, 0), "run");
    assertEquals(0, done.status(), done.err());
    assertTrue(done.err().contains("eps on vp-discrete, no null class"), done.err());
    checkDrawnWithoutGuidance("0");
  }

  private void checkDrawnWithoutGuidance(String label) {
    Outcome plain = drawn(label);
    assertEquals(0, plain.status(), plain.err());
    Outcome guided = drawn(label, "--cfg", "2");
    assertEquals(2, guided.status(), guided.err());
    assertTrue(
        guided.err().contains("this model has no null class, so that it cannot be guided"),
        guided.err());
  }

  @Test
  void divergenceIsAFailureThatNamesTheCheckpoint() {
    Outcome wild =
        finetune(
            "wild",
            "--steps",
            "4",
            "--lr",
            "1e20",
            "--checkpoint-every",
            "1",
            "--sample-every",
            "0");
    assertEquals(4, wild.status(), wild.err());
    for (String part : List.of("the training diverged", "step-0000000", "next: ")) {
      assertTrue(wild.err().contains(part), wild.err());
    }
  }

  @Test
  void aRunThatIsRefusedLeavesNothing() {
    Outcome refused = finetune("new/run", "--steps", "1", "--batch", "6001");

    assertTrue(refused.status() == 2 || refused.status() == 3, refused.err());
    assertFalse(Files.exists(folder.resolve("new")));
    assertEquals(0, finetune("new/run", "--steps", "1", "--sample-every", "0").status());
  }

  @Test
  void aRunThatAnotherProcessHasIsRefused() throws IOException {
    assertEquals(0, finetune("run", "--steps", "1", "--sample-every", "0").status());
    try (NameLock other = NameLock.take(folder.resolve("run/run.json"))) {
      assertTrue(Files.exists(other.file()));
      Outcome refused = finetune("run", "--steps", "1", "--sample-every", "0", "--resume");

      assertEquals(4, refused.status());
      assertTrue(
          refused.err().contains("cannot write\n  actual: in use by process "), refused.err());
      assertTrue(refused.err().endsWith("  next: let it finish, or choose another name\n"));
    }
    assertEquals(0, finetune("run", "--steps", "1", "--sample-every", "0", "--resume").status());
  }
}
