package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files and options that are good by themselves and do not go together. */
class OddCombinationsTest {
  private static final Path CLASSIFIER =
      Fixtures.of("efficientvit-timm-l-tiny").resolve("model.safetensors");

  @TempDir private Path folder;

  private static void assertRefused(int status, String message, Object... args) {
    String[] words = Stream.of(args).map(Object::toString).toArray(String[]::new);
    assertEquals(new Outcome(status, "", "canbridge: " + message), Outcome.of(words));
  }

  private static String otherModel(String family, String actual, Path bundle) {
    return "the inputs of the reference bundle do not go with the model\n"
        + ("  expected: a bundle of the family '" + family + "' that this model's code recorded\n")
        + ("  actual: " + actual + "\n")
        + ("  file: " + bundle.resolve("reference.safetensors") + "\n")
        + "  next: give the bundle that was made from this model\n";
  }

  @Test
  void anObjectiveOfAnotherLabelTable() {
    Path model = Fixtures.of("dit-tiny-nosigma-p4").resolve("checkpoint.pt");
    assertRefused(
        3,
        "this is no objective of the network\n"
            + "  expected: the fields of 'objective' in docs/can-format.md\n"
            + "  actual: classes and null_class must make the 11 rows of the label table, make 6\n"
            + ("  file: " + model + "\n")
            + "  key: {\"null_class\":5,\"classes\":5}\n"
            + "  next: mend --objective\n",
        "import",
        model,
        "--heads",
        "3",
        "--objective",
        "null_class=5,classes=5",
        "--out",
        folder.resolve("out"));
  }

  @Test
  void aReferenceOfAnotherFamily() {
    Path reference = Fixtures.of("uvit-tiny");
    for (Path model : List.of(CLASSIFIER, Fixtures.of("vae-tiny"), Fixtures.of("dit-pipeline"))) {
      Outcome refused = Outcome.of("verify", model.toString(), "--reference", reference.toString());
      String family =
          model == CLASSIFIER
              ? "efficientvit"
              : model.endsWith("vae-tiny") ? "autoencoder-kl" : "dit";
      assertEquals(
          new Outcome(
              3,
              "",
              """
              canbridge: the bundle was made from another family
                expected: a bundle of the family '%s', which the model is of
                actual: the family 'uvit'
                file: %s
                next: give the bundle that was made from this model
              """
                  .formatted(family, reference.resolve("reference.json"))),
          refused);
    }
  }

  @Test
  void aReferenceWithAClassThatTheModelDoesNotHave() throws IOException {
    Path model = HostileInputs.good(folder, "dit.safetensors", HostileInputs.dit());
    Path reference = Files.createDirectory(folder.resolve("reference"));
    Files.writeString(
        reference.resolve("reference.json"),
        "{\"family\": \"dit\", \"config\": {\"num_heads\": 2}}");
    SafetensorsWriter.write(
        reference.resolve("reference.safetensors"),
        Map.of(
            "input.x", MemoryTensor.of(new float[64], 1, 4, 4, 4),
            "input.t", MemoryTensor.of(new float[] {7}, 1),
            "input.y", MemoryTensor.of(new long[] {4}, 1),
            "output", MemoryTensor.of(new float[128], 1, 8, 4, 4)),
        Map.of());
    String actual = "input 'y' must hold whole numbers from 0 to 3 but holds 4";
    assertRefused(
        3, otherModel("dit", actual, reference), "verify", model, "--reference", reference);
  }

  /** They were trained in continuous time, where DDPM has no timesteps. */
  @Test
  void picturesOfPixelsWithTheDefaultSampler() throws IOException {
    Path model = TinyModels.pixels(folder.resolve("pixels"));
    Path out = folder.resolve("grid.png");

    Outcome drawn = Outcome.of("sample", model.toString(), "--steps", "2", "--out", out.toString());

    assertEquals(0, drawn.status(), drawn.err());
  }

  @Test
  void weightsThatHalfPrecisionCannotHold() throws IOException {
    Map<String, TensorData> tensors = HostileInputs.dit();
    tensors.put("final_layer.linear.bias", MemoryTensor.of(floats(32, 1e6f), 32));
    Path model = HostileInputs.good(folder, "large.safetensors", tensors);
    Path out = folder.resolve("out");
    assertRefused(
        2,
        "num_heads 2 as given (--heads)\n"
            + "canbridge: objective assumed, as of published models of dit: eps on vp-discrete, null"
            + " class 3; --objective says otherwise, --family sit reads the same tensors as that\n"
            + "canbridge: import: --dtype: final_layer.linear.bias holds values beyond the range of"
            + " F16; BF16 has the range of F32\n  next: canbridge import --help\n",
        "import",
        model,
        "--heads",
        "2",
        "--dtype",
        "f16",
        "--out",
        out);
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(model), left.toList());
    }
  }

  private static float[] floats(int count, float value) {
    float[] values = new float[count];
    Arrays.fill(values, value);
    return values;
  }

  @Test
  void aFolderThatNoQuickstartMadeIsLeftAlone() throws IOException {
    Path mine = Files.createDirectories(folder.resolve("mine"));
    Path file = Files.writeString(mine.resolve("index.html"), "mine");

    assertRefused(
        4,
        """
        cannot write
          actual: it is not empty, and no quickstart has made it
          file: %s
          next: choose another folder with --out
        """
            .formatted(mine),
        "quickstart",
        "--out",
        mine);

    assertEquals("mine", Files.readString(file));
    try (Stream<Path> left = Files.list(mine)) {
      assertEquals(List.of(file), left.toList());
    }
  }

  @Test
  void picturesOfAClassifier() {
    assertRefused(
        2,
        """
        sample: there is no sampling for the architecture 'efficientvit'
          next: canbridge sample --help
        """,
        "sample",
        CLASSIFIER,
        "--out",
        folder.resolve("grid.png"));
  }
}
