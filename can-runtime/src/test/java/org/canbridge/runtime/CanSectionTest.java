package org.canbridge.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A {@code can} section that does not fit the network it stands beside. */
class CanSectionTest {
  @TempDir Path folder;

  @Test
  void aTensorThatTheNetworkNeedsIsNotRemoved() throws IOException {
    assertRefused(
        can -> can.withArray("/removed").add("pos_embed"),
        "'removed' names pos_embed, which is none of the 0 tensors that the network does without");
  }

  @Test
  void aTensorThatThereNeverWasIsNotRemoved() throws IOException {
    assertRefused(
        can -> can.withArray("/removed").add("nope"),
        "'removed' names nope, which is none of the 0 tensors that the network does without");
  }

  @Test
  void aConvolutionIsInsertedOnce() throws IOException {
    assertRefused(
        can -> can.withArray("/inserted").add(can.withArray("/inserted").get(0)),
        "'inserted' names blocks.0.mlp.dwconv twice");
  }

  @Test
  void namesOfRemovedTensorsAreDistinct() throws IOException {
    assertRefused(
        can -> can.withArray("/removed").add("pos_embed").add("pos_embed"),
        "'removed' names pos_embed twice");
  }

  @Test
  void aGeneratorBearsTheNameOfItsLayer() throws IOException {
    assertRefused(
        can -> generator(can, 0).put("name", "first"),
        "generator first must bear the name of the one layer that it serves, not"
            + " [x_embedder.proj]");
  }

  @Test
  void aGeneratorServesLayersOfTheNetwork() throws IOException {
    assertRefused(
        can -> generator(can, 0).put("name", "nowhere").putArray("target").add("nowhere"),
        "the network has no layer [nowhere]");
  }

  @Test
  void aGeneratorServesLayersOfOneShape() throws IOException {
    assertRefused(
        can -> {
          can.withArray("/generators").remove(0);
          ObjectNode last = generator(can, can.get("generators").size() - 1);
          last.withArray("/target").add("x_embedder.proj");
        },
        "generator out_proj.48 serves layers of different shapes: [blocks.0.attn.proj,"
            + " blocks.1.attn.proj, blocks.2.attn.proj, x_embedder.proj]");
  }

  @Test
  void aGeneratorsInputIsNoWiderThanTheCondition() throws IOException {
    assertRefused(
        can -> generator(can, 0).put("input_width", 64),
        "input_width 64 is more than the 48 of the condition");
  }

  @Test
  void aNetworkWithAConditionGetsNoEmbedder() throws IOException {
    assertRefused(
        can -> can.putObject("embedder").put("width", 16).put("classes", 10),
        "an embedder is for networks that take no condition");
  }

  private static ObjectNode generator(ObjectNode can, int index) {
    return (ObjectNode) can.get("generators").get(index);
  }

  private void assertRefused(Consumer<ObjectNode> change, String actual) throws IOException {
    try (Stream<Path> files = Files.list(Fixtures.of("training-can").resolve("model"))) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    Path config = folder.resolve("config.json");
    ObjectNode json = (ObjectNode) Json.parse(Files.readAllBytes(config));
    change.accept((ObjectNode) json.get("can"));
    Files.writeString(config, Json.pretty(json));

    assertEquals(
        """
        the 'can' section does not describe a network that can be built
          expected: the fields of docs/can-format.md, naming layers of this network
          actual: %s
          file: %s
          key: can
          next: convert the source model again, or mend the section"""
            .formatted(actual, config),
        assertThrows(InputFileException.class, () -> Model.open(folder, ImportOptions.defaults()))
            .getMessage());
  }
}
