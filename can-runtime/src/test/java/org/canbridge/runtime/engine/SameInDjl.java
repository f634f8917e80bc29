package org.canbridge.runtime.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.engine.torchscript.ScriptFile;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.AtomicFile;
import org.canbridge.tensors.torch.ZipWriter;

/** That a TorchScript file of a graph, with the weights inside, computes what the graph does. */
public final class SameInDjl {
  private static final double TOLERANCE = 1e-5;

  private SameInDjl() {}

  /**
   * Compares the outputs for several batches, in units of the largest value.
   *
   * @param path where the file is written
   */
  public static void check(Graph graph, Map<String, TensorData> weights, Path path)
      throws IOException {
    write(graph, weights, path);
    compare(graph, weights, path);
  }

  /** Writes the file; one that is there is replaced. */
  static void write(Graph graph, Map<String, TensorData> weights, Path path) throws IOException {
    try (AtomicFile file = AtomicFile.create(path)) {
      ScriptFile.of(graph, weights, Set.of()).writeTo(new ZipWriter(file), Map.of());
      file.commit();
    }
  }

  private static void compare(Graph graph, Map<String, TensorData> weights, Path path)
      throws IOException {
    List<String> outputs = List.copyOf(graph.outputs().keySet());
    try (Session session = Session.open(graph, weights, Target.F32);
        OpenedScript script = OpenedScript.open(path, graph, Target.F32)) {
      for (int batch : new int[] {1, 3}) {
        Map<String, TensorData> inputs = new RandomTensors(5).inputs(graph, batch);
        Map<String, TensorData> expected = session.run(inputs, outputs);
        Map<String, TensorData> actual = script.run(inputs);
        for (String output : outputs) {
          double[] values = Tensors.doubles(expected.get(output));
          double largest = 0;
          for (double value : values) {
            largest = Math.max(largest, Math.abs(value));
          }
          assertArrayEquals(
              values, Tensors.doubles(actual.get(output)), TOLERANCE * largest, output);
        }
      }
    }
  }
}
