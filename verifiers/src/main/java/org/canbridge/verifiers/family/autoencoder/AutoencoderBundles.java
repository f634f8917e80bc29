package org.canbridge.verifiers.family.autoencoder;

import java.util.Optional;
import org.canbridge.runtime.family.LatentCodec;
import org.canbridge.runtime.family.LatentSpace;
import org.canbridge.verifiers.Call;
import org.canbridge.verifiers.CallPlan;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.family.FamilyBundles;
import org.canbridge.verifiers.family.ModelRuns;

/** Bundles of autoencoders; each call has a graph for the size of the bundle's input. */
public final class AutoencoderBundles implements FamilyBundles {
  private static final int IMAGE_RANK = 4;
  private static final String ENCODE = "encode";
  private static final String DECODE = "decode";

  /** Autoencoders: {@code encode} an image, {@code decode} a latent. */
  private static final CallPlan PLAN =
      CallPlan.of(
          "vae",
          Call.named(ENCODE)
              .inputs("image")
              .optionalInput("noise", "noise")
              .output("output.moments", "moments")
              .output("output.mean", "mean")
              .output("output.logvar", "logvar")
              .output("output.std", "std")
              .output("output.sample", "sample")
              .output("output.latent", "latent")
              .build(),
          Call.named(DECODE).inputs("latent").output("output.decoded", "decoded").build());

  @Override
  public CallPlan plan() {
    return PLAN;
  }

  @Override
  public boolean add(ModelRuns runs) {
    Optional<LatentCodec> codec = runs.model().family().codec();
    if (codec.isEmpty()) {
      return false;
    }
    LatentSpace space = space(runs.bundle());
    runs.sizes("image", IMAGE_RANK)
        .map(size -> codec.get().encoder(space, size.get(2), size.get(3)))
        .ifPresent(graph -> runs.add(ENCODE, runs.runner(runs.session(graph))));
    runs.sizes("latent", IMAGE_RANK)
        .map(size -> codec.get().decoder(space, size.get(2), size.get(3)))
        .ifPresent(graph -> runs.add(DECODE, runs.runner(runs.session(graph))));
    return !runs.runners().isEmpty();
  }

  /**
   * CompVis' code, whose argument is {@code scale_factor}, scales within encode and decode;
   * diffusers', with {@code scaling_factor}, leaves that to the pipeline.
   */
  private static LatentSpace space(ReferenceBundle bundle) {
    return bundle.config().has("scale_factor") ? LatentSpace.DIFFUSION : LatentSpace.AUTOENCODER;
  }
}
