package org.canbridge.runtime.training.watch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
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
    return new TrainingSummary("dit", state, "", 1000, 5, 1234567, Map.of("seed", "0"));
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
    return all("(<figure class=\"chart(?:(?!</figure>).)*?</figure>)", html).stream()
        .filter(f -> f.contains("<strong>" + title + "</strong>"))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> titles(String html) {
    return all("<strong>(.*?)</strong>", html);
  }

  /** The points of a line, by pieces. */
  private static List<List<double[]>> pieces(String chart, String kind) {
    List<List<double[]>> pieces = new ArrayList<>();
    for (String path : all("<path class=\"" + kind + "\" d=\"M(.*?)\"", chart)) {
      for (String piece : path.split("M", -1)) {
        pieces.add(
            Arrays.stream(piece.split("L", -1))
                .map(p -> Arrays.stream(p.split(" ", -1)).mapToDouble(Double::valueOf).toArray())
                .toList());
      }
    }
    return pieces;
  }

  @Test
  void aRunWithoutAStepSaysSo() throws IOException {
    String html = page(summary(State.RUNNING));

    assertEquals(List.of("Running: step 0 of 1,000 (0.0 %)"), all("running\">(.*?)</p>", html));
    assertTrue(html.contains("No step has been made yet."));
    assertEquals(List.of(), titles(html));
    assertEquals(List.of("5"), all("<dd>(.*?)</dd>", html));
  }

  @Test
  void oneStepIsADotOnLabelledAxes() throws IOException {
    metrics(1, i -> 0.25);
    String html = page(summary(State.INTERRUPTED));

    String loss = chart(html, "Loss");
    assertEquals(List.of(), pieces(loss, "mean"));
    assertEquals(List.of("866.0", "866.0"), all("<circle [^>]*cx=\"(.*?)\"", loss));
    // 0.25 is in the middle of an axis from 0.235 to 0.265.
    assertEquals(List.of("162.0", "162.0"), all("<circle [^>]*cy=\"(.*?)\"", loss));
    assertEquals(List.of("0", "1"), all("tick x\"[^>]*>(.*?)<", loss));
    assertEquals(List.of("0.24", "0.25", "0.26", "step"), all("tick y\"[^>]*>(.*?)<", loss));
    assertEquals(List.of("Loss: 0.25 at step 1"), all("aria-label=\"(.*?)\"", loss));
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
    assertEquals(20, pieces(chart(html, "validation loss"), "mean").get(0).size());
  }

  @Test
  void aLossOfOneTermIsDrawnOnce() throws IOException {
    metrics(5, i -> 0.5);
    assertFalse(titles(page(summary(State.RUNNING))).contains("mse"));
  }

  @Test
  void pointsLieWhereTheirValuesAre() throws IOException {
    metrics(3, i -> i);
    String loss = chart(page(summary(State.FINISHED)), "Loss");

    // Steps 1, 2, 3 of 0 to 3 on 808 units from 58; values 1, 2, 3 of 0.88 to 3.12 on 304 units.
    List<double[]> line = pieces(loss, "mean").get(0);
    assertArrayEquals(new double[] {327.3, 297.7}, line.get(0));
    assertArrayEquals(new double[] {596.7, 162.0}, line.get(1));
    assertArrayEquals(new double[] {866.0, 26.3}, line.get(2));
  }

  @Test
  void manyStepsBecomeAThousandPointsAndKeepTheirSpikes() throws IOException {
    metrics(20_000, i -> i == 12_345 ? 40 : i == 777 ? 0.001 : 1 + i % 2);
    String html = page(new TrainingSummary("m", State.FINISHED, "", 20_000, 1, 1, Map.of()));

    String loss = chart(html, "Loss");
    List<double[]> raw = pieces(loss, "raw").get(0);
    assertEquals(1000, raw.size());
    assertEquals(500, pieces(loss, "mean").get(0).size());
    double[] heights = raw.stream().mapToDouble(p -> p[1]).sorted().toArray();
    // The axis is logarithmic, from 0.001 to 40 with 6 % of the ratio on either side.
    assertEquals(10 + 304 * 0.06 / 1.12, heights[0], 0.06);
    assertEquals(314 - 304 * 0.06 / 1.12, heights[999], 0.06);
    assertTrue(heights[1] > 60 && heights[998] < 200, "there is one spike each way");
    assertEquals(
        List.of("0.001", "0.01", "0.1", "1", "10", "step"), all("tick y\"[^>]*>(.*?)<", loss));
    assertEquals(
        List.of("0", "5,000", "10,000", "15,000", "20,000"), all("tick x\"[^>]*>(.*?)<", loss));
    assertTrue(loss.contains("smoothed over about 400 points, logarithmic"));
    assertEquals(
        List.of(
            "Loss: 2 at step 1, 1 at step 20,000; lowest 0.001 at step 777,"
                + " highest 40 at step 12,345"),
        all("aria-label=\"(.*?)\"", loss));
    assertTrue(html.length() < 300_000, () -> "length " + html.length());
  }

  @Test
  void valuesThatAreNotFiniteBreakTheLineAndAreNamed() throws IOException {
    metrics(10, i -> i == 3 ? Double.NaN : i == 7 ? Double.POSITIVE_INFINITY : 1);
    String loss = chart(page(summary(State.DIVERGED)), "Loss");

    assertEquals(List.of(2, 3, 3), pieces(loss, "mean").stream().map(List::size).toList());
    // Steps 3 and 7 of 10.
    assertEquals(List.of("299.7", "622.9"), all("<rect class=\"gap\" x=\"(.*?)\"", loss));
    assertEquals(
        List.of("Not finite at 2 steps, the first at step 3, the last at step 7"),
        all("<p class=\"warning\">(.*?)</p>", loss));
  }

  @Test
  void nothingButNanIsAnEmptyChart() throws IOException {
    metrics(1, i -> Double.NaN);
    String html = page(summary(State.DIVERGED));

    String loss = chart(html, "Loss");
    assertEquals(List.of("Loss: no finite value"), all("aria-label=\"(.*?)\"", loss));
    assertEquals(List.of("NaN at step 1"), all("<p class=\"warning\">(.*?)</p>", loss));
    assertFalse(loss.contains("<circle"));
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
                hostile, State.INTERRUPTED, hostile, 2, 1, 1, Map.of(hostile, hostile)));

    assertEquals(List.of("Training of " + safe), all("<title>(.*?)</title>", html));
    assertEquals(List.of("Training of " + safe), all("<h1>(.*?)</h1>", html));
    assertEquals(safe, titles(html).get(1));
    assertEquals(List.of(safe + ": 2 at step 1"), all("aria-label=\"(&lt;.*?)\"", html));
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
    assertFalse(html.contains("http://") || html.contains("https://"), "a link to elsewhere");
    assertFalse(html.contains("url(") || html.contains("@import"), "a resource elsewhere");
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
