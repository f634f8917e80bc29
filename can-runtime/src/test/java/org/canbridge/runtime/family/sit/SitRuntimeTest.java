package org.canbridge.runtime.family.sit;

import java.util.List;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.sit.SitConfig;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.family.RuntimeFamilyContract;

class SitRuntimeTest extends RuntimeFamilyContract {

  @Override
  protected List<RuntimeFamily> examples() {
    return List.of(
        new SitRuntime(new SitConfig(new DitConfig(8, 2, 4, 24, 1, 3, 96, 10, true, 64))),
        new SitRuntime(new SitConfig(new DitConfig(8, 4, 1, 16, 2, 2, 64, 11, false, 32))));
  }

  /** It is DiT's. */
  @Override
  protected boolean ownNetwork() {
    return false;
  }
}
