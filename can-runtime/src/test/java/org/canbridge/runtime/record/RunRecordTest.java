package org.canbridge.runtime.record;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RunRecordTest {
  @TempDir Path folder;

  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("run.json");
  }

  private static RunRecord record(long count, Map<String, String> settings) {
    return RunRecord.of("test/1", Map.of("count", count), settings);
  }

  private static Map<String, String> settings(String... pairs) {
    Map<String, String> settings = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      settings.put(pairs[i], pairs[i + 1]);
    }
    return settings;
  }

  @Test
  void isWrittenInOrder() throws IOException {
    record(5, settings("steps", "50", "eta", "0.0")).write(file);

    assertEquals(
        """
        {
          "format" : "test/1",
          "count" : 5,
          "settings" : {
            "steps" : "50",
            "eta" : "0.0"
          }
        }\
        """,
        Files.readString(file));
    assertEquals(List.of(), record(5, settings("eta", "0.0", "steps", "50")).differences(file));
  }

  /** Another machine may take up a run, and so may a program that noted less. */
  @Test
  void circumstancesAreKeptAndNotCompared() throws IOException {
    RunRecord record = record(5, settings("steps", "50"));
    record.under(settings("kernels", "checked")).write(file);

    assertEquals(
        """
        {
          "format" : "test/1",
          "count" : 5,
          "settings" : {
            "steps" : "50"
          },
          "circumstances" : {
            "kernels" : "checked"
          }
        }\
        """,
        Files.readString(file));
    assertEquals(List.of(), record.differences(file));
    assertEquals(List.of(), record.under(settings("kernels", "others")).differences(file));
  }

  @Test
  void saysEveryDifference() throws IOException {
    record(5, settings("steps", "50", "old", "1", "seed", "7")).write(file);

    assertEquals(
        List.of(
            "format was test/1 and is now test/2",
            "steps was 50 and is now 20",
            "new was not there and is now 2",
            "count was 5 and is now not there",
            "old was 1 and is now not there"),
        RunRecord.of("test/2", Map.of(), settings("steps", "20", "seed", "7", "new", "2"))
            .differences(file));
  }

  @Test
  void aFileOfSomethingElseDiffers() throws IOException {
    Files.writeString(file, "{");

    List<String> differences = record(5, settings()).differences(file);

    assertEquals(1, differences.size());
    assertEquals("the file is not JSON: ", differences.get(0).substring(0, 22));
  }
}
