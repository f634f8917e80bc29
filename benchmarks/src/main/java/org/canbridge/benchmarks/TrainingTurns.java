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
 * What condition-aware layers add to a whole training step (loss, gradients, norm, AdamW, average),
 * all conditions of a batch being different: the network as published, with depthwise convolutions
 * of one kernel, the same with kernels for each sample, and the paper's three targets. {@code
 * benchmarks/pytorch/train_step.py} is the same step in PyTorch. Arguments: published name, batch,
 * precision, blocks, rounds.
 */
public final class TrainingTurns {
  private static final int WARM_UP = 2;

  private TrainingTurns() {}

  /** Runs it. */
  public static void main(String[] args) {
    String model = args.length > 0 ? args[0] : "DiT-S/2";
    int batch = args.length > 1 ? Integer.parseInt(args[1]) : 16;
    Precision precision = args.length > 2 ? Precision.valueOf(args[2]) : Precision.F32;
    int blocks = args.length > 3 ? Integer.parseInt(args[3]) : 0;
    int rounds = args.length > 4 ? Integer.parseInt(args[4]) : 7;
    RandomNetwork random = new RandomNetwork(model, blocks);
    Graph published = random.graph();
    CanSpec dwconv = CanPreset.paper(published, List.of(CanTarget.DWCONV), CanCondition.ALL);
    CanSpec paper = CanPreset.paper(published, CanTarget.PAPER, CanCondition.ALL);
    try (TrainingStep plain = new TrainingStep(random, published, precision, batch);
        TrainingStep fixed = step(random, paper.withoutGenerators(), precision, batch);
        TrainingStep some = step(random, dwconv, precision, batch);
        TrainingStep all = step(random, paper, precision, batch)) {
      new Turns()
          .add("static", fixed)
          .add("published", plain)
          .add("dwconv", some)
          .add("dwconv, patch, output", all)
          .run(
              model + ", B " + batch + ", " + precision + ", training step",
              WARM_UP,
              rounds,
              System.out);
    }
  }

  private static TrainingStep step(
      RandomNetwork random, CanSpec spec, Precision precision, int batch) {
    return new TrainingStep(random, CanRewriter.rewrite(random.graph(), spec), precision, batch);
  }
}
