package org.canbridge.importers.autoencoder;

import java.util.List;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.family.PublishedModel;

/**
 * The autoencoder of latent diffusion models: Rombach et al., CVPR 2022, arXiv 2112.10752. The
 * canonical layout is that of diffusers, because only its files say what the tensors cannot (groups
 * of the norms, scaling of the latents).
 */
public final class AutoencoderKlFamily extends Family {
  /** Scaling of Stable Diffusion 1 and 2, and of DiT and U-ViT, which use its latents. */
  static final double SD_SCALING = 0.18215;

  private static final double SDXL_SCALING = 0.13025;

  private static final List<Layout> LAYOUTS =
      List.of(
          KlLayout.alone(KlNames.DIFFUSERS),
          KlLayout.alone(KlNames.OLD_DIFFUSERS),
          KlLayout.alone(KlNames.COMPVIS),
          KlLayout.stableDiffusion());

  private static final List<PublishedModel> PUBLISHED =
      List.of(published("sd-vae", SD_SCALING), published("sdxl-vae", SDXL_SCALING));

  /** The family. */
  public AutoencoderKlFamily() {
    super(
        AutoencoderKlConfig.ARCHITECTURE,
        "AutoencoderKL (Rombach et al., CVPR 2022)",
        LAYOUTS,
        PUBLISHED);
  }

  @Override
  public ModelConfig config(Arguments arguments) {
    return AutoencoderKlConfig.of(arguments);
  }

  private static PublishedModel published(String name, double scaling) {
    AutoencoderKlConfig config =
        new AutoencoderKlConfig(
            3, 3, List.of(128, 256, 512, 512), 2, 4, 32, scaling, 0, true, true);
    return new PublishedModel(name, config.arguments(), Arguments.none());
  }
}
