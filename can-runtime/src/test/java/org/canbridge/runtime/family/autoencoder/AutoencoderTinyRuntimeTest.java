package org.canbridge.runtime.family.autoencoder;

import java.util.List;
import java.util.Optional;
import org.canbridge.importers.autoencoder.AutoencoderTinyConfig;
import org.canbridge.runtime.family.LatentCodec;
import org.canbridge.runtime.family.LatentSpace;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.family.RuntimeFamilyContract;
import org.canbridge.runtime.graph.Graph;

class AutoencoderTinyRuntimeTest extends RuntimeFamilyContract {

  @Override
  protected List<RuntimeFamily> examples() {
    return List.of(
        new AutoencoderTinyRuntime(
            new AutoencoderTinyConfig(3, 3, 6, 4, List.of(1, 2), List.of(2, 1), 2)),
        new AutoencoderTinyRuntime(
            new AutoencoderTinyConfig(1, 2, 5, 3, List.of(1), List.of(1), 3)));
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
