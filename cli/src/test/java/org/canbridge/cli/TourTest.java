package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.formats.TensorFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs {@code docs/tour.md}: every command prints what stands under it. */
class TourTest {
  private static final Path ROOT = Fixtures.root().resolve("../..").normalize();
  private static final String FENCE = "```";
  private static final String LEFT_OUT = "...";

  @TempDir private Path folder;

  /** A command of the page and the lines under it. */
  private record Step(String command, List<String> printed) {}

  private static List<Step> steps() throws IOException {
    List<Step> steps = new ArrayList<>();
    boolean inside = false;
    for (String line : Files.readAllLines(ROOT.resolve("docs/tour.md"))) {
      if (line.startsWith(FENCE)) {
        inside = !inside;
      } else if (inside && line.startsWith("$ ")) {
        steps.add(new Step(line.substring(2), new ArrayList<>()));
      } else if (inside) {
        steps.get(steps.size() - 1).printed().add(line);
      }
    }
    return steps;
  }

  /** The page's folders, where they are in this test. */
  private String located(String word) {
    return word.startsWith("tour/")
        ? folder.resolve(word).toString()
        : word.startsWith("fixtures/") ? ROOT.resolve(word).toString() : word;
  }

  private String run(String command) throws IOException {
    List<String> words = Arrays.stream(command.split(" ", -1)).map(this::located).toList();
    if (words.get(0).equals("ls")) {
      try (Stream<Path> entries = Files.list(Path.of(words.get(1)))) {
        return entries
            .map(entry -> entry.getFileName().toString())
            .filter(name -> !name.startsWith("."))
            .sorted()
            .collect(Collectors.joining("\n"));
      }
    }
    assertEquals("./canbridge", words.get(0));
    ByteArrayOutputStream terminal = new ByteArrayOutputStream();
    Main.run(words.subList(1, words.size()).toArray(String[]::new), terminal, terminal);
    return terminal
        .toString(StandardCharsets.UTF_8)
        .replace("\r\n", "\n")
        .replace(folder + "/", "")
        .replace(ROOT + "/", "");
  }

  /** What may stand there: lines that are left out, and ends of lines. */
  private static Pattern expected(List<String> printed) {
    String lines =
        printed.stream()
            .map(
                line ->
                    line.equals(LEFT_OUT)
                        ? "(.*\n)*"
                        : line.endsWith(LEFT_OUT)
                            ? Pattern.quote(line.substring(0, line.length() - 3)) + ".*\n"
                            : Pattern.quote(line) + "\n")
            .collect(Collectors.joining());
    return Pattern.compile(lines);
  }

  @Test
  void everyCommandPrintsWhatStandsUnderIt() throws IOException {
    Files.createDirectory(folder.resolve("tour"));
    List<Step> steps = steps();
    for (String word :
        List.of("inspect", "import", "verify", "convert", "finetune", "sample", "export")) {
      assertTrue(steps.stream().anyMatch(step -> step.command().contains(" " + word + " ")), word);
    }
    for (Step step : steps) {
      String printed = run(step.command()).strip() + "\n";
      assertTrue(
          expected(step.printed()).matcher(printed).matches(),
          () -> "$ " + step.command() + "\n" + printed);
      assertFalse(printed.contains("internal error"), printed);
    }
    assertEquals(
        5 * 28 + 4 * 2, ImageIO.read(folder.resolve("tour/clothes.png").toFile()).getWidth());
    assertFalse(Files.exists(folder.resolve("tour/more.png")));
    try (TensorFile source = TensorFiles.open(Fixtures.of("dit-fmnist").resolve("checkpoint.pt"));
        TensorFile back = TensorFiles.open(folder.resolve("tour/back.safetensors"))) {
      source
          .tensors()
          .forEach(
              (name, tensor) ->
                  assertTrue(Tensors.sameBytes(tensor, back.tensors().get(name)), name));
    }
  }
}
