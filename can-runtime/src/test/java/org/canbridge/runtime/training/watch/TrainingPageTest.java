package org.canbridge.runtime.training.watch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.LongToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.training.watch.TrainingSummary.State;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TrainingPageTest {
  @TempDir Path run;

  private static TrainingSummary summary(State state) {
    return new TrainingSummary("dit", state, "", 1000, 5, 1234567, Map.of("seed", "0"), List.of());
  }

  private void metrics(int steps, LongToDoubleFunction loss) throws IOException {
    try (MetricsFile file = MetricsFile.open(run.resolve(MetricsFile.NAME), 0)) {
      for (int i = 1; i <= steps; i++) {
        Map<String, Double> terms =
            i % 10 == 0 ? Map.of("mse", 0.5, "validation_loss", 2.0 / i) : Map.of("mse", 0.5);
        file.append(
            new StepMetrics(
                i, loss.applyAsDouble(i), terms, 1e-4, 3, 40, 0.5 * i, OptionalDouble.empty()));
      }
    }
  }

  private String page(TrainingSummary summary) throws IOException {
    TrainingPage.write(run, summary);
    return Files.readString(run.resolve(TrainingPage.NAME));
  }

  private static List<String> all(String pattern, String text) {
    List<String> found = new ArrayList<>();
    Matcher matcher = Pattern.compile(pattern, Pattern.DOTALL).matcher(text);
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }

  /** The figure of a title. */
  private static String chart(String html, String title) {
    return all("(<figure>(?:(?!</figure>).)*?</figure>)", html).stream()
        .filter(f -> f.contains("<strong>" + title + "</strong>"))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> titles(String html) {
    return all("<strong>(.*?)</strong>", html);
  }

  @Test
  void aRunWithoutAStepSaysSo() throws IOException {
    String html = page(summary(State.RUNNING));

    assertEquals(List.of("Running: step 0 of 1,000 (0.0 %)"), all("running\">(.*?)</p>", html));
    assertTrue(html.contains("No step has been made yet."));
    assertEquals(List.of(), titles(html));
    assertEquals(List.of("5"), all("<dd>(.*?)</dd>", html));
  }

  /** In the page's own colours, which are others in the dark; the clips' names differ. */
  @Test
  void chartsAreDrawnInThePagesColoursAndSaidInWords() throws IOException {
    metrics(1, i -> 0.25);
    String html = page(summary(State.INTERRUPTED));

    String loss = chart(html, "Loss");
    assertTrue(loss.contains("fill=\"var(--curve)\""), loss);
    assertTrue(loss.contains("stroke=\"var(--line)\""), loss);
    assertEquals(List.of("Loss: 0.25 at step 1"), all("aria-label=\"(.*?)\"", loss));
    List<String> ids = all(" id=\"(c.*?)\"", html);
    assertEquals(ids.size(), Set.copyOf(ids).size());
  }

  @Test
  void whatWasHeldOutHasItsChartAndFact() throws IOException {
    try (MetricsFile file = MetricsFile.open(run.resolve(MetricsFile.NAME), 0)) {
      file.append(StepMetrics.start(0.5, 1));
      file.append(new StepMetrics(1, 1, Map.of(), 1, 1, 1, 2, OptionalDouble.of(0.25)));
    }
    String html = page(summary(State.FINISHED));

    assertEquals("0.25", all("<dd>(.*?)</dd>", html).get(1));
    assertTrue(html.contains("<dd class=\"note\">0.5 before</dd>"));
    assertEquals(
        List.of(
            "Loss on examples held out: 0.5 at step 0, 0.25 at step 1; lowest 0.25 at step 1,"
                + " highest 0.5 at step 0"),
        all("aria-label=\"(.*?)\"", chart(html, "Loss on examples held out")));
  }

  @Test
  void everyNumberHasItsChartAndFacts() throws IOException {
    metrics(200, i -> 1.0 / i);
    String html = page(summary(State.RUNNING));

    assertEquals(
        List.of(
            "Loss",
            "mse",
            "validation loss",
            "Learning rate",
            "Gradient norm",
            "Images per second"),
        titles(html));
    assertEquals(List.of("1 min 40 s", "40", "5"), all("<dd>(.*?)</dd>", html).subList(1, 4));
    assertEquals(
        List.of("last step 0.005", "about 6 min 40 s to go", "last step 40", "of 1,234,567"),
        all("<dd class=\"note\">(.*?)</dd>", html));
    assertEquals(1, all("(http-equiv=\"refresh\")", html).size());
    assertEquals(List.of("20.0"), all("of 1,000 \\((.*?) %\\)", html));
  }

  @Test
  void aLossOfOneTermIsDrawnOnce() throws IOException {
    metrics(5, i -> 0.5);
    assertFalse(titles(page(summary(State.RUNNING))).contains("mse"));
  }

  @Test
  void manyStepsMakeNoLargePageAndSpikesAreNamed() throws IOException {
    metrics(20_000, i -> i == 12_345 ? 40 : i == 777 ? 0.001 : 1 + i % 2);
    String html =
        page(new TrainingSummary("m", State.FINISHED, "", 20_000, 1, 1, Map.of(), List.of()));

    String loss = chart(html, "Loss");
    assertTrue(loss.contains("smoothed over about 400 points, logarithmic"));
    assertEquals(
        List.of(
            "Loss: 2 at step 1, 1 at step 20,000; lowest 0.001 at step 777,"
                + " highest 40 at step 12,345"),
        all("aria-label=\"(.*?)\"", loss));
    assertTrue(html.length() < 500_000, () -> "length " + html.length());
  }

  @Test
  void valuesThatAreNotFiniteBreakTheLineAndAreNamed() throws IOException {
    metrics(10, i -> i == 3 ? Double.NaN : i == 7 ? Double.POSITIVE_INFINITY : 1);
    String loss = chart(page(summary(State.DIVERGED)), "Loss");

    assertTrue(loss.contains("stroke=\"var(--bad)\""), loss);
    assertEquals(
        List.of("Not finite at 2 steps, the first at step 3, the last at step 7"),
        all("<p class=\"warning\">(.*?)</p>", loss));
  }

  @Test
  void nothingButNanIsAnEmptyChart() throws IOException {
    metrics(1, i -> Double.NaN);
    String html = page(summary(State.DIVERGED));

    String loss = chart(html, "Loss");
    assertFalse(loss.contains("<svg"), loss);
    assertEquals(List.of("NaN at step 1"), all("<p class=\"warning\">(.*?)</p>", loss));
    assertEquals("NaN", all("<dd>(.*?)</dd>", html).get(0));
  }

  @Test
  void hostileTextsAreEscaped() throws IOException {
    String hostile = "</title><script>alert('1')</script>&\"\u0007\u202e";
    String safe =
        "&lt;/title&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;\ufffd\ufffd";
    try (MetricsFile file = MetricsFile.open(run.resolve(MetricsFile.NAME), 0)) {
      file.append(new StepMetrics(1, 1, Map.of(hostile, 2.0), 1, 1, 1, 1, OptionalDouble.empty()));
    }
    String html =
        page(
            new TrainingSummary(
                hostile, State.INTERRUPTED, hostile, 2, 1, 1, Map.of(hostile, hostile), List.of()));

    assertEquals(List.of("Training of " + safe), all("<title>(.*?)</title>", html));
    assertEquals(List.of("Training of " + safe), all("<h1>(.*?)</h1>", html));
    assertEquals(safe, titles(html).get(1));
    assertEquals(
        List.of(safe.replace("&#39;", "'") + ": 2 at step 1"),
        all("aria-label=\"(&lt;.*?)\"", html));
    assertEquals(List.of(safe), all("<th scope=\"row\">(&lt;.*?)</th>", html));
    assertEquals(List.of(safe), all("<p class=\"lead\">(.*?)</p>", html));
    assertFalse(html.contains("<script") || html.contains("\u202e"));
  }

  @Test
  void picturesAreInThePageNewestFirst() throws IOException {
    Path samples = Files.createDirectory(run.resolve("samples"));
    byte[] png = Files.readAllBytes(Fixtures.of("dit-fmnist").resolve("classes.png"));
    Files.write(samples.resolve("step-00000500.png"), png);
    Files.write(samples.resolve("step-00010000.png"), new byte[] {1, 2, 3});
    Files.write(samples.resolve("step-x.png"), png);
    Files.write(samples.resolve(".step-00000600.png.tmp"), png);
    Files.createDirectory(samples.resolve("step-00000700.png"));
    String html = page(summary(State.RUNNING));

    assertEquals(
        List.of("samples after step 10,000", "samples after step 500"),
        all("<img alt=\"(.*?)\"", html));
    List<String> data = all("src=\"data:image/png;base64,(.*?)\"", html);
    assertArrayEquals(new byte[] {1, 2, 3}, Base64.getDecoder().decode(data.get(0)));
    assertArrayEquals(png, Base64.getDecoder().decode(data.get(1)));
    assertEquals(List.of(), all("<a href=\"(.*?)\"", html));
    assertFalse(html.contains("src=\"http") || html.contains("href=\"http"), "a link to elsewhere");
    assertFalse(
        html.replace("url(#", "").contains("url(") || html.contains("@import"),
        "a resource elsewhere");
    assertTrue(html.contains("default-src 'none'"));
  }

  @Test
  void moreThanFitAreLeftInTheirFolderButForTheOldest() throws IOException {
    Path samples = Files.createDirectory(run.resolve("samples"));
    for (int step = 0; step <= 9; step++) {
      Files.write(samples.resolve("step-0000000" + step + ".png"), new byte[800_000]);
    }
    String html = page(summary(State.RUNNING));

    assertEquals(
        List.of("step 9", "step 8", "step 7", "step 0"),
        all("<figcaption>(step .*?)</figcaption>", html));
    assertEquals(
        List.of("samples/\">6 more in the folder samples"), all("<a href=\"(.*?)</a>", html));
    assertTrue(html.length() < 5_000_000, () -> "length " + html.length());
  }

  @Test
  void writingReplacesThePageAndLeavesNothingElse() throws IOException {
    Files.writeString(run.resolve(TrainingPage.NAME), "old");
    String first = page(summary(State.FINISHED));

    assertEquals(first, page(summary(State.FINISHED)));
    assertFalse(first.contains("http-equiv=\"refresh\""));
    try (Stream<Path> files = Files.list(run)) {
      assertEquals(List.of(run.resolve(TrainingPage.NAME)), files.toList());
    }
  }
}
