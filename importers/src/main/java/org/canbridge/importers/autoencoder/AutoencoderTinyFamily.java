package org.canbridge.importers.autoencoder;

import java.util.List;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.family.PublishedModel;

/**
 * TAESD, the tiny autoencoder of madebyollin/taesd for the latents of Stable Diffusion. The layout
 * is that of diffusers, which holds both halves; the authors' own two files are recognised and
 * refused.
 */
public final class AutoencoderTinyFamily extends Family {
  private static final List<Layout> LAYOUTS = List.of(new TinyLayout());

  private static final List<PublishedModel> PUBLISHED =
      List.of(
          new PublishedModel(
              "taesd",
              new AutoencoderTinyConfig(3, 3, 64, 4, List.of(1, 3, 3, 3), List.of(3, 3, 3, 1), 2)
                  .arguments(),
              Arguments.none()));

  /** The family. */
  public AutoencoderTinyFamily() {
    super(
        AutoencoderTinyConfig.ARCHITECTURE,
        "TAESD (tiny autoencoder of madebyollin)",
        LAYOUTS,
        PUBLISHED);
  }

  @Override
  public ModelConfig config(Arguments arguments) {
    return AutoencoderTinyConfig.of(arguments);
  }
}
