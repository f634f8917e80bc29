package org.canbridge.runtime.family.dit;

import java.util.List;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.runtime.can.TinyNetworks;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.family.RuntimeFamilyContract;

class DitRuntimeTest extends RuntimeFamilyContract {

  @Override
  protected List<RuntimeFamily> examples() {
    return List.of(
        TinyNetworks.DIT.family(),
        new DitRuntime(new DitConfig(12, 4, 3, 20, 1, 5, 53, 11, false, 64)),
        new DitRuntime(
            new DitConfig(8, 4, 1, 16, 3, 2, 64, 11, true, 32)
                .withArithmetic(1, 1e-5)
                .withPerBlockEmbedders(true)));
  }
}
