package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.formats.TensorFiles;
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
    return moved("import", name, "--out", folder.resolve("model").toString());
  }

  private static Outcome moved(String command, String name, String... more) {
    List<String> line = new ArrayList<>(List.of(command, FILES.resolve(name).toString()));
    line.addAll(List.of("--heads", "2", "--allow-nonfinite"));
    line.addAll(List.of(more));
    return Outcome.of(line.toArray(String[]::new));
  }

  @Test
  void weightsThatAreNotFiniteAreMovedOnlyIfThatIsAllowed() throws IOException {
    String file = FILES.resolve("not_finite.pt").toString();
    String out = Files.createDirectory(folder.resolve("out")).resolve("x").toString();
    for (String[] command :
        new String[][] {
          {"import", file, "--heads", "2", "--out", out},
          {"import", file, "--heads", "2", "--dtype", "f16", "--out", out},
          {"export", file, "--heads", "2", "--format", "published", "--out", out}
        }) {
      Outcome outcome = Outcome.of(command);
      assertEquals(3, outcome.status(), outcome.err());
      assertTrue(
          outcome
              .err()
              .endsWith(
                  """
                  canbridge: the weights are not finite
                    expected: numbers
                    actual: 2 of its 32 values are not finite, the first at element 0
                    file: %s
                    key: final_layer.linear.bias
                    next: get a sound copy of the file; --allow-nonfinite moves them as they are
                  """
                      .formatted(file)),
          outcome.err());
      try (Stream<Path> left = Files.list(folder.resolve("out"))) {
        assertEquals(List.of(), left.toList());
      }
    }
    Outcome exported = moved("export", "not_finite.pt", "--format", "published", "--out", out);
    assertEquals(0, exported.status(), exported.err());
    assertEquals(1, warnings(exported).size(), exported.err());
    assertTrue(
        exported.err().endsWith("canbridge: not run again, since its weights are not finite\n"),
        exported.err());
    assertEquals(1, exported.out().lines().count(), exported.out());
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

  @Test
  void whatIsRefusedSaysItsChecksumToo() throws IOException {
    byte[] bytes = Files.readAllBytes(FILES.resolve("not_finite.pt"));
    bytes[firstNan(bytes)] = 1; // another NaN
    Path file = Files.write(folder.resolve("both.pt"), bytes);
    String out = folder.resolve("model").toString();
    Outcome outcome = Outcome.of("import", file.toString(), "--heads", "2", "--out", out);
    assertEquals(3, outcome.status());
    assertTrue(outcome.err().contains("2 of its 32 values are not finite"), outcome.err());
    assertEquals(1, warnings(outcome).size(), outcome.err());
    assertTrue(warnings(outcome).get(0).contains("does not fit its bytes"), outcome.err());
  }

  private static int firstNan(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    return IntStream.range(0, bytes.length - 3)
        .filter(at -> buffer.getInt(at) == 0x7fc00000)
        .findFirst()
        .orElseThrow();
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

  /** What Java says when a mapped page is gone names no file. */
  @Test
  void aMappedFileThatBecameShorterIsNamed() throws IOException {
    Path file = Files.copy(FILES.resolve("plain.pt"), folder.resolve("cut.pt"));
    try (TensorFile opened = TensorFiles.open(file)) {
      opened.tensors().values().forEach(tensor -> tensor.bytes());
      long size = Files.size(file);
      Files.write(file, new byte[10]);
      Failure failure = Failure.of(new InternalError("a fault occurred in an unsafe access"));
      assertEquals(ExitStatus.BAD_INPUT, failure.status());
      assertEquals(
          """
          the file became shorter while it was open
            expected: %d bytes
            file: %s
            next: let whatever writes it finish, then start again"""
              .formatted(size, file),
          failure.message());
    }
  }
}
