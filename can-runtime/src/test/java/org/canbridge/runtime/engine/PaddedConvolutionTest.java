package org.canbridge.runtime.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.engine.kernels.ConvolutionForm;
import org.canbridge.runtime.engine.kernels.Kernel;
import org.canbridge.runtime.engine.kernels.Kernels;
import org.canbridge.runtime.engine.torchscript.Lowered;
import org.canbridge.runtime.engine.torchscript.ScalarType;
import org.canbridge.runtime.engine.torchscript.TorchScriptLowering;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Convolutions whose channels are filled up with zeros to whole blocks. */
class PaddedConvolutionTest {
  private static final Kernels PADDED =
      new Kernels(Map.of(Kernel.PARTIAL_CONVOLUTION, ConvolutionForm.PADDED), false, Map.of());
  private static final Kernels WIDE =
      new Kernels(
          Map.of(Kernel.PARTIAL_CONVOLUTION, new ConvolutionForm(true, true)), false, Map.of());
  private static final List<String> OUTPUT = List.of("output");

  private final GraphBuilder g = new GraphBuilder();

  private Node map(long channels) {
    return g.input("x", Kind.FLOAT, Shape.batched(channels, 6, 5));
  }

  private double[] run(Graph graph, Precision precision, Kernels kernels) {
    RandomTensors numbers = new RandomTensors(4);
    Map<String, TensorData> weights = numbers.weights(graph);
    Map<String, TensorData> inputs = numbers.inputs(graph, 2, 10);
    try (Session session =
        TorchSession.open(graph, weights, new Arithmetic(Target.of(precision), kernels))) {
      return Tensors.doubles(session.run(inputs, OUTPUT).get("output"));
    }
  }

  private void assertSame(Graph graph) {
    assertArrayEquals(
        run(graph, Precision.F64, Kernels.PLAIN), run(graph, Precision.F64, PADDED), 1e-12);
    assertArrayEquals(
        run(graph, Precision.F64, Kernels.PLAIN), run(graph, Precision.F32, PADDED), 1e-4);
    assertArrayEquals(run(graph, Precision.F32, PADDED), run(graph, Precision.BF16, PADDED), 0.2);
    assertArrayEquals(run(graph, Precision.F32, PADDED), run(graph, Precision.BF16, WIDE), 0.2);
  }

  @ParameterizedTest
  @CsvSource({"4, 4", "20, 16", "16, 20", "40, 40", "100, 3"})
  void fillingChangesNothing(int in, int out) {
    g.output("output", g.conv2d("layer", map(in), out, 3, 1, 1, 1, null));
    Graph graph = g.build();
    assertSame(graph);
    String program = emit(graph, Precision.F32, PADDED);
    Matcher weight =
        Pattern.compile("constant_pad_nd\\(w\\[0], \\[0, 0, 0, 0, 0, (\\d+), 0, (\\d+)], 0\\)")
            .matcher(program);
    assertTrue(weight.find(program.indexOf("def prepare")), program);
    assertEquals(0, (in + Integer.parseInt(weight.group(1))) % 16);
    assertEquals(0, (out + Integer.parseInt(weight.group(2))) % 16);
    String forward = program.substring(0, program.indexOf("def prepare"));
    assertFalse(forward.contains("constant_pad_nd(w"), "made once, in prepare:\n" + program);
    assertEquals(in % 16 != 0, forward.contains("constant_pad_nd("), program);
    assertEquals(out % 16 != 0, forward.contains("torch.slice("), program);
  }

  /** Gradients must reach the weights as they are. */
  @Test
  void inTrainingWeightsAreFilledUpInTheProgram() {
    Node value = g.conv2d("layer", map(20), 4, 3, 1, 1, 1, null);
    g.output("output", value);
    String text = Lowered.differentiable(g.build(), value, ScalarType.FLOAT32, PADDED);
    String expected =
        "torch.slice(torch.conv2d(torch.constant_pad_nd(v0, [0, 0, 0, 0, 0, 12], 0),"
            + " torch.constant_pad_nd(w[0], [0, 0, 0, 0, 0, 12, 0, 12], 0),"
            + " torch.constant_pad_nd(w[1], [0, 12], 0), [1, 1], [1, 1], [1, 1], 1), 1, 0, 4, 1)";
    assertTrue(text.contains(expected), text);
  }

  @Test
  void otherConvolutionsStayAsTheyAre() {
    Node x = map(16);
    Node all =
        Stream.of(
                g.conv2d("whole", x, 32, 3, 1, 1, 1, null),
                g.conv2d("pointwise", x, 32, 1, 1, 0, 1, null),
                g.conv2d("grouped", x, 32, 3, 1, 1, 4, null),
                g.conv2d(
                    "strided",
                    g.conv2d("depthwise", x, 16, 3, 1, 1, 16, null),
                    32,
                    3,
                    1,
                    1,
                    1,
                    null))
            .reduce(g::add)
            .orElseThrow();
    g.output("output", all);
    Graph graph = g.build();
    for (Precision precision : Precision.values()) {
      assertEquals(emit(graph, precision, Kernels.PLAIN), emit(graph, precision, PADDED));
    }
  }

  /** A tensor that has another use too reaches the program as it is. */
  @Test
  void sharedWeightsAreFilledUpInTheProgram() {
    Node x = map(4);
    Node weight = g.parameter("weight", 4, 4, 3, 3);
    Node bias = g.parameter("bias", 4);
    Node twice = g.add(new LinearOp.Conv2d(1, 1, 1), null, x, weight, bias);
    g.output(
        "output",
        g.add(
            g.add(new LinearOp.Conv2d(2, 1, 1), null, twice, weight, bias),
            g.add(new LinearOp.Conv2d(2, 1, 1), null, twice, weight)));
    Graph graph = g.build();
    assertSame(graph);
    String program = emit(graph, Precision.F32, PADDED);
    assertTrue(program.contains("constant_pad_nd(w[0]"), program);
    assertFalse(program.substring(program.indexOf("def prepare")).contains("pad"), program);
  }

  /** One kernel for each sample: a batch of one is an ordinary convolution. */
  @Test
  void kernelsOfSamplesAreFilledUp() {
    Node x = map(20);
    Node weights = g.input("w", Kind.FLOAT, Shape.batched(4, 20, 3, 3));
    Node biases = g.input("b", Kind.FLOAT, Shape.batched(4));
    g.output("output", g.add(new LinearOp.SampleConv2d(1, 1, 1), null, x, weights, biases));
    Graph graph = g.build();
    assertSame(graph);
    assertTrue(
        emit(graph, Precision.F32, PADDED)
            .contains("constant_pad_nd(v1, [0, 0, 0, 0, 0, 12, 0, 12]"));
  }

  private static String emit(Graph graph, Precision precision, Kernels kernels) {
    return TorchScriptLowering.program(
        graph, List.of(graph.value("output")), List.of(), precision.scalarType(), kernels);
  }
}
