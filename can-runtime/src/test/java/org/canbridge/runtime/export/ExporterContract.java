package org.canbridge.runtime.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.canbridge.runtime.Model;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every form keeps; its test extends this. */
abstract class ExporterContract {
  @TempDir Path folder;

  /** The form. */
  abstract Exporter exporter();

  /** A model that it can hold. */
  abstract Model model();

  /** A model that it cannot hold. */
  abstract Model refused();

  @Test
  void aWordAndASentenceAreItsHelp() {
    assertTrue(exporter().name().matches("[a-z][a-z0-9-]*"), exporter().name());
    assertFalse(exporter().holds().isBlank());
    assertFalse(exporter().holds().endsWith("."), exporter().holds());
  }

  @Test
  void twoExportsAreEqualAndNothingElseIsLeft() throws IOException {
    try (Model model = model()) {
      exporter().prepare(model).write(folder.resolve("one/out"));
      exporter().prepare(model).write(folder.resolve("two/out"));
      assertEquals(exporter().ending().isEmpty(), Files.isDirectory(folder.resolve("one/out")));
      assertFalse(exporter().prepare(model).contents().isBlank());
    }
    Map<String, Path> one = files(folder.resolve("one"));
    Map<String, Path> two = files(folder.resolve("two"));
    assertEquals(one.keySet(), two.keySet());
    assertTrue(one.keySet().stream().allMatch(name -> name.startsWith("out")), one.toString());
    for (Map.Entry<String, Path> entry : one.entrySet()) {
      assertEquals(-1, Files.mismatch(entry.getValue(), two.get(entry.getKey())), entry.getKey());
    }
  }

  @Test
  void whatIsThereStays() throws IOException {
    Path there = Files.writeString(folder.resolve("out"), "mine");
    try (Model model = model()) {
      Export export = exporter().prepare(model);
      assertThrows(FileAlreadyExistsException.class, () -> export.write(there));
    }
    assertEquals("mine", Files.readString(there));
    assertEquals(List.of("out"), List.copyOf(files(folder).keySet()));
  }

  @Test
  void aModelThatItCannotHoldIsRefusedWithTheReason() {
    try (Model model = refused()) {
      IllegalArgumentException reason =
          assertThrows(IllegalArgumentException.class, () -> exporter().prepare(model));
      assertFalse(reason.getMessage().isBlank());
    }
  }

  private static Map<String, Path> files(Path root) throws IOException {
    Map<String, Path> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(root)) {
      all.filter(Files::isRegularFile)
          .forEach(path -> files.put(root.relativize(path).toString(), path));
    }
    return files;
  }
}
