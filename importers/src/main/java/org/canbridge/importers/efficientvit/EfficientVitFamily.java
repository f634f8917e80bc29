package org.canbridge.importers.efficientvit;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.family.Adaptation;
import org.canbridge.importers.family.Adapted;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.family.PublishedModel;
import org.canbridge.tensors.TensorData;

/**
 * EfficientViT of MIT: Cai et al., "EfficientViT: Lightweight Multi-Scale Attention for
 * High-Resolution Dense Prediction", ICCV 2023, arXiv 2205.14756. Microsoft's network of the same
 * name (Liu et al., CVPR 2023) is another one.
 */
public final class EfficientVitFamily extends Family {
  private static final List<Layout> LAYOUTS =
      List.of(
          EfficientVitLayout.official("official", EfficientVitNames.official()),
          EfficientVitLayout.official("official backbone", EfficientVitNames.backbone()),
          EfficientVitLayout.timm());

  /** The arguments that a name stands for; class count and head may differ. */
  private static final List<String> DEFINING =
      List.of("series", "width_list", "depth_list", "in_channels");

  private static final List<PublishedModel> PUBLISHED =
      EfficientVitModel.ALL.stream().map(EfficientVitFamily::published).toList();

  /** The family. */
  public EfficientVitFamily() {
    super(
        EfficientVitConfig.ARCHITECTURE,
        "EfficientViT of MIT (Cai et al., ICCV 2023)",
        LAYOUTS,
        PUBLISHED);
  }

  @Override
  public ModelConfig config(Arguments arguments) {
    return EfficientVitConfig.of(arguments);
  }

  @Override
  public Adapted adapt(ModelConfig config, Map<String, TensorData> tensors, Adaptation change) {
    return EfficientVitAdaptation.apply((EfficientVitConfig) config, tensors, change);
  }

  /** No model is published with folded batch norms. */
  @Override
  public Optional<PublishedModel> publishedAs(Arguments arguments) {
    return EfficientVitConfig.isFolded(arguments) ? Optional.empty() : super.publishedAs(arguments);
  }

  private static PublishedModel published(EfficientVitModel model) {
    Arguments all = model.config().arguments();
    return new PublishedModel("EfficientViT-" + model.name(), all.only(DEFINING), all);
  }
}
