package org.canbridge.runtime.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.canbridge.runtime.engine.kernels.ConvolutionForm;
import org.canbridge.runtime.engine.kernels.Kernel;
import org.canbridge.runtime.engine.kernels.KernelReport;
import org.canbridge.runtime.engine.kernels.Kernels;
import org.canbridge.runtime.engine.kernels.Measurement;
import org.canbridge.runtime.engine.torchscript.KernelCase;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The check of the library's kernels, on the machine at hand. */
class KernelCheckTest {
  /** As often as the issue that found wrong convolutions asks for: 1000; the rest is patience. */
  private static final int REPETITIONS = Integer.getInteger("canbridge.repetitions", 2);

  /** In, out, kernel, stride, groups: about half of them are wrong on AMD's family 26. */
  private static final int[][] CONVOLUTIONS = {
    {4, 4, 3, 1, 1},
    {8, 8, 3, 1, 1},
    {12, 16, 3, 1, 1},
    {20, 16, 3, 1, 1},
    {20, 20, 3, 1, 1},
    {24, 24, 3, 1, 1},
    {40, 40, 3, 1, 1},
    {40, 64, 3, 1, 1},
    {64, 40, 3, 1, 1},
    {100, 100, 3, 1, 1},
    {128, 4, 3, 1, 1},
    {64, 64, 3, 1, 1},
    {40, 40, 1, 1, 1},
    {64, 20, 3, 2, 1},
    {192, 192, 3, 1, 192},
    {64, 64, 3, 1, 4}
  };

  @Test
  void everyKernelIsRightHereOrReplaced() {
    List<Measurement> found = KernelCheck.all(TorchDevice.usual());
    Set<Kernel> measured = found.stream().map(Measurement::kernel).collect(Collectors.toSet());
    assertEquals(EnumSet.allOf(Kernel.class), measured);
    KernelReport report = new KernelReport(MachineKernels.report().machine(), 0, found);
    assertEquals(Map.of(), report.kernels(DType.F32).wrong());
    assertEquals(Map.of(), report.kernels(DType.BF16).wrong());
    assertSame(Kernels.PLAIN, report.kernels(DType.F64));
  }

  /** As this machine asks for them, and as one that computes some of them wrongly does. */
  static Stream<Kernels> kernels() {
    return Stream.of(
        MachineKernels.of(Target.F32),
        new Kernels(Map.of(Kernel.PARTIAL_CONVOLUTION, ConvolutionForm.PADDED), false, Map.of()));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void convolutionsAsProgramsAskForThemAreRight(Kernels kernels) {
    for (int[] sizes : CONVOLUTIONS) {
      GraphBuilder g = new GraphBuilder();
      Node x = g.input("x", Kind.FLOAT, Shape.batched(sizes[0], 32, 32));
      g.output(
          "output",
          g.conv2d("layer", x, sizes[1], sizes[2], sizes[3], sizes[2] / 2, sizes[4], null));
      KernelCase each = new KernelCase(Kernel.CONVOLUTION, kernels, g.build());
      Measurement measured = KernelCheck.of(List.of(each), REPETITIONS).get(0);
      assertTrue(
          measured.output() <= 1e-5 && measured.gradients() <= 1e-5,
          sizes[0] + " -> " + sizes[1] + ": " + measured);
    }
  }

  /** float32 loses a small number beside a large one, and has no number past 3e38. */
  @Test
  void errorsAreNoticed() {
    assertEquals(1, measured(1e9).output(), 0.1);
    assertFalse(measured(1e9).isRight());
    assertTrue(Double.isNaN(measured(1e300).output()));
    assertFalse(measured(1e300).isRight());
    assertTrue(measured(1).isRight());
  }

  private static Measurement measured(double large) {
    GraphBuilder g = new GraphBuilder();
    Node x = g.input("x", Kind.FLOAT, Shape.batched(5));
    Node w = g.parameter("weight", 5);
    g.output("output", g.addScalar(g.addScalar(g.addMul(x, x, w), large), -large));
    Graph graph = g.build();
    KernelCase each = new KernelCase(Kernel.LINEAR, Kernels.PLAIN, graph);
    return KernelCheck.of(List.of(each), 1).get(0);
  }

  @Test
  void aMachineIsCheckedOnce() {
    KernelReport report = MachineKernels.report();
    assertSame(report, MachineKernels.report());
    assertEquals(report.json(), MachineKernels.store().read(report.machine()).orElseThrow().json());
  }
}
