package org.canbridge.runtime.page;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.page.Page.Column;
import org.canbridge.runtime.page.Page.Fact;
import org.canbridge.runtime.page.Page.Figure;
import org.canbridge.runtime.page.Page.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageTest {
  private static final List<Column> COLUMNS =
      List.of(new Column("tensor", false), new Column("largest difference", true));

  private static Path picture() {
    return Fixtures.of("dit-fmnist").resolve("classes.png");
  }

  private static Page page() throws IOException {
    return new Page("Quickstart", "What <happened> & why.")
        .verdict(Page.Mood.GOOD, "everything is equal")
        .facts(
            List.of(new Fact("parameters", "2.4 M", "1.6 M before"), new Fact("time", "3 s", "")))
        .section("Samples")
        .figures(List.of(new Figure(picture(), "ten \"classes\"", "before conversion")))
        .text("Layer by layer.")
        .table(
            "Layers",
            COLUMNS,
            List.of(
                new Row(List.of("blocks.0", "1e-7"), true),
                new Row(List.of("blocks.1", "NaN"), false)))
        .commands(List.of(new Page.CommandLine("inspect a.pt --json", "look")));
  }

  private static List<String> all(String pattern, String text) {
    List<String> found = new ArrayList<>();
    Matcher matcher = Pattern.compile(pattern, Pattern.DOTALL).matcher(text);
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }

  @Test
  void blocksStandInOrderAndTextIsEscaped() throws IOException {
    String html = page().html();

    assertEquals(List.of("Quickstart"), all("<title>(.*?)</title>", html));
    assertEquals(
        List.of("What &lt;happened&gt; &amp; why."), all("<p class=\"lead\">(.*?)</p>", html));
    assertEquals(
        List.of("✓ everything is equal"), all("<p class=\"verdict good\">(.*?)</p>", html));
    assertEquals(List.of("2.4 M", "3 s"), all("<dd>(.*?)</dd>", html));
    assertEquals(List.of("1.6 M before"), all("<dd class=\"note\">(.*?)</dd>", html));
    assertEquals(List.of("Samples"), all("<h2>(.*?)</h2>", html));
    assertEquals(List.of("ten &quot;classes&quot;"), all("alt=\"(.*?)\"", html));
    assertEquals(List.of("1e-7", "NaN"), all("<td class=\"number\">(.*?)</td>", html));
    assertEquals(
        List.of("<td>blocks.1</td><td class=\"number\">NaN</td>"),
        all("<tr class=\"bad\">(.*?)</tr>", html));
    assertEquals(
        List.of("# look\n./canbridge inspect a.pt <span>--json</span>"),
        all("<pre>(.*?)</pre>", html));
    List<Integer> order =
        Stream.of(
                "<h1>", "lead", "<p class=\"verdict", "<dl", "<h2>", "<figure>", "<table", "<pre>")
            .map(html.substring(html.indexOf("<body>"))::indexOf)
            .toList();
    assertEquals(order.stream().sorted().toList(), order);
  }

  @Test
  void thePictureIsInThePageAndNothingIsOutside() throws IOException {
    String html = page().html();

    String data = all("src=\"data:image/png;base64,(.*?)\"", html).get(0);
    assertArrayEquals(Files.readAllBytes(picture()), Base64.getDecoder().decode(data));
    assertFalse(html.contains("http://") || html.contains("https://"), "a link to elsewhere");
    assertFalse(html.contains("url(") || html.contains("@import"), "a resource elsewhere");
    assertTrue(html.contains("default-src 'none'"));
  }

  @Test
  void aRowMustFitTheColumns() {
    Page page = new Page("a", "b");
    List<Row> rows = List.of(new Row(List.of("only one"), true));

    assertThrows(IllegalArgumentException.class, () -> page.table("Layers", COLUMNS, rows));
  }

  @Test
  void writingReplacesAndLeavesNothingElse(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("summary.html");
    Files.writeString(file, "old");

    page().writeTo(file);

    assertEquals(page().html(), Files.readString(file));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList());
    }
  }
}
