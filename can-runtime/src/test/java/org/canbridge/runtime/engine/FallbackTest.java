package org.canbridge.runtime.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.autoencoder.AutoencoderKlConfig;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.engine.kernels.ConvolutionForm;
import org.canbridge.runtime.engine.kernels.Kernel;
import org.canbridge.runtime.engine.kernels.KernelException;
import org.canbridge.runtime.engine.kernels.KernelReport;
import org.canbridge.runtime.engine.kernels.Kernels;
import org.canbridge.runtime.engine.kernels.Measurement;
import org.canbridge.runtime.engine.torchscript.Lowered;
import org.canbridge.runtime.engine.torchscript.TorchScriptLowering;
import org.canbridge.runtime.family.BundleCoverage;
import org.canbridge.runtime.family.LatentSpace;
import org.canbridge.runtime.family.autoencoder.AutoencoderKl;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks on a machine that is told to compute some kernels wrongly. */
class FallbackTest {
  /** A machine on which all is right; packed linear layers as they are. */
  private static final KernelReport SOUND =
      new KernelReport(
          MachineKernels.report().machine(),
          0,
          Stream.of(DType.F32, DType.BF16)
              .flatMap(
                  type ->
                      Stream.of(Kernel.values())
                          .filter(kernel -> kernel != Kernel.PACKED_LINEAR)
                          .map(kernel -> new Measurement(kernel, type, 0, 0, true)))
              .toList());

  private static KernelReport wrong(KernelReport report, Kernel kernel, DType... types) {
    KernelReport changed = report;
    for (DType type : types) {
      changed = changed.with(new Measurement(kernel, type, Double.NaN, 0.3, true));
    }
    return changed;
  }

  /** Every way in which bfloat16 convolutions can be asked for. */
  static Stream<Arguments> reports() {
    KernelReport partial = wrong(SOUND, Kernel.PARTIAL_CONVOLUTION, DType.BF16);
    KernelReport both = wrong(partial, Kernel.PARTIAL_CONVOLUTION, DType.F32);
    return Stream.of(
        Arguments.of(SOUND, ConvolutionForm.PLAIN),
        Arguments.of(partial, ConvolutionForm.PADDED),
        Arguments.of(wrong(partial, Kernel.FILLED_CONVOLUTION, DType.BF16), ConvolutionForm.WIDE),
        Arguments.of(
            wrong(both, Kernel.FILLED_CONVOLUTION, DType.BF16), new ConvolutionForm(true, true)));
  }

  /** A recorded case and the parts of its network. */
  private static void compare(String name, Arithmetic arithmetic) {
    try (BundleCoverage reference = new BundleCoverage(name)) {
      if (name.equals("vae-tiny")) {
        autoencoder(reference, arithmetic);
        return;
      }
      ImportOptions options =
          ImportOptions.defaults()
              .withArguments(
                  (ObjectNode) reference.json("reference.json").get("config"), "reference.json");
      try (Model model =
          Model.open(
              reference.path(name.equals("dit-tiny") ? "checkpoint.pt" : "nnet_ema.pth"),
              options)) {
        compare(
            reference,
            model.graph(),
            model.checkpoint().tensors(),
            reference.inputs("x", "t", "y"),
            Map.of("output", "output"),
            arithmetic);
      }
    }
  }

  private static void autoencoder(BundleCoverage reference, Arithmetic arithmetic) {
    ImportOptions options =
        ImportOptions.defaults().withArguments(reference.json("config.json"), "config.json");
    try (Checkpoint checkpoint =
        Checkpoints.open(reference.path("diffusion_pytorch_model.safetensors"), options)) {
      AutoencoderKlConfig config = (AutoencoderKlConfig) checkpoint.config();
      List<Long> image = reference.input("image").type().shape();
      List<Long> latent = reference.input("latent").type().shape();
      LatentSpace space = LatentSpace.AUTOENCODER;
      compare(
          reference,
          AutoencoderKl.encoder(config, space, image.get(2), image.get(3)),
          checkpoint.tensors(),
          reference.inputs("image", "noise"),
          Map.of("mean", "output.mean"),
          arithmetic);
      compare(
          reference,
          AutoencoderKl.decoder(config, space, latent.get(2), latent.get(3)),
          checkpoint.tensors(),
          reference.inputs("latent"),
          Map.of("decoded", "output.decoded"),
          arithmetic);
    }
  }

