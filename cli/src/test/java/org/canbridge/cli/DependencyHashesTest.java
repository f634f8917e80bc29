package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.files.Digests;
import org.junit.jupiter.api.Test;

/**
 * Every library has the bytes that it had when it was chosen: {@code .mvn/checksums}. Maven 3.9
 * looks at that list itself, for plugins too and before it uses anything; this is for older ones.
 */
class DependencyHashesTest {
  @Test
  void librariesAreThoseThatWereChosen() throws IOException {
    Map<String, String> chosen = new HashMap<>();
    Path list = Fixtures.root().resolve("../../.mvn/checksums/checksums.sha256").normalize();
    for (String line : Files.readAllLines(list)) {
      String[] parts = line.split(" +", 2);
      chosen.put(Path.of(parts[1]).getFileName().toString(), parts[0]);
    }
    boolean complete = System.getProperty("surefire.real.class.path") != null; // not in an IDE
    List<String> wrong = new ArrayList<>();
    int checked = 0;
    String classPath = System.getProperty("java.class.path");
    for (String entry : List.of(classPath.split(File.pathSeparator))) {
      String name = Path.of(entry).getFileName().toString();
      if (!name.endsWith(".jar") || name.startsWith("canbridge-")) {
        continue;
      }
      String expected = chosen.get(name);
      String actual = Digests.file(Path.of(entry)).sha256();
      checked++;
      if (expected == null && complete) {
        wrong.add(name + " is not in the list: " + actual);
      } else if (expected != null && !expected.equals(actual)) {
        wrong.add(name + " is " + actual + ", chosen was " + expected);
      }
    }
    assertTrue(checked > 30, checked + " libraries");
    assertEquals(List.of(), wrong);
  }
}
