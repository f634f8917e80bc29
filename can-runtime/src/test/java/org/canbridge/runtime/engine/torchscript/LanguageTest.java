package org.canbridge.runtime.engine.torchscript;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Text of a target language stands in its lowering and nowhere else. */
class LanguageTest {
  private static final Path SOURCES = Path.of("src/main/java");
  private static final Pattern TORCHSCRIPT =
      Pattern.compile("\"[^\"\n]*(\\btorch\\.|ops\\.(prim|mkldnn)|: Tensor|List\\[Tensor)");

  @Test
  void torchScriptIsWrittenInOnePackage() throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> files = Files.walk(SOURCES)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).sorted().toList()) {
        if (TORCHSCRIPT.matcher(Files.readString(file)).find()) {
          found.add(SOURCES.relativize(file).getParent().getFileName().toString());
        }
      }
    }
    assertEquals(List.of("torchscript"), found.stream().distinct().toList());
  }
}
