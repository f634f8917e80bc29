package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damage that only the data show: named where files are moved, refused where they are used. */
class DamagedWeightsTest {
  private static final Path FILES = Fixtures.of("field-checkpoints");

  @TempDir private Path folder;

  private static List<String> warnings(Outcome outcome) {
    return outcome.err().lines().filter(line -> line.contains("warning")).toList();
  }

  private Outcome imported(String name) {
    return Outcome.of(
        "import",
        FILES.resolve(name).toString(),
        "--heads",
        "2",
        "--out",
        folder.resolve("model").toString());
  }

  @Test
  void importNamesWeightsThatAreNotFinite() {
    Outcome outcome = imported("not_finite.pt");
    assertEquals(0, outcome.status());
    assertEquals(
        List.of(
            "canbridge: warning: final_layer.linear.bias: 2 of its 32 values are not finite, the"
                + " first at element 0"),
        warnings(outcome));
  }

  @Test
  void importNamesAChecksumThatDoesNotFit() {
    Outcome outcome = imported("crc.pt");
    assertEquals(0, outcome.status());
    assertEquals(
        List.of(
            "canbridge: warning: the checksum of archive/data/2 (x_embedder.proj.bias) does not fit"
                + " its bytes; the file may be damaged"),
        warnings(outcome));
    assertTrue(warnings(imported("plain.pt")).isEmpty());
  }

  private void refused(Path file, String... args) throws IOException {
    String message =
        """
        canbridge: the weights are not finite, so nothing can be computed with them
          expected: numbers
          actual: 2 of its 32 values are not finite, the first at element 0
          file: %s
          key: final_layer.linear.bias
          next: get a sound copy of the file, or an earlier checkpoint of the training
        """
            .formatted(file);
    Path out = Files.createDirectories(folder.resolve("out"));
    Outcome outcome = Outcome.of(args);
    assertEquals(3, outcome.status(), outcome.err());
    assertTrue(outcome.err().endsWith(message), outcome.err());
    try (Stream<Path> left = Files.list(out)) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void nothingIsComputedWithThem() throws IOException {
    assertEquals(0, imported("not_finite.pt").status());
    String model = folder.resolve("model").toString();
    Path weights = folder.resolve("model").resolve("model.safetensors");
    String out = folder.resolve("out").resolve("x").toString();
    refused(weights, "sample", model, "--steps", "2", "--save-latents", out);
    refused(weights, "convert", model, "--out", out);
    String file = FILES.resolve("not_finite.pt").toString();
    refused(Path.of(file), "sample", file, "--heads", "2", "--steps", "2", "--save-latents", out);
  }
}
