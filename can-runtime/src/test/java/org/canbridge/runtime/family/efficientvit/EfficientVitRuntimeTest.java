package org.canbridge.runtime.family.efficientvit;

import java.util.List;
import java.util.Optional;
import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.importers.efficientvit.EfficientVitHead;
import org.canbridge.importers.efficientvit.EfficientVitSeries;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.can.TinyNetworks;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.family.RuntimeFamilyContract;

class EfficientVitRuntimeTest extends RuntimeFamilyContract {

  @Override
  protected List<RuntimeFamily> examples() {
    return List.of(
        TinyNetworks.EFFICIENTVIT.family(),
        new EfficientVitRuntime(
            new EfficientVitConfig(
                EfficientVitSeries.L,
                List.of(2, 3, 4, 6, 8),
                List.of(1, 0, 1, 0, 1),
                4,
                2,
                List.of(1, 4, 4, 4, 4),
                Optional.of(new EfficientVitHead(List.of(12, 16), 5)),
                1e-7,
                1e-15),
            32));
  }

  /** Counters of training. */
  @Override
  protected boolean carriedAlong(String tensor) {
    return tensor.endsWith(".num_batches_tracked");
  }

  @Override
  protected Optional<CanSpec.Embedder> embedder() {
    return TinyNetworks.EFFICIENTVIT.embedder();
  }
}
