package org.canbridge.runtime.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtException;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/** That a graph in ONNX Runtime computes what it computes in PyTorch. */
public final class SameInOnnx {
  private SameInOnnx() {}

  /**
   * Compares the outputs for several batches, whose samples differ in all inputs, in one session.
   */
  public static void check(Graph graph, Map<String, TensorData> weights) {
    check(graph, weights, OnnxOptions.defaults(), 1e-4);
  }

  /**
   * As {@link #check(Graph, Map)}, with other numbers.
   *
   * @param limit of the largest difference, relative to the largest value
   */
  public static void check(
      Graph graph, Map<String, TensorData> weights, OnnxOptions options, double limit) {
    List<String> outputs = List.copyOf(graph.outputs().keySet());
    try (Session session = Session.open(graph, weights, Target.F32);
        OnnxNetwork network = new OnnxNetwork(graph, weights, outputs, options)) {
      for (int batch : new int[] {1, 3, 8}) {
        Map<String, TensorData> inputs = new RandomTensors(5).inputs(graph, batch);
        Map<String, TensorData> expected = session.run(inputs, outputs);
        List<float[]> actual = network.run(inputs);
        for (int i = 0; i < outputs.size(); i++) {
          float[] values = Tensors.floats(expected.get(outputs.get(i)));
          double difference = difference(values, actual.get(i));
          assertTrue(
              difference <= limit,
              outputs.get(i) + " of a batch of " + batch + " differs by " + difference);
        }
      }
    } catch (OrtException e) {
      throw new AssertionError(e);
    }
  }

  private static double difference(float[] expected, float[] actual) {
    assertEquals(expected.length, actual.length);
    double most = 0;
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      most = Math.max(most, Math.abs(expected[i] - actual[i]));
      largest = Math.max(largest, Math.abs(expected[i]));
    }
    return most / largest;
  }
}
