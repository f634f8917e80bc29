package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.canbridge.fixtures.Fixtures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights that PyTorch trained come back from the command line, and leave again. */
class ImportLikeTest {
  private static final Path CASE = Fixtures.of("torchscript");
  private static final String MODEL = CASE.resolve("model").toString();

  @TempDir Path folder;

  private Outcome imported(String file, String... more) {
    String[] arguments = {"import", CASE.resolve(file).toString(), "--like", MODEL, "--out", ""};
    arguments[5] = folder.resolve("back").toString();
    String[] all = java.util.Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return Outcome.of(all);
  }

  @Test
  void aTrainingCheckpointComesBackAndLeavesAgain() {
    Outcome outcome = imported("trained.pt");
    Path back = folder.resolve("back");
    assertEquals("canbridge: weights taken from model\n", outcome.err());
    assertEquals(0, outcome.status());
    String report = outcome.out().replaceAll("[0-9a-f]{64}", "SHA256");
    assertEquals(
        back
            + """

              network   dit
              layout    official
              changed   weights trained elsewhere
              tensors   32 used, 0 ignored
              sha256    SHA256  dit.pt
              sha256    SHA256  trained.pt
            """,
        report);

    Path script = folder.resolve("again.pt");
    Outcome exported =
        Outcome.of(
            "export", back.toString(), "--format", "torchscript", "--out", script.toString());
    assertEquals(0, exported.status(), exported.err());
    assertTrue(
        exported
            .out()
            .startsWith(script + ": 42 parameters, TorchScript\nchecked by DJL, batch 1: "),
        exported.out());
  }

  @Test
  void aProgramComesBackAndSaysThatItIsNotRun() {
    Outcome outcome = imported("trained-script.pt", "--dry-run");
    assertEquals(
        new Outcome(
            0,
            CASE.resolve("trained-script.pt")
                + ": all 42 tensors are those of "
                + MODEL
                + "; nothing was written\n",
            "canbridge: the file is a TorchScript program: its weights are read, its code is not\n"),
        outcome);
    assertFalse(Files.exists(folder.resolve("back")));
  }

  @Test
  void weightsOfAnotherNetworkAreRefused() {
    Outcome outcome =
        Outcome.of(
            "import",
            Fixtures.of("dit-tiny").resolve("checkpoint.pt").toString(),
            "--like",
            MODEL,
            "--out",
            folder.resolve("back").toString());
    assertEquals(3, outcome.status());
    assertTrue(
        outcome.err().startsWith("canbridge: the tensors do not fit the model that they are to be"),
        outcome.err());
    assertFalse(Files.exists(folder.resolve("back")));
  }
}
