package org.canbridge.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that somebody writes into while a network runs on their weights. */
class ChangedWeightsTest {
  private static final ImportOptions OPTIONS = ImportOptions.defaults().withHeads(3);

  @TempDir private Path folder;
  private Path published;
  private Path directory;

  @BeforeEach
  void copyAModel() throws IOException {
    published = folder.resolve("model.pt");
    Files.copy(Fixtures.of("dit-tiny-nosigma-p4").resolve("checkpoint.pt"), published);
    directory = folder.resolve("model");
    try (Checkpoint checkpoint = Checkpoints.open(published, OPTIONS)) {
      ModelDirectory.write(directory, checkpoint, WriteOptions.defaults());
    }
  }

  private static float[] run(Model model, Session session) {
    Map<String, TensorData> inputs = new RandomTensors(7).inputs(model.graph(), 1, 2);
    return Tensors.floats(session.run(inputs, List.of("output")).get("output"));
  }

  private static void cut(Path file) throws IOException {
    try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
      opened.setLength(1);
    }
  }

  /** Not even native code, which would take the process down, sees that it is gone. */
  @Test
  void aPublishedFileIsReadOnce() throws IOException {
    try (Model model = Model.open(published, OPTIONS);
        Session session = model.session(Target.F32)) {
      float[] before = run(model, session);
      cut(published);
      assertArrayEquals(before, run(model, session));
      Path target = folder.resolve("other");
      InputFileException changed =
          assertThrows(
              InputFileException.class,
              () -> ModelDirectory.write(target, model.checkpoint(), WriteOptions.defaults()));
      assertTrue(changed.getMessage().contains("file: " + published), changed.getMessage());
      assertTrue(Files.notExists(target));
    }
  }

  @Test
  void whoWritesIntoAModelDirectoryIsNoticed() throws IOException {
    Path weights = directory.resolve("model.safetensors");
    long size = Files.size(weights);
    try (Model model = Model.open(directory, ImportOptions.defaults());
        Session session = model.session(Target.F32)) {
      run(model, session);
      Files.write(weights, new byte[8], StandardOpenOption.APPEND);
      InputFileException changed =
          assertThrows(InputFileException.class, () -> run(model, session));
      assertEquals(
          """
          the file changed while it was read
            expected: the same bytes from beginning to end
            actual: it had %d bytes and has %d
            file: %s
            next: let whatever writes it finish, then start again"""
              .formatted(size, size + 8, weights),
          changed.getMessage());
    }
  }

  @Test
  void aModelDirectoryThatIsReplacedIsReadOn() throws IOException {
    try (Model model = Model.open(directory, ImportOptions.defaults());
        Session session = model.session(Target.F32)) {
      float[] before = run(model, session);
      Path other = Files.write(folder.resolve("new"), new byte[8]);
      Files.move(
          other, directory.resolve("model.safetensors"), StandardCopyOption.REPLACE_EXISTING);
      assertArrayEquals(before, run(model, session));
    }
  }
}
