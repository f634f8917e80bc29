package org.canbridge.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultsTest {
  @TempDir Path folder;

  private static RunResult result(Row row) {
    return new RunResult(
        Start.TRAINED,
        row,
        3,
        3e-4,
        2,
        32,
        60_000,
        10,
        20,
        0.5,
        new HeldOut(0.25, List.of(0.5), List.of(0.25)),
        List.of(new Drawn(2, 12.5, 0.125, 0.75, List.of(1.0, 0.5))),
        1,
        List.of(0.25),
        1,
        List.of(0.75, 0.5));
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    Results results = new Results(folder.resolve("new/runs"));
    assertEquals(List.of(), results.read());
    results.write(result(Row.CAN_ONLY));
    results.write(result(Row.CAN_DWCONV));
    results.write(result(Row.CAN_ONLY));
    assertEquals(List.of(result(Row.CAN_ONLY), result(Row.CAN_DWCONV)), results.read());
  }

  @Test
  void namesAreThoseOfTheDocumentation() {
    String line = Results.format(result(Row.CAN_PATCH));
    assertEquals(
        "{\"start\":\"trained\",\"row\":\"dwconv+patch\",\"seed\":3,\"learning_rate\":3.0E-4,"
            + "\"steps\":2,\"batch\":32,\"examples\":60000,\"parameters\":10,\"macs\":20,"
            + "\"train_loss\":0.5,\"held_out\":{\"mean\":0.25,\"levels\":[0.5],\"blocks\":[0.25]},"
            + "\"drawn\":[{\"guidance\":2.0,\"frechet\":12.5,\"kernel\":0.125,\"accuracy\":0.75,"
            + "\"accuracies\":[1.0,0.5]}],\"train_seconds\":1.0,\"looks\":[0.25],\"window\":1,"
            + "\"curve\":[0.75,0.5]}",
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
