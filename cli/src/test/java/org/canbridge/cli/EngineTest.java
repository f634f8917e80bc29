package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code --engine} on the commands that have it. */
class EngineTest {
  private static final Path BUNDLE = Fixtures.of("dit-tiny");
  private static final String MODEL = BUNDLE.resolve("checkpoint.pt").toString();

  @TempDir private Path folder;

  private Path draw(String name, String engine) {
    Path out = folder.resolve(name);
    Outcome outcome =
        Outcome.of(
            "sample",
            MODEL,
            "--heads",
            "3",
            "--sampler",
            "ddim",
            "--steps",
            "10",
            "--count",
            "3",
            "--save-latents",
            out.toString(),
            "--engine",
            engine);
    assertEquals(0, outcome.status(), outcome.err());
    assertTrue(
        outcome
            .err()
            .lines()
            .allMatch(l -> l.startsWith("canbridge: ") || l.startsWith("sampling")),
        outcome.err());
    return out;
  }

  private static float[] latents(Path path) {
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      return Tensors.floats(file.tensors().values().iterator().next());
    }
  }

  @Test
  void bothEnginesDrawTheSame() throws IOException {
    Path once = draw("once.safetensors", "onnxruntime");
    float[] expected = latents(draw("pytorch.safetensors", "pytorch"));
    float largest = 0;
    for (float each : expected) {
      largest = Math.max(largest, Math.abs(each));
    }
    assertArrayEquals(expected, latents(once), 1e-4f * largest);
    assertArrayEquals(
        Files.readAllBytes(once), Files.readAllBytes(draw("twice.safetensors", "onnxruntime")));
    assertTrue(
        Files.readString(once, StandardCharsets.ISO_8859_1).contains("\"engine\":\"onnxruntime\""));
  }

  private Path picture(Path model, String engine) {
    Path out = folder.resolve(engine + ".png");
    Outcome outcome =
        Outcome.of(
            "sample",
            model.toString(),
            "--steps",
            "5",
            "--count",
            "2",
            "--out",
            out.toString(),
            "--engine",
            engine);
    assertEquals(0, outcome.status(), outcome.err());
    return out;
  }

  /** From the scheduler's file to the picture, by what was exported alone. */
  @Test
  void anExportedPipelineDrawsWholePictures() throws IOException {
    Path exported = folder.resolve("exported");
    Path pipeline = Fixtures.of("dit-pipeline");
    Outcome outcome =
        Outcome.of("export", pipeline.toString(), "--format", "onnx", "--out", exported.toString());
    assertEquals(0, outcome.status(), outcome.err());
    BufferedImage expected = ImageIO.read(picture(pipeline, "pytorch").toFile());
    BufferedImage found = ImageIO.read(picture(exported, "onnxruntime").toFile());
    assertEquals(expected.getWidth(), found.getWidth());
    for (int y = 0; y < expected.getHeight(); y++) {
      for (int x = 0; x < expected.getWidth(); x++) {
        for (int shift = 0; shift < 24; shift += 8) {
          int apart =
              (expected.getRGB(x, y) >> shift & 0xff) - (found.getRGB(x, y) >> shift & 0xff);
          assertTrue(Math.abs(apart) <= 1, x + ", " + y + " differ by " + apart);
        }
      }
    }
  }

  @Test
  void aJobKeepsItsEngine() throws IOException {
    Path job = folder.resolve("job.json");
    Outcome written =
        Outcome.of(
            "sample",
            MODEL,
            "--heads",
            "3",
            "--sampler",
            "ddim",
            "--steps",
            "2",
            "--count",
            "1",
            "--engine",
            "onnxruntime",
            "--save-job",
            job.toString());
    assertEquals(0, written.status(), written.err());
    assertTrue(Files.readString(job).contains("\"engine\" : \"onnxruntime\""));
    Path out = folder.resolve("out");
    Outcome run = Outcome.of("sample", "--job", job.toString(), "--out", out.toString());
    assertEquals(0, run.status(), run.err());
    assertTrue(Files.readString(out.resolve("samples.json")).contains("\"engine\""));
  }

  @Test
  void verifyNamesTheEngine() {
    Outcome outcome =
        Outcome.of("verify", MODEL, "--reference", BUNDLE.toString(), "--engine", "onnxruntime");
    assertEquals(0, outcome.status(), outcome.out() + outcome.err());
    assertEquals("", outcome.err());
    assertTrue(outcome.out().contains("engine ONNX Runtime, float32\n"), outcome.out());
    assertFalse(outcome.out().contains("kernels"), outcome.out());
  }

  @ParameterizedTest
  @MethodSource
  void whatItDoesNotDoIsRefused(String option, String value, String message) {
    Path out = folder.resolve("out.safetensors");
    Outcome outcome =
        Outcome.of(
            "sample",
            MODEL,
            "--heads",
            "3",
            "--save-latents",
            out.toString(),
            "--engine",
            "onnxruntime",
            option,
            value);
    assertEquals(
        "canbridge: sample: " + message + "\n  next: canbridge sample --help\n",
        outcome.err().replaceFirst("_gpu [\\d.]+", "_gpu VERSION"));
    assertEquals(2, outcome.status());
    assertFalse(Files.exists(out));
  }

  static Stream<Arguments> whatItDoesNotDoIsRefused() {
    String limits = "onnxruntime computes in f32, on cpu or cuda; take these or pytorch";
    String library =
        "the ONNX Runtime here runs on cpu alone; for 'cuda:0' put"
            + " com.microsoft.onnxruntime:onnxruntime_gpu VERSION"
            + " in the place of onnxruntime, with the CUDA and cuDNN that it names";
    return Stream.of(
        Arguments.of("--precision", "bf16", "--engine: " + limits),
        Arguments.of("--device", "mps", "--device: " + limits),
        Arguments.of("--device", "cuda", "--device: " + library));
  }
}
