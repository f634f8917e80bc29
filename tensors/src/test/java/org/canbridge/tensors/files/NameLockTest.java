package org.canbridge.tensors.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names that two processes want, and what a killed one leaves. */
class NameLockTest {
  @TempDir Path folder;
  private Path model;

  @BeforeEach
  void nameModel() {
    model = folder.resolve("model");
  }

  /** Another process: takes a name, begins a file and a directory of it, and never ends. */
  static final class Other {
    private Other() {}

    @SuppressWarnings("resource") // the end of the process is what closes them
    public static void main(String[] args) throws Exception {
      Path folder = Path.of(args[0]);
      NameLock.take(folder.resolve("run"));
      AtomicDirectory.create(folder.resolve("model")).write("half", "done");
      AtomicFile.create(folder.resolve("file"));
      Files.createFile(folder.resolve("begun"));
      Thread.sleep(600_000);
    }
  }

  private Process other() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Other.class.getName(),
                folder.toString())
            .inheritIO()
            .start();
    while (process.isAlive() && !Files.exists(folder.resolve("begun"))) {
      Thread.sleep(10);
    }
    assertTrue(process.isAlive());
    Files.delete(folder.resolve("begun"));
    return process;
  }

  private List<String> names() throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .map(entry -> entry.getFileName().toString().replaceAll("\\.[0-9a-f]+\\.", ".X."))
          .sorted()
          .toList();
    }
  }

  @Test
  void whoComesSecondIsToldWhoIsFirstAndDisturbsNothing() throws Exception {
    Process process = other();
    try {
      List<String> before = names();
      assertEquals(List.of(".file.X.tmp", ".model.X.tmp", ".model.lock", ".run.lock"), before);

      FileSystemException run =
          assertThrows(FileSystemException.class, () -> NameLock.take(folder.resolve("run")));
      FileSystemException directory =
          assertThrows(FileSystemException.class, () -> AtomicDirectory.create(model));

      assertEquals(folder.resolve("run").toString(), run.getFile());
      for (FileSystemException each : List.of(run, directory)) {
        assertTrue(
            each.getReason()
                .matches(
                    "in use by process "
                        + process.pid()
                        + " on \\S+ since [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z"),
            each.getReason());
      }
      AtomicFile.write(folder.resolve("file"), "mine");
      Files.delete(folder.resolve("file"));
      assertEquals(before, names());
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void whatAKilledProcessLeftGoesWhenTheNameIsTakenAgain() throws Exception {
    other().destroyForcibly().waitFor();
    assertEquals(List.of(".file.X.tmp", ".model.X.tmp", ".model.lock", ".run.lock"), names());

    NameLock.take(folder.resolve("run")).close();
    try (AtomicDirectory directory = AtomicDirectory.create(model)) {
      directory.commit();
    }
    AtomicFile.write(folder.resolve("file"), "mine");

    assertEquals(List.of("file", "model"), names());
  }

  @Test
  void oneProcessHoldsANameOnceToo() throws Exception {
    try (NameLock lock = NameLock.take(model)) {
      assertTrue(lock.isExclusive());
      assertThrows(FileSystemException.class, () -> NameLock.take(model));
    }
    NameLock.take(model).close();
    assertEquals(List.of(), names());
  }

  @Test
  void anInterruptWhileTheNameIsTakenLeavesItFree() throws Exception {
    Thread.currentThread().interrupt();
    assertThrows(ClosedByInterruptException.class, () -> NameLock.take(model));
    assertTrue(Thread.interrupted());
    assertEquals(List.of(), names());
    NameLock.take(model).close();
  }

  @Test
  void whatAppearedMeanwhileIsNotReplaced() throws Exception {
    try (AtomicDirectory directory = AtomicDirectory.create(model)) {
      Files.createDirectory(model);
      assertThrows(FileAlreadyExistsException.class, directory::commit);
    }
    assertEquals(List.of("model"), names());
  }

  @Test
  void aKillBetweenTheTwoRenamesOfAReplacementLosesNothing() throws Exception {
    Files.createDirectory(folder.resolve(".model.1a2b.old"));
    Files.writeString(folder.resolve(".model.1a2b.old/config.json"), "{}");
    Files.createDirectory(folder.resolve(".model.1a2b.tmp"));

    AtomicDirectory.create(model).close();

    assertEquals(List.of("model"), names());
    assertEquals("{}", Files.readString(model.resolve("config.json")));
  }

  @Test
  void aFileThatCannotBeWrittenIsNamed() throws Exception {
    try (AtomicFile file = AtomicFile.create(folder.resolve("file"))) {
      file.channel().close();
      FileSystemException failed =
          assertThrows(
              FileSystemException.class, () -> file.write(ByteBuffer.wrap(new byte[] {1})));
      assertEquals(folder.resolve("file").toString(), failed.getFile());
      assertEquals("java.nio.channels.ClosedChannelException", failed.getReason());
    }
    assertEquals(List.of(), names());
  }

  @Test
  void foldersThatWereMadeForWhatFailedAreTakenAway() throws Exception {
    AtomicDirectory.create(folder.resolve("a/b/model")).close();

    assertEquals(List.of(), names());
  }

  @Test
  void aFileThatWasWrittenOrReplacedIsNoticed() throws Exception {
    Path file = Files.writeString(folder.resolve("weights"), "1234");
    FileState state = FileState.of(file);
    state.requireUnchanged();
    Files.writeString(file, "12345");
    InputFileException longer = assertThrows(InputFileException.class, state::requireUnchanged);
    assertEquals(
        """
        the file changed while it was read
          expected: the same bytes from beginning to end
          actual: it had 4 bytes and has 5
          file: %s
          next: let whatever writes it finish, then start again"""
            .formatted(file),
        longer.getMessage());
    assertEquals(
        longer.getMessage(),
        assertThrows(InputFileException.class, state::requireUnwritten).getMessage());
    AtomicFile.write(file, "1234");
    state.requireUnwritten(); // what was opened is as it was
    assertTrue(
        assertThrows(InputFileException.class, state::requireUnchanged)
            .getMessage()
            .contains("actual: another file has this name now\n"));
  }
}
