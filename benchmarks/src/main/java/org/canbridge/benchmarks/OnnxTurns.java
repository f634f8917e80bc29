package org.canbridge.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanRewriter;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.engine.EngineName;
import org.canbridge.runtime.engine.OnnxModel;
import org.canbridge.runtime.engine.RunningNetwork;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.onnx.OnnxLowering;
import org.canbridge.runtime.onnx.OnnxOptions;
import org.canbridge.tensors.TensorData;

/**
 * The network's part of a sampling step in ONNX Runtime. Arguments: published name, batch, and the
 * file that {@code benchmarks/pytorch/export_onnx.py} made of the same network; or {@code table5}
 * for the two networks of the CAN paper's Table 5.
 */
public final class OnnxTurns {
  private static final int WARM_UP = 3;
  private static final int ROUNDS = 21;
  private static final int FEW = 5;
  private static final List<String> OUTPUT = List.of("output");
  private static final Target TARGET = Target.F32.on(EngineName.ONNXRUNTIME);

  /** The paper's steps for DiT-XL/2, over those for CaT. */
  private static final double STEPS = 250.0 / 20;

  /** Side of the latent of 512 pixels. */
  private static final int SIDE = 64;

  private OnnxTurns() {}

  /** Runs it. */
  public static void main(String[] args) throws IOException {
    if (args[0].equals("table5")) {
      table5();
      return;
    }
    int batch = Integer.parseInt(args[1]);
    exporters(args[0], batch, Path.of(args[2]));
    generators(args[0], batch);
  }

  /** PyTorch's exporter's file beside ours, in two versions of the operators. */
  private static void exporters(String name, int batch, Path theirs) throws IOException {
    RandomNetwork random = new RandomNetwork(name, 0);
    Graph graph = random.graph();
    Map<String, TensorData> weights = random.weights(graph);
    Map<String, TensorData> inputs = random.inputs(graph, batch);
    try (OnnxModel pytorch = OnnxModel.open(theirs, Optional.empty());
        OnnxModel first = exported(graph, weights, OnnxOptions.FIRST_OPSET);
        OnnxModel last = exported(graph, weights, OnnxOptions.LAST_OPSET)) {
      new Turns()
          .add("PyTorch's exporter", () -> pytorch.run(inputs, OUTPUT))
          .add("opset " + OnnxOptions.FIRST_OPSET, () -> first.run(inputs, OUTPUT))
          .add("opset " + OnnxOptions.LAST_OPSET, () -> last.run(inputs, OUTPUT))
          .run(name + ", B " + batch, WARM_UP, ROUNDS, System.out);
    }
  }

  private static OnnxModel exported(Graph graph, Map<String, TensorData> weights, int opset)
      throws IOException {
    Path file = Files.createTempFile("network", ".onnx");
    try {
      Files.write(
          file,
          OnnxLowering.of(graph, OUTPUT, OnnxOptions.defaults().withOpset(opset))
              .model(weight -> weight.inside(weights.get(weight.name())), Map.of())
              .toByteArray());
      return OnnxModel.open(file, Optional.empty());
    } finally {
      Files.delete(file);
    }
  }

  /** The condition-aware network beside the same layers with weights of their own. */
  private static void generators(String name, int batch) {
    RandomNetwork random = new RandomNetwork(name, 0);
    Graph published = random.graph();
    CanSpec spec = CanPreset.paper(published, CanTarget.PAPER, CanCondition.ALL);
    Graph can = CanRewriter.rewrite(published, spec);
    Graph fixed = CanRewriter.rewrite(published, spec.withoutGenerators());
    Map<String, TensorData> weights = random.weights(can);
    Map<String, TensorData> inputs = random.inputs(can, batch);
    try (Session none = Session.open(fixed, weights, TARGET);
        Session plain = Session.open(published, weights, TARGET);
        Session all = Session.open(can, weights, TARGET)) {
      new Turns()
          .add("static", () -> none.run(inputs, OUTPUT))
          .add("as published", () -> plain.run(inputs, OUTPUT))
          .add("condition-aware", () -> all.run(inputs, OUTPUT))
          .run(name + " as CAN, B " + batch, WARM_UP, ROUNDS, System.out);
    }
  }

  private static void table5() {
    RandomNetwork cat = new RandomNetwork("CaT-L0", 0);
    RandomNetwork dit = new RandomNetwork("DiT-XL/2", 0);
    Graph base = cat.graph(SIDE);
    Graph can = CanRewriter.rewrite(base, CanPreset.paper(base, CanTarget.PAPER, CanCondition.ALL));
    Graph large = dit.graph(SIDE);
    Map<String, TensorData> short512 = cat.inputs(can, 1);
    Map<String, TensorData> long512 = dit.inputs(large, 1);
    try (RunningNetwork small = Session.open(can, cat.weights(can), TARGET);
        RunningNetwork big = Session.open(large, dit.weights(large), TARGET)) {
      double[] ratios =
          new Turns()
              .add("CaT-L0", () -> small.run(short512, OUTPUT))
              .add("DiT-XL/2", () -> big.run(long512, OUTPUT))
              .run("a step at 512, B 1", 1, FEW, System.out);
      System.out.printf(
          "  250 steps of DiT-XL/2 over 20 of CaT-L0: %.0f (paper: 229)%n", ratios[1] * STEPS);
    }
  }
}
