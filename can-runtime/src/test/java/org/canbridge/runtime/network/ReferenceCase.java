package org.canbridge.runtime.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoint;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.ImportOptions;
import org.canbridge.importers.format.SafetensorsFile;
import org.canbridge.importers.format.TensorData;
import org.canbridge.importers.format.Tensors;

/** A reference bundle: what the authors' code computed, beside the checkpoint it computed with. */
final class ReferenceCase implements AutoCloseable {
  private static final String ACTIVATION = "activation.";

  private final Path folder;
  private final SafetensorsFile tensors;
  private final ObjectNode description;

  private ReferenceCase(Path folder, SafetensorsFile tensors, ObjectNode description) {
    this.folder = folder;
    this.tensors = tensors;
    this.description = description;
  }

  static ReferenceCase open(String name) {
    Path folder = Fixtures.of(name);
    try {
      ObjectNode description =
          (ObjectNode) new ObjectMapper().readTree(folder.resolve("reference.json").toFile());
      return new ReferenceCase(
          folder, SafetensorsFile.open(folder.resolve("reference.safetensors")), description);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The checkpoint, with what its tensors cannot tell taken from the bundle. */
  Checkpoint checkpoint() {
    String file = description.get("checkpoints").fieldNames().next();
    ObjectNode config = (ObjectNode) description.get("config");
    return Checkpoints.open(
        folder.resolve(file), ImportOptions.defaults().withArguments(config, "reference.json"));
  }

  double number(String field) {
    return description.get(field).doubleValue();
  }

  TensorData tensor(String name) {
    return Optional.ofNullable(tensors.tensors().get(name)).orElseThrow();
  }

  /** Module paths of the recorded activations of one call, e.g. {@code .wide}. */
  List<String> activations(String suffix) {
    List<String> paths = new ArrayList<>();
    for (String name : tensors.tensors().keySet()) {
      boolean wide = name.endsWith(".wide");
      if (name.startsWith(ACTIVATION) && wide == suffix.equals(".wide")) {
        paths.add(name.substring(ACTIVATION.length(), name.length() - suffix.length()));
      }
    }
    return paths;
  }

  /** Compares every value that was asked for with the recorded one. */
  void check(Map<String, TensorData> actual, Map<String, String> recorded, Tolerance tolerance) {
    recorded.forEach((value, name) -> tolerance.check(name, tensor(name), actual.get(value)));
  }

  /**
   * {@code |actual - expected| <= atol + rtol |expected|}.
   *
   * @param rtol share of the expected value
   * @param atol absolute part
   */
  record Tolerance(double rtol, double atol) {
    static final Tolerance FLOAT32 = new Tolerance(1e-4, 1e-5);

    void check(String name, TensorData expected, TensorData actual) {
      assertEquals(expected.type().elements(), actual.type().elements(), name + ": elements");
      check(name, Tensors.doubles(expected), Tensors.doubles(actual));
    }

    void check(String name, double[] expected, double[] actual) {
      double worst = 0;
      for (int i = 0; i < expected.length; i++) {
        double needed = Math.abs(actual[i] - expected[i]) / (atol + rtol * Math.abs(expected[i]));
        assertTrue(!Double.isNaN(needed), name + ": NaN at " + i);
        worst = Math.max(worst, needed);
      }
      assertTrue(worst <= 1, name + ": differs by " + worst + " times the tolerance");
    }
  }

  @Override
  public void close() {
    tensors.close();
  }
}
