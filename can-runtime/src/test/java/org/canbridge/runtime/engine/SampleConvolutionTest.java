package org.canbridge.runtime.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.engine.kernels.Kernels;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One kernel for each sample in one call equals one call for each sample. */
class SampleConvolutionTest {
  private static final int BATCH = 3;

  @ParameterizedTest(name = "C {0} O {1} kernel {2} stride {3} padding {4} groups {5} bias {6}")
  @CsvSource({
    "6, 4, 3, 1, 1, 2, true", // groups
    "6, 4, 3, 2, 1, 1, false", // dense, strided
    "6, 6, 3, 1, 1, 6, true", // depthwise
    "6, 6, 5, 2, 2, 6, false", // depthwise, strided, larger kernel
    "6, 12, 3, 1, 1, 6, true", // two outputs for each channel
    "6, 8, 2, 2, 0, 1, true", // patches
    "6, 8, 4, 4, 0, 1, false", // patches without bias
    "6, 8, 5, 5, 0, 1, true" // patches that leave a rest
  })
  void batchedEqualsOneByOne(
      int channels, int out, int kernel, int stride, int padding, int groups, boolean bias) {
    RandomTensors random = new RandomTensors(5);
    Map<String, TensorData> all = new LinkedHashMap<>();
    all.put("x", random.normal(1, BATCH, channels, 8, 12));
    all.put("w", random.normal(1, BATCH, out, channels / groups, kernel, kernel));
    all.put("b", random.normal(1, BATCH, out));

    Graph graph =
        graph(channels, out, kernel, bias, new LinearOp.SampleConv2d(stride, padding, groups));
    float[] together = run(graph, all);
    // What other devices than CPUs run.
    Kernels folded = Kernels.PLAIN.withSamplesTogether();
    assertArrayEquals(together, run(graph, all, new Arithmetic(Target.F32, folded)), 1e-5f);
    for (int sample = 0; sample < BATCH; sample++) {
      Map<String, TensorData> one = new LinkedHashMap<>();
      for (Map.Entry<String, TensorData> entry : all.entrySet()) {
        one.put(entry.getKey(), sample(entry.getValue(), sample));
      }
      float[] alone =
          run(
              single(channels, out, kernel, bias, new LinearOp.Conv2d(stride, padding, groups)),
              one);
      int size = alone.length;
      assertArrayEquals(
          alone, Arrays.copyOfRange(together, sample * size, (sample + 1) * size), 1e-5f);
    }
  }

  private static Graph graph(
      int channels, int out, int kernel, boolean bias, LinearOp.SampleConv2d op) {
    GraphBuilder g = new GraphBuilder();
    Node x = g.input("x", Kind.FLOAT, Shape.batched(channels, 8, 12));
    Node w = g.input("w", Kind.FLOAT, Shape.batched(out, channels / op.groups(), kernel, kernel));
    Node b = g.input("b", Kind.FLOAT, Shape.batched(out));
    g.output("output", bias ? g.add(op, null, x, w, b) : g.add(op, null, x, w));
    return g.build();
  }

  /** The static convolution; its weight is that of the only sample. */
  private static Graph single(int channels, int out, int kernel, boolean bias, LinearOp.Conv2d op) {
    GraphBuilder g = new GraphBuilder();
    Node x = g.input("x", Kind.FLOAT, Shape.batched(channels, 8, 12));
    Node w = g.parameter("w", out, channels / op.groups(), kernel, kernel);
    Node b = g.parameter("b", out);
    g.output("output", bias ? g.add(op, null, x, w, b) : g.add(op, null, x, w));
    return g.build();
  }

  private static float[] run(Graph graph, Map<String, TensorData> tensors) {
    return run(graph, tensors, Arithmetic.here(Target.F32));
  }

  private static float[] run(Graph graph, Map<String, TensorData> tensors, Arithmetic arithmetic) {
    Map<String, TensorData> weights = new LinkedHashMap<>();
    for (Op.Parameter parameter : graph.parameters()) {
      TensorData tensor = tensors.get(parameter.name());
      weights.put(
          parameter.name(), MemoryTensor.of(Tensors.floats(tensor), parameter.shape().resolve(1)));
    }
    try (Session session = TorchSession.open(graph, weights, arithmetic)) {
      return Tensors.floats(session.run(tensors, List.of("output")).get("output"));
    }
  }

  private static TensorData sample(TensorData tensor, int index) {
    float[] values = Tensors.floats(tensor);
    int size = values.length / BATCH;
    long[] shape = tensor.type().shape().stream().mapToLong(Long::longValue).toArray();
    shape[0] = 1;
    return MemoryTensor.of(Arrays.copyOfRange(values, index * size, (index + 1) * size), shape);
  }
}
