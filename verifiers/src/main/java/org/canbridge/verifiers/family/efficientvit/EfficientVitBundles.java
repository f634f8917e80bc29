package org.canbridge.verifiers.family.efficientvit;

import java.util.Map;
import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.runtime.can.CanRewriter;
import org.canbridge.runtime.family.efficientvit.EfficientVit;
import org.canbridge.runtime.family.efficientvit.EfficientVitRuntime;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.verifiers.Call;
import org.canbridge.verifiers.CallPlan;
import org.canbridge.verifiers.Tolerance;
import org.canbridge.verifiers.family.FamilyBundles;
import org.canbridge.verifiers.family.ModelRuns;

/** Bundles of EfficientViT. */
public final class EfficientVitBundles implements FamilyBundles {
  /** The name of the call with an image that is wider than high. */
  static final String WIDE = "wide";

  /** {@code (B, C, H, W)}. */
  private static final int IMAGE_RANK = 4;

  /**
   * Five times the table's absolute part, for what is inside an EfficientViT; outputs keep the
   * table's. In float64 networks with norms and with folded norms agree to 1e-12 ({@code
   * NormFoldingTest}), so it is rounding and nothing else.
   */
  private static final Tolerance INSIDE =
      new Tolerance(
          1e-4,
          5e-5,
          "single small elements of the maps round to 1.6 times the float32 default against"
              + " float64, 2.8 times where batch norms were folded");

  /** EfficientViT: a square image, and a {@code wide} one. */
  private static final CallPlan PLAN =
      CallPlan.of(
          "efficientvit",
          Call.named(CallPlan.FORWARD)
              .inputs("x")
              .output("output", "output")
              .tolerance("activation.*", INSIDE)
              .build(),
          Call.named(WIDE)
              .input("x", "x.wide")
              .output("output.wide", "output")
              .suffix("wide")
              .tolerance("activation.*", INSIDE)
              .build());

  @Override
  public CallPlan plan() {
    return PLAN;
  }

  /**
   * The size of the image is part of the graph: one for each size in the bundle. A condition-aware
   * network takes the condition that the bundle holds, or timestep 0 and class 0: a classifier was
   * recorded without any, and conversion preserves what it computes under every condition.
   */
  @Override
  public boolean add(ModelRuns runs) {
    if (!(runs.model().family() instanceof EfficientVitRuntime family)) {
      return false;
    }
    EfficientVitConfig config = family.config();
    Map<String, String> calls = Map.of("x", CallPlan.FORWARD, "x.wide", WIDE);
    calls.forEach(
        (input, call) ->
            runs.sizes(input, IMAGE_RANK)
                .ifPresent(
                    shape -> {
                      Graph plain =
                          EfficientVit.graph(
                              config, Math.toIntExact(shape.get(2)), Math.toIntExact(shape.get(3)));
                      Graph graph =
                          runs.model()
                              .can()
                              .map(spec -> CanRewriter.rewrite(plain, spec))
                              .orElse(plain);
                      runs.add(call, new Conditioned(runs.runner(runs.session(graph)), graph));
                    }));
    if (config.batchNormFolded()) {
      FoldedNorms.notChecked(config, runs.layout()).forEach(runs::leaveOut);
    }
    return true;
  }
}
