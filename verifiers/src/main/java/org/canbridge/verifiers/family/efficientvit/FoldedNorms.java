package org.canbridge.verifiers.family.efficientvit;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.importers.family.Layout;
import org.canbridge.runtime.family.efficientvit.EfficientVit;

/**
 * How a network whose batch norms were folded is held against what the network with norms computed:
 * modules that are no longer there are left out, with that reason.
 */
final class FoldedNorms {
  private static final String GONE =
      "the batch norm was folded into the convolution in front of it, and neither module gives what"
          + " it gave";

  private FoldedNorms() {}

  /** The activations that the folded network does not have, with the reason. */
  static Map<String, String> notChecked(EfficientVitConfig folded, Layout layout) {
    EfficientVitConfig published = folded.withBatchNormFolded(false);
    Set<String> gone = new LinkedHashSet<>(EfficientVit.graph(published).modules().keySet());
    gone.removeAll(EfficientVit.graph(folded).modules().keySet());
    Map<String, String> reasons = new LinkedHashMap<>();
    for (String module : gone) {
      for (String name : List.of(module, layout.publishedModule(module, folded.arguments()))) {
        reasons.put("activation." + name, GONE);
        reasons.put("activation." + name + "." + EfficientVitBundles.WIDE, GONE);
      }
    }
    return reasons;
  }
}
