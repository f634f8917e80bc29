package org.canbridge.benchmarks;

import java.util.List;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanRewriter;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.graph.Graph;

/**
 * What condition-aware layers add to a forward and backward pass in float32, all conditions of a
 * batch being different, as in training: the network with depthwise convolutions of one kernel, the
 * same with kernels for each sample, and the paper's three targets. Arguments: published name,
 * batch, blocks.
 */
public final class TrainingTurns {
  private static final int WARM_UP = 1;
  private static final int ROUNDS = 7;

  private TrainingTurns() {}

  /** Runs it. */
  public static void main(String[] args) {
    String model = args.length > 0 ? args[0] : "DiT-S/2";
    int batch = args.length > 1 ? Integer.parseInt(args[1]) : 16;
    Graph published =
        RandomNetwork.published(model, args.length > 2 ? Integer.parseInt(args[2]) : 0);
    CanSpec dwconv = CanPreset.paper(published, List.of(CanTarget.DWCONV), CanCondition.ALL);
    CanSpec paper = CanPreset.paper(published, CanTarget.PAPER, CanCondition.ALL);
    try (Subject fixed = subject(published, paper.withoutGenerators(), batch);
        Subject some = subject(published, dwconv, batch);
        Subject all = subject(published, paper, batch)) {
      new Turns()
          .add("static", fixed::forwardAndBackward)
          .add("dwconv", some::forwardAndBackward)
          .add("dwconv, patch, output", all::forwardAndBackward)
          .run(model + ", B " + batch + ", forward and backward", WARM_UP, ROUNDS, System.out);
    }
  }

  private static Subject subject(Graph published, CanSpec spec, int batch) {
    return new Subject(CanRewriter.rewrite(published, spec), Precision.F32, batch, false);
  }
}
