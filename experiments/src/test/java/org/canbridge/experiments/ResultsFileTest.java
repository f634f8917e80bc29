package org.canbridge.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultsFileTest {
  @TempDir Path folder;

  private static RunResult result(Row row) {
    return new RunResult(
        Start.TRAINED,
        row,
        3,
        2,
        16,
        2e-5,
        60_000,
        10,
        20,
        0.5,
        0.25,
        12.5,
        0.75,
        1,
        2,
        1,
        List.of(0.75, 0.5));
  }

  @Test
  void whatIsAppendedIsRead() throws IOException {
    ResultsFile file = new ResultsFile(folder.resolve("new/runs.jsonl"));
    assertEquals(List.of(), file.read());
    file.append(result(Row.CAN));
    file.append(result(Row.CAN_ONLY));
    assertEquals(List.of(result(Row.CAN), result(Row.CAN_ONLY)), file.read());
  }

  @Test
  void namesAreThoseOfTheDocumentation() {
    String line = ResultsFile.format(result(Row.CAN_PATCH));
    assertEquals(
        "{\"start\":\"trained\",\"row\":\"dwconv+patch\",\"seed\":3,\"steps\":2,\"batch\":16,"
            + "\"learning_rate\":2.0E-5,\"examples\":60000,\"parameters\":10,\"macs\":20,"
            + "\"train_loss\":0.5,\"held_out\":0.25,\"frechet\":12.5,\"accuracy\":0.75,"
            + "\"train_seconds\":1.0,\"evaluation_seconds\":2.0,\"window\":1,\"curve\":[0.75,0.5]}",
        line);
  }

  @Test
  void onlyTheGeneratedPartOfAPageIsReplaced() throws IOException {
    Path path = folder.resolve("README.md");
    Page page = new Page(path);
    page.write("first\n");
    Files.writeString(path, "# Before\n" + Files.readString(path) + "after\n");
    page.write("second\n");
    assertEquals(
        """
        # Before
        <!-- results: written by experiments/run -->
        second
        <!-- end of results -->
        after
        """,
        Files.readString(path));
    Files.writeString(path, "# Before\n");
    assertThrows(IllegalStateException.class, () -> page.write("third\n"));
  }
}
