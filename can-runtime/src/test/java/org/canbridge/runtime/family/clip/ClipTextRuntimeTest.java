package org.canbridge.runtime.family.clip;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.canbridge.importers.clip.ClipTextConfig;
import org.canbridge.importers.clip.ClipTextConfig.Activation;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.family.RuntimeFamilyContract;

class ClipTextRuntimeTest extends RuntimeFamilyContract {

  @Override
  protected List<RuntimeFamily> examples() {
    return List.of(
        new ClipTextRuntime(
            new ClipTextConfig(
                11, 8, 12, 2, 2, 5, Activation.QUICK_GELU, 1e-5, 10, OptionalInt.empty())),
        new ClipTextRuntime(
            new ClipTextConfig(7, 6, 9, 1, 3, 4, Activation.GELU, 1e-6, 2, OptionalInt.of(5))));
  }

  @Override
  protected Optional<String> conversionRefused() {
    return Optional.of(
        "this network has no 'all' condition; it has none at all, so an embedder must be added");
  }
}
