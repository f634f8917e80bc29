package org.canbridge.importers.cat;

import java.util.List;
import java.util.Optional;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.family.PublishedModel;
import org.canbridge.importers.uvit.UvitFamily;

/**
 * CaT, the family of networks of CAN: Cai et al., CVPR 2024, arXiv 2404.01143. No weights and no
 * code were published; sizes and names of tensors are ours.
 */
public final class CatFamily extends Family {
  private static final List<Layout> LAYOUTS = List.of(new CatLayout());
  private static final List<String> DEFINING =
      List.of("patch_size", "width_list", "depth_list", "dim", "expand_ratio", "cond_width");
  private static final List<PublishedModel> PUBLISHED =
      CatSize.ALL.stream().map(CatFamily::named).toList();

  /** The family. */
  public CatFamily() {
    super(
        CatConfig.ARCHITECTURE,
        "CaT (reconstructed after Cai et al., CVPR 2024)",
        LAYOUTS,
        PUBLISHED);
  }

  @Override
  public ModelConfig config(Arguments arguments) {
    return CatConfig.of(arguments);
  }

  /** Nobody published it: that of U-ViT on latents, the paper's only baseline. */
  @Override
  public Optional<Objective> objective(ModelConfig config) {
    CatConfig cat = (CatConfig) config;
    boolean label = cat.condition() instanceof CatCondition.Label;
    int rows = cat.condition() instanceof CatCondition.Label it ? it.numClasses() + 1 : 0;
    return Optional.of(UvitFamily.latents(rows, label, !label));
  }

  private static PublishedModel named(CatSize size) {
    Arguments all = size.config().arguments();
    return new PublishedModel(size.label(), all.only(DEFINING), all);
  }
}
