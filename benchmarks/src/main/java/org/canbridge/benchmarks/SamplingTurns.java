package org.canbridge.benchmarks;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanRewriter;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;

/**
 * The network's part of one step of guided sampling, half of the batch being the null class.
 * Arguments: published name, batch, precision, blocks.
 */
public final class SamplingTurns {
  private static final int WARM_UP = 3;
  private static final int ROUNDS = 21;

  private final Map<String, TensorData> inputs;
  private final Objective objective;
  private final int batch;
  private int call;

  private SamplingTurns(Map<String, TensorData> inputs, Objective objective, int batch) {
    this.inputs = inputs;
    this.objective = objective;
    this.batch = batch;
  }

  /** Runs it. */
  public static void main(String[] args) {
    String model = args.length > 0 ? args[0] : "DiT-S/2";
    int batch = args.length > 1 ? Integer.parseInt(args[1]) : 8;
    Precision precision = args.length > 2 ? Precision.valueOf(args[2]) : Precision.F32;
    RandomNetwork random =
        new RandomNetwork(model, args.length > 3 ? Integer.parseInt(args[3]) : 0);
    Graph published = random.graph();
    CanSpec spec = CanPreset.paper(published, CanTarget.PAPER, CanCondition.ALL);
    Graph all = CanRewriter.rewrite(published, spec);
    Graph byClass =
        CanRewriter.rewrite(
            published, CanPreset.paper(published, CanTarget.PAPER, CanCondition.CLASS));
    Graph fixed = CanRewriter.rewrite(published, spec.withoutGenerators());
    Map<String, TensorData> weights = random.weights(all);
    SamplingTurns turns = new SamplingTurns(random.inputs(all, batch), random.objective(), batch);
    try (Session none = Session.open(fixed, weights, Target.of(precision));
        Session unshared = Session.open(all, weights, Target.of(precision));
        Session distinct = Session.open(all, weights, Target.of(precision));
        Session split = Session.open(all, weights, Target.of(precision));
        Session once = Session.open(byClass, weights, Target.of(precision))) {
      new Turns()
          .add("no generators", () -> turns.step(none, false, false))
          .add("for each sample", () -> turns.step(unshared, true, false))
          .add("for each distinct condition", () -> turns.step(distinct, false, true))
          .add("split into time and class", () -> turns.step(split, false, false))
          .add("by class, once", () -> turns.step(once, false, false))
          .run(model + ", B " + batch + ", " + precision, WARM_UP, ROUNDS, System.out);
    }
  }

  /**
   * One call of the network.
   *
   * @param different whether no two samples have the same timestep, so that nothing is shared
   * @param others whether labels differ from those of the call before, so that nothing is kept
   */
  private void step(Session session, boolean different, boolean others) {
    call++;
    float[] t = new float[batch];
    long[] y = new long[batch];
    for (int i = 0; i < batch; i++) {
      t[i] = (float) objective.noiseTime() + 1 - call + (different ? i / (float) batch : 0);
      y[i] = i < batch / 2 ? i + (others ? (long) batch * (call % 50) : 0) : objective.classes();
    }
    Map<String, TensorData> now = new HashMap<>(inputs);
    now.put("t", MemoryTensor.of(t, batch));
    now.put("y", MemoryTensor.of(y, batch));
    session.run(now, List.of("output"));
  }
}
