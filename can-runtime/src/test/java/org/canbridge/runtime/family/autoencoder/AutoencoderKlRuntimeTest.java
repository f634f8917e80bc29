package org.canbridge.runtime.family.autoencoder;

import java.util.List;
import java.util.Optional;
import org.canbridge.importers.autoencoder.AutoencoderKlConfig;
import org.canbridge.runtime.family.LatentCodec;
import org.canbridge.runtime.family.LatentSpace;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.family.RuntimeFamilyContract;
import org.canbridge.runtime.graph.Graph;

class AutoencoderKlRuntimeTest extends RuntimeFamilyContract {

  @Override
  protected List<RuntimeFamily> examples() {
    return List.of(
        new AutoencoderKlRuntime(
            new AutoencoderKlConfig(1, 2, List.of(6), 2, 3, 3, 1, 0, true, true)),
        new AutoencoderKlRuntime(
            new AutoencoderKlConfig(3, 4, List.of(4, 8, 4), 2, 5, 2, 0.5, -0.25, false, false)));
  }

  @Override
  protected List<Graph> graphs(RuntimeFamily network) {
    LatentCodec codec = network.codec().orElseThrow();
    return List.of(
        codec.encoder(LatentSpace.DIFFUSION, 64, 64), codec.decoder(LatentSpace.DIFFUSION, 8, 8));
  }

  @Override
  protected Optional<String> conversionRefused() {
    return Optional.of(
        "this network has no 'all' condition; it has none at all, so an embedder must be added");
  }
}
