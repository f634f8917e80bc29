package org.canbridge.importers.clip;

import java.util.List;
import java.util.OptionalInt;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.family.PublishedModel;

/**
 * CLIP's text encoder: Radford et al., ICML 2021, arXiv 2103.00020. The canonical layout is that of
 * transformers, which every pipeline uses.
 */
public final class ClipTextFamily extends Family {
  private static final List<Layout> LAYOUTS =
      List.of(ClipTextLayout.CURRENT, ClipTextLayout.PREFIXED);

  private static final List<String> DEFINING =
      List.of("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size");

  /** The text encoders of OpenAI's models; U-ViT and Stable Diffusion 1 use the second. */
  private static final List<PublishedModel> PUBLISHED =
      List.of(published("clip-vit-base-text", 512, 8), published("clip-vit-large-text", 768, 12));

  /** The family. */
  public ClipTextFamily() {
    super(
        ClipTextConfig.ARCHITECTURE,
        "CLIP text encoder (Radford et al., ICML 2021)",
        LAYOUTS,
        PUBLISHED);
  }

  @Override
  public ModelConfig config(Arguments arguments) {
    return ClipTextConfig.of(arguments);
  }

  private static PublishedModel published(String name, int width, int heads) {
    ClipTextConfig config =
        new ClipTextConfig(
            49408,
            width,
            4 * width,
            12,
            heads,
            77,
            ClipTextConfig.Activation.QUICK_GELU,
            1e-5,
            ClipTextConfig.LARGEST_ID,
            OptionalInt.empty());
    return new PublishedModel(name, config.arguments().only(DEFINING), config.arguments());
  }
}
