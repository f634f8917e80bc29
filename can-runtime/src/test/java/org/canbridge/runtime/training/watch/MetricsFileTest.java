package org.canbridge.runtime.training.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class MetricsFileTest {
  private static final String FIRST =
      "{\"step\":1,\"loss\":0.1,\"terms\":{\"mse\":0.25,\"vb\":1.0E-5},\"learning_rate\":1.0E-4,"
          + "\"gradient_norm\":2.0,\"images_per_second\":100.5,\"seconds\":1.5}\n";

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve(MetricsFile.NAME);
  }

  private static StepMetrics step(long step) {
    return new StepMetrics(
        step,
        0.1,
        Map.of("vb", 1e-5, "mse", 0.25),
        1e-4,
        2,
        100.5,
        1.5 * step,
        OptionalDouble.empty());
  }

  private void write(long... steps) throws IOException {
    try (MetricsFile metrics = MetricsFile.open(file, 0)) {
      for (long step : steps) {
        metrics.append(step(step));
      }
    }
  }

  private List<Long> stored() throws IOException {
    return MetricsFile.read(file).stream().map(StepMetrics::step).toList();
  }

  @Test
  void aLineHasItsFieldsInOrderAndReadsBackEqual() throws IOException {
    write(1, 2);

    assertEquals(FIRST, Files.readAllLines(file).get(0) + "\n");
    assertEquals(List.of(step(1), step(2)), MetricsFile.read(file));
  }

  @Test
  void everyDoubleReadsBackAsItIs() throws IOException {
    StepMetrics odd =
        new StepMetrics(
            Long.MAX_VALUE,
            Double.NaN,
            Map.of("a \"b\"\n", Double.NEGATIVE_INFINITY),
            0.1 + 0.2,
            Double.POSITIVE_INFINITY,
            Double.MIN_VALUE,
            -0.0,
            OptionalDouble.of(Double.NaN));
    try (MetricsFile metrics = MetricsFile.open(file, 0)) {
      metrics.append(odd);
    }

    assertEquals(List.of(odd), MetricsFile.read(file));
    assertEquals(
        "{\"step\":9223372036854775807,\"loss\":\"NaN\",\"terms\":{\"a \\\"b\\\"\\n\":"
            + "\"-Infinity\"},\"learning_rate\":0.30000000000000004,\"gradient_norm\":\"Infinity\","
            + "\"images_per_second\":4.9E-324,\"seconds\":-0.0,\"held_out\":\"NaN\"}\n",
        Files.readString(file));
  }

  @Test
  void beforeTheFirstStepThereIsTheHeldOutLossAlone() throws IOException {
    try (MetricsFile metrics = MetricsFile.open(file, 0)) {
      assertTrue(metrics.isEmpty());
      metrics.append(StepMetrics.start(0.5, 2));
      metrics.append(step(1));
    }
    assertEquals("{\"step\":0,\"seconds\":2.0,\"held_out\":0.5}\n" + FIRST, Files.readString(file));
    assertEquals(List.of(StepMetrics.start(0.5, 2), step(1)), MetricsFile.read(file));
    try (MetricsFile metrics = MetricsFile.open(file, 0)) {
      assertFalse(metrics.isEmpty());
      assertThrows(IllegalArgumentException.class, () -> metrics.append(StepMetrics.start(0.5, 2)));
    }
  }

  @Test
  void aLineIsInTheFileAtOnce() throws IOException {
    try (MetricsFile metrics = MetricsFile.open(file, 0)) {
      metrics.append(step(1));
      assertEquals(FIRST, Files.readString(file));
    }
  }

  @Test
  void resumingCutsLaterStepsAndGoesOn() throws IOException {
    write(1, 2, 5, 6);

    try (MetricsFile metrics = MetricsFile.open(file, 4)) {
      assertEquals(List.of(1L, 2L), stored());
      metrics.append(step(5));
      metrics.append(step(8));
    }

    assertEquals(List.of(1L, 2L, 5L, 8L), stored());
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
  }

  @Test
  void aNewRunStartsAnEmptyFile() throws IOException {
    write(1, 2);
    MetricsFile.open(file, 0).close();

    assertEquals("", Files.readString(file));
  }

  /** Also a line that lacks nothing but its end, and blocks of zeros after a power cut. */
  @ParameterizedTest
  @ValueSource(strings = {"{\"step\":2,\"lo", "{", "\0\0\0\0", "{\"step\":3} "})
  void aTornLineIsReadAsNoneAndCutOnResume(String torn) throws IOException {
    write(1);
    Files.writeString(file, torn, StandardOpenOption.APPEND);

    assertEquals(List.of(1L), stored());
    try (MetricsFile metrics = MetricsFile.open(file, 100)) {
      assertEquals(FIRST, Files.readString(file));
      metrics.append(step(101));
    }
    assertEquals(List.of(1L, 101L), stored());
  }

  @Test
  void linesAreReadAcrossPieces() throws IOException {
    try (MetricsFile metrics = MetricsFile.open(file, 0)) {
      for (int i = 1; i <= 2000; i++) {
        metrics.append(step(i));
      }
    }
    long length = Files.size(file);

    List<StepMetrics> all = MetricsFile.read(file);

    assertEquals(2000, all.size());
    assertEquals(step(1999), all.get(1998));
    MetricsFile.open(file, 1999).close();
    assertEquals(length - MetricsJson.line(step(2000)).length, Files.size(file));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "{\"step\":2}",
        "{\"step\":2,\"loss\":1,\"terms\":{},\"learning_rate\":1,\"gradient_norm\":1,"
            + "\"images_per_second\":1,\"seconds\":1,\"more\":1}",
        "{\"step\":2.5,\"loss\":1,\"terms\":{},\"learning_rate\":1,\"gradient_norm\":1,"
            + "\"images_per_second\":1,\"seconds\":1}",
        "{\"step\":1,\"loss\":1,\"terms\":{},\"learning_rate\":1,\"gradient_norm\":1,"
            + "\"images_per_second\":1,\"seconds\":1}",
        "{\"step\":2,\"loss\":\"nan\",\"terms\":{},\"learning_rate\":1,\"gradient_norm\":1,"
            + "\"images_per_second\":1,\"seconds\":1}",
        "{\"step\":2,\"loss\":1,\"terms\":{\"a\":null},\"learning_rate\":1,\"gradient_norm\":1,"
            + "\"images_per_second\":1,\"seconds\":1}",
        "{\"step\":2,\"loss\":1,\"loss\":1,\"terms\":{},\"learning_rate\":1,\"gradient_norm\":1,"
            + "\"images_per_second\":1,\"seconds\":1}",
      })
  void aMalformedLineIsAnErrorThatNamesIt(String line) throws IOException {
    Files.writeString(file, FIRST + line + "\n");

    InputFileException e = assertThrows(InputFileException.class, () -> MetricsFile.read(file));
    assertEquals(MetricsProblem.MALFORMED, e.problem());
    List<String> message = e.getMessage().lines().toList();
    assertEquals("line 2 is not the metrics of a step", message.get(0));
    assertEquals("  file: " + file, message.get(3));
    assertThrows(InputFileException.class, () -> MetricsFile.open(file, 9));
    assertEquals(FIRST + line + "\n", Files.readString(file));
  }

  @Test
  void stepsAscend() throws IOException {
    try (MetricsFile metrics = MetricsFile.open(file, 0)) {
      metrics.append(step(3));
      assertEquals(
          "step 3 after step 3",
          assertThrows(IllegalArgumentException.class, () -> metrics.append(step(3))).getMessage());
    }
    assertEquals(List.of(3L), stored());
    assertThrows(IllegalArgumentException.class, () -> step(0));
  }

  @Test
  void aMissingFileIsNamed() {
    InputFileException e = assertThrows(InputFileException.class, () -> MetricsFile.read(file));
    assertEquals(FileProblem.MISSING, e.problem());
  }

  /** Ctrl-C interrupts the training thread; the line it is writing must not be lost for that. */
  @Test
  void anInterruptedThreadCanWrite() throws IOException {
    try (MetricsFile metrics = MetricsFile.open(file, 0)) {
      Thread.currentThread().interrupt();
      metrics.append(step(1));
      assertEquals(true, Thread.interrupted());
      metrics.append(step(2));
    }
    assertEquals(List.of(1L, 2L), stored());
  }
}