  private static void compare(
      BundleCoverage reference,
      Graph graph,
      Map<String, TensorData> weights,
      Map<String, TensorData> inputs,
      Map<String, String> expected,
      Arithmetic arithmetic) {
    assertAskedFor(graph, arithmetic);
    try (Session session = TorchSession.open(graph, weights, arithmetic)) {
      if (arithmetic.precision() == Precision.F32) {
        reference.check(session, inputs, expected);
        return;
      }
      String value = expected.keySet().iterator().next();
      try (Session single =
          TorchSession.open(graph, weights, new Arithmetic(Target.F32, Kernels.PLAIN))) {
        assertClose(
            Tensors.doubles(single.run(inputs, List.of(value)).get(value)),
            Tensors.doubles(session.run(inputs, List.of(value)).get(value)));
      }
    }
  }

  private static void assertClose(double[] expected, double[] actual) {
    double difference = 0;
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      difference = Math.max(difference, Math.abs(expected[i] - actual[i]));
      largest = Math.max(largest, Math.abs(expected[i]));
    }
    assertTrue(difference <= 0.05 * largest, difference + " of " + largest);
  }

  /** Every convolution over partial blocks is asked for in the form that was chosen. */
  private static void assertAskedFor(Graph graph, Arithmetic arithmetic) {
    String program =
        TorchScriptLowering.program(
            graph,
            List.copyOf(graph.outputs().values()),
            List.of(),
            arithmetic.precision().scalarType(),
            arithmetic.kernels());
    String prepare = program.substring(program.indexOf("def prepare"));
    ConvolutionForm form = arithmetic.kernels().form(Kernel.PARTIAL_CONVOLUTION);
    List<String> names = graph.parameters().stream().map(Op.Parameter::name).toList();
    for (Node node : graph.nodes()) {
      if (Lowered.kernels(node).contains(Kernel.PARTIAL_CONVOLUTION)) {
        String weight =
            "w[" + names.indexOf(((Op.Parameter) node.inputs().get(1).op()).name()) + "]";
        String given =
            arithmetic.precision() == Precision.BF16 ? "torch.to(" + weight + ", 15)" : weight;
        assertEquals(
            form.padded(), prepare.contains("constant_pad_nd(" + given + ", [0, 0, 0, 0, "));
        String call =
            program
                .lines()
                .filter(line -> line.contains(", " + weight) || line.contains("torch.to(" + weight))
                .findFirst()
                .orElseThrow();
        assertEquals(form.wide(), call.contains("torch.to(" + weight + ", 6)"), call);
        long out = node.shape().size(1);
        assertEquals(
            form.padded() && out % 16 != 0, call.contains("), 1, 0, " + out + ", 1)"), call);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"dit-tiny", "uvit-tiny", "vae-tiny"})
  void recordedCasesAreReproducedWithChannelsFilledUp(String name) {
    compare(name, new Arithmetic(Target.F32, SOUND.kernels(DType.F32)));
    Kernels kernels = wrong(SOUND, Kernel.PARTIAL_CONVOLUTION, DType.F32).kernels(DType.F32);
    assertEquals(ConvolutionForm.PADDED, kernels.form(Kernel.PARTIAL_CONVOLUTION));
    compare(name, new Arithmetic(Target.F32, kernels));
  }

  @ParameterizedTest
  @MethodSource("reports")
  void bfloat16IsFloat32UpToRounding(KernelReport report, ConvolutionForm form) {
    Kernels kernels = report.kernels(DType.BF16);
    assertEquals(form, kernels.form(Kernel.PARTIAL_CONVOLUTION));
    for (String name : List.of("dit-tiny", "uvit-tiny", "vae-tiny")) {
      compare(name, new Arithmetic(Target.BF16, kernels));
    }
  }

  /** Kinds of convolution that have float32 alone to fall back on. */
  @ParameterizedTest
  @EnumSource(
      names = {
        "CONVOLUTION",
        "STRIDED_CONVOLUTION",
        "GROUPED_CONVOLUTION",
        "DEPTHWISE_CONVOLUTION"
      })
  void otherConvolutionsFallBackToFloat32(Kernel kernel) {
    Kernels kernels = wrong(SOUND, kernel, DType.BF16).kernels(DType.BF16);
    assertEquals(Map.of(kernel, ConvolutionForm.WIDE), kernels.convolutions());
    GraphBuilder g = new GraphBuilder();
    Node x = g.input("x", Kind.FLOAT, Shape.batched(32, 6, 6));
    Node value =
        switch (kernel) {
          case CONVOLUTION -> g.conv2d("layer", x, 16, 3, 1, 1, 1, null);
          case STRIDED_CONVOLUTION -> g.conv2d("layer", x, 20, 3, 2, 1, 1, null);
          case GROUPED_CONVOLUTION -> g.conv2d("layer", x, 16, 3, 1, 1, 4, null);
          default -> g.conv2d("layer", x, 32, 3, 1, 1, 32, null);
        };
    g.output("output", value);
    Graph graph = g.build();
    Arithmetic arithmetic = new Arithmetic(Target.BF16, kernels);
    String program =
        TorchScriptLowering.program(
            graph,
            List.of(value),
            List.of(),
            arithmetic.precision().scalarType(),
            arithmetic.kernels());
    assertTrue(
        program.contains("torch.to(torch.conv2d(torch.to(v0, 6), torch.to(w[0], 6)"), program);
    RandomTensors random = new RandomTensors(3);
    Map<String, TensorData> weights = random.weights(graph);
    Map<String, TensorData> inputs = random.inputs(graph, 2, 1);
    List<String> output = List.of("output");
    try (Session narrow = TorchSession.open(graph, weights, arithmetic);
        Session exact = Session.open(graph, weights, Target.F64)) {
      assertClose(
          Tensors.doubles(exact.run(inputs, output).get("output")),
          Tensors.doubles(narrow.run(inputs, output).get("output")));
    }
    assertEquals(
        Set.of(kernel),
        wrong(SOUND, kernel, DType.F32, DType.BF16).kernels(DType.BF16).wrong().keySet());
  }

  @Test
  void packedLinearLayersAreUsedWhereTheyAreRight() {
    Measurement right = new Measurement(Kernel.PACKED_LINEAR, DType.BF16, 0.005, 0, true);
    KernelReport report = SOUND.with(right);
    assertFalse(report.kernels(DType.BF16).packedLinears(), "none was measured");
    List<Measurement> all = new ArrayList<>(SOUND.measurements());
    all.add(right);
    report = new KernelReport(SOUND.machine(), 0, all);
    assertTrue(report.kernels(DType.BF16).packedLinears());
    assertFalse(report.kernels(DType.F32).packedLinears());
    Kernels kernels = wrong(report, Kernel.PACKED_LINEAR, DType.BF16).kernels(DType.BF16);
    assertFalse(kernels.packedLinears());
    assertEquals(Map.of(), kernels.wrong(), "plain layers take their place");
  }

  /** What nothing can take the place of stops what needs it, and nothing else. */
  @Test
  void othersAreRefusedByName() {
    KernelReport report =
        SOUND.with(new Measurement(Kernel.ATTENTION, DType.F32, 0.25, Double.NaN, true));
    Arithmetic arithmetic = new Arithmetic(Target.F32, report.kernels(DType.F32));
    KernelException refused =
        assertThrows(KernelException.class, () -> compare("dit-tiny", arithmetic));
    assertEquals(
        """
        the library computes 'attention' wrongly in f32 on this machine, and nothing can take its place
          expected: within 1e-05 of float64
          actual: output 2.5e-01, gradients NaN
          next: canbridge doctor shows what was measured; take another --precision or another machine\
        """,
        refused.getMessage());
    compare("dit-tiny", new Arithmetic(Target.BF16, report.kernels(DType.BF16)));
  }

  @Test
  void wrongGradientsStopTrainingAlone() {
    KernelReport report = SOUND.with(new Measurement(Kernel.NORM, DType.F32, 1e-7, 0.3, true));
    Arithmetic arithmetic = new Arithmetic(Target.F32, report.kernels(DType.F32));
    compare("dit-tiny", arithmetic);
    GraphBuilder g = new GraphBuilder();
    Node value = g.layerNorm("norm", g.input("x", Kind.FLOAT, Shape.batched(4)), 1e-6);
    g.output("output", value);
    Graph graph = g.build();
    assertThrows(
        KernelException.class,
        () ->
            Lowered.differentiable(
                graph, value, arithmetic.precision().scalarType(), arithmetic.kernels()));
  }
}
