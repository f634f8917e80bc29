package org.canbridge.verifiers.model;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.importers.Layout;
import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.runtime.network.EfficientVit;
import org.canbridge.verifiers.CallPlan;
import org.canbridge.verifiers.CallPlans;
import org.canbridge.verifiers.Tolerance;

/**
 * How a network whose batch norms were folded is held against what the network with norms computed.
 * Outputs keep their tolerance. Activations get another one: folding rounds every weight once more,
 * and single small elements of the bundled networks' maps then need up to 2.8 of the float32
 * tolerance. In float64 both networks agree to 1e-12 standard deviations ({@code NormFoldingTest}),
 * so it is rounding and nothing else.
 */
final class FoldedNorms {
  /** Five times the table's absolute part. */
  private static final Tolerance ACTIVATIONS =
      new Tolerance(
          1e-4,
          5e-5,
          "batch norms were folded, which rounds the weights once more: measured up to 2.8 times the"
              + " float32 default; 1e-12 in float64");

  private static final String GONE =
      "the batch norm was folded into the convolution in front of it, and neither module gives what"
          + " it gave";

  private FoldedNorms() {}

  /** The same calls, with the tolerance that activations need. */
  static CallPlan plan(CallPlan plan) {
    return new CallPlan(
        plan.family(),
        plan.calls().stream()
            .map(call -> call.withTolerance("activation.*", ACTIVATIONS))
            .toList());
  }

  /** The activations that the folded network does not have, with the reason. */
  static Map<String, String> notChecked(EfficientVitConfig folded, Layout layout) {
    EfficientVitConfig published = folded.withBatchNormFolded(false);
    Set<String> gone = new LinkedHashSet<>(EfficientVit.graph(published).modules().keySet());
    gone.removeAll(EfficientVit.graph(folded).modules().keySet());
    Map<String, String> reasons = new LinkedHashMap<>();
    for (String module : gone) {
      for (String name : List.of(module, layout.publishedModule(module, folded.arguments()))) {
        reasons.put("activation." + name, GONE);
        reasons.put("activation." + name + "." + CallPlans.WIDE, GONE);
      }
    }
    return reasons;
  }
}
