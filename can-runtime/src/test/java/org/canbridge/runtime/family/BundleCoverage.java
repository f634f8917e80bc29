package org.canbridge.runtime.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.engine.Session;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.safetensors.SafetensorsFile;

/** A reference bundle that keeps account of which of its numbers have been compared. */
public final class BundleCoverage implements AutoCloseable {
  private static final double RTOL = 1e-4;
  private static final double ATOL = 1e-5;

  private final Path folder;
  private final SafetensorsFile file;
  private final TreeSet<String> open = new TreeSet<>();

  public BundleCoverage(String name) {
    folder = Fixtures.of(name);
    file = SafetensorsFile.open(folder.resolve("reference.safetensors"));
    file.tensors().keySet().stream().filter(key -> !key.startsWith("input.")).forEach(open::add);
  }

  public Path path(String name) {
    return folder.resolve(name);
  }

  /** An object in a JSON file of the case. */
  public ObjectNode json(String name) {
    try {
      return (ObjectNode) new ObjectMapper().readTree(path(name).toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public TensorData input(String name) {
    return file.tensors().get("input." + name);
  }

  /** Inputs by their own names. */
  public Map<String, TensorData> inputs(String... names) {
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    for (String name : names) {
      inputs.put(name, input(name));
    }
    return inputs;
  }

  /** Names of the activations that begin so, without {@code activation.}. */
  public List<String> activations(String start) {
    return open.stream()
        .filter(key -> key.startsWith("activation." + start))
        .map(key -> key.substring("activation.".length()))
        .toList();
  }

  /**
   * Runs the session once and compares.
   *
   * @param expected the bundle's name of each of the network's values, e.g. {@code output.mean} of
   *     {@code mean}
   */
  public void check(Session session, Map<String, TensorData> inputs, Map<String, String> expected) {
    Map<String, TensorData> values = session.run(inputs, List.copyOf(expected.keySet()));
    expected.forEach((value, key) -> assertEqual(key, values.get(value)));
  }

  /** Outputs by the names after {@code output.}, and activations under the names they have. */
  public static Map<String, String> names(
      List<String> outputs, List<String> activations, UnaryOperator<String> module) {
    Map<String, String> names = new LinkedHashMap<>();
    activations.forEach(path -> names.put(module.apply(path), "activation." + path));
    outputs.forEach(name -> names.put(name, "output." + name));
    return names;
  }

  private void assertEqual(String key, TensorData actual) {
    TensorData expected = file.tensors().get(key);
    assertEquals(expected.type().shape(), actual.type().shape(), key);
    double[] wanted = Tensors.doubles(expected);
    double[] got = Tensors.doubles(actual);
    for (int i = 0; i < wanted.length; i++) {
      // Written so that NaN is never equal, which JUnit's own comparison would let pass.
      boolean equal = Math.abs(got[i] - wanted[i]) <= ATOL + RTOL * Math.abs(wanted[i]);
      assertTrue(equal, key + " at " + i + ": expected " + wanted[i] + " but was " + got[i]);
    }
    open.remove(key);
  }

  /** Fails if the bundle holds something that was not compared, but for these. */
  public void assertComplete(String... besides) {
    assertEquals(new TreeSet<>(List.of(besides)), open);
  }

  @Override
  public void close() {
    file.close();
  }
}
