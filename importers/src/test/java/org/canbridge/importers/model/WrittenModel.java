package org.canbridge.importers.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.DitFiles;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;
import org.canbridge.tensors.files.Problem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A model directory, and what is said of it when it is changed. */
abstract class WrittenModel {
  @TempDir Path folder;
  Path model;

  @BeforeEach
  void writeModel() throws IOException {
    model = folder.resolve("model");
    ModelDirectory.write(model, checkpoint(), WriteOptions.defaults());
  }

  static Checkpoint checkpoint() {
    return Checkpoint.generated(DitFiles.config(48, 1, 3), DitFiles.tensors(48, 1));
  }

  final void edit(Consumer<ObjectNode> change) throws IOException {
    Path path = model.resolve("config.json");
    ObjectNode json = (ObjectNode) Json.parse(Files.readAllBytes(path));
    change.accept(json);
    Files.writeString(path, Json.pretty(json));
  }

  final void assertRefused(Problem problem, String... lines) {
    InputFileException e =
        assertThrows(InputFileException.class, () -> Checkpoints.open(model).close());
    assertEquals(String.join("\n  ", lines).replace("MODEL", model.toString()), e.getMessage());
    assertEquals(problem, e.problem());
  }
}
