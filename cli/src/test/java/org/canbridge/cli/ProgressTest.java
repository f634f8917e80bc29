package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream err = new PrintStream(bytes, true, StandardCharsets.UTF_8);
  private long now;

  private List<String> lines() {
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }

  private void run(long total, long nanosAStep) {
    try (Progress progress = new ProgressLines(err, "sampling", total, "steps", () -> now)) {
      for (long done = 1; done <= total; done++) {
        now += nanosAStep;
        progress.advanceTo(done);
      }
    }
  }

  @Test
  void aSteadyJobHasALineForEveryTenth() {
    run(50, 300_000_000L);

    assertEquals(10, lines().size());
    assertEquals("sampling: 5 of 50 steps (10 %), 2 s, 3.33 steps/s, 14 s left", lines().get(0));
    assertEquals("sampling: 50 of 50 steps (100 %), 15 s, 3.33 steps/s, 0 s left", lines().get(9));
  }

  @Test
  void aSlowJobHasALineEveryFiveSeconds() {
    run(1000, 1_000_000_000L);

    assertEquals("sampling: 5 of 1000 steps (0 %), 5 s, 1.00 steps/s, 995 s left", lines().get(0));
    assertTrue(
        lines().contains("sampling: 100 of 1000 steps (10 %), 100 s, 1.00 steps/s, 900 s left"),
        lines().toString());
    assertEquals(200, lines().size());
  }

  @Test
  void aQuickJobHasItsLastLineOnly() {
    run(1000, 100_000L);

    assertEquals(
        List.of("sampling: 1000 of 1000 steps (100 %), 0 s, 1.00e+04 steps/s, 0 s left"), lines());
  }

  @Test
  void theLastLineIsWrittenOnce() {
    try (Progress progress = new ProgressLines(err, "import", 2, "files", () -> now)) {
      progress.advanceTo(2);
      progress.advanceTo(2);
    }

    assertEquals(1, lines().size());
  }

  @Test
  void aTerminalShowsABarThatEndsFull() {
    try (Progress progress = new ProgressTerminal(err, 80, "sampling", 4, "steps")) {
      for (int done = 1; done <= 4; done++) {
        progress.advanceTo(done);
      }
    }

    String last = bytes.toString(StandardCharsets.UTF_8);
    last = last.substring(last.lastIndexOf('\r') + 1).stripTrailing();
    assertTrue(last.matches("sampling 100% \\[=+\\] 4/4 steps .*"), last);
    assertTrue(last.length() < 80, last);
  }
}
