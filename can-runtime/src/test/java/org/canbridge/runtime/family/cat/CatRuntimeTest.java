package org.canbridge.runtime.family.cat;

import java.util.List;
import org.canbridge.importers.cat.CatCondition;
import org.canbridge.importers.cat.CatConfig;
import org.canbridge.runtime.can.TinyNetworks;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.family.RuntimeFamilyContract;

class CatRuntimeTest extends RuntimeFamilyContract {

  @Override
  protected List<RuntimeFamily> examples() {
    return List.of(
        TinyNetworks.CAT.family(),
        new CatRuntime(
            new CatConfig(
                24,
                4,
                2,
                List.of(6, 6, 12),
                List.of(1, 1, 1),
                3,
                3,
                10,
                new CatCondition.Text(7, 6))));
  }
}
