package org.canbridge.importers.uvit;

import java.util.ArrayList;
import java.util.List;
import org.canbridge.importers.Arguments;
import org.canbridge.importers.Family;
import org.canbridge.importers.Layout;
import org.canbridge.importers.ModelConfig;
import org.canbridge.importers.PublishedModel;
import org.canbridge.importers.uvit.UvitCondition.Label;
import org.canbridge.importers.uvit.UvitCondition.None;
import org.canbridge.importers.uvit.UvitCondition.Text;

/**
 * U-ViT: Bao et al., "All are Worth Words: A ViT Backbone for Diffusion Models", CVPR 2023, arXiv
 * 2209.12152.
 */
public final class UvitFamily implements Family {
  private static final List<Layout> LAYOUTS =
      List.of(OfficialUvitLayout.OFFICIAL, OfficialUvitLayout.DC_AE);
  private static final List<PublishedModel> PUBLISHED = listPublished();

  @Override
  public String name() {
    return UvitConfig.ARCHITECTURE;
  }

  @Override
  public String title() {
    return "U-ViT (Bao et al., CVPR 2023)";
  }

  @Override
  public List<Layout> layouts() {
    return LAYOUTS;
  }

  @Override
  public List<PublishedModel> published() {
    return PUBLISHED;
  }

  @Override
  public ModelConfig config(Arguments arguments) {
    return UvitConfig.of(arguments);
  }

  /**
   * The checkpoints of baofff/U-ViT by size and data set ({@code configs/}), then each size on its
   * own, with the usual arguments of a class-conditional network on latents. The first list names a
   * network fully; the second takes any image, classes and text.
   */
  private static List<PublishedModel> listPublished() {
    None none = new None();
    Label labels = new Label(1000);
    Label guided = new Label(1001);
    Text text = new Text(768, 77);
    List<PublishedModel> models = new ArrayList<>();
    models.add(dataSet("CIFAR-10", UvitSize.S, UvitSize.S.config(32, 2, 3, none, true)));
    models.add(dataSet("CelebA-64", UvitSize.S, UvitSize.S.config(64, 4, 3, none, true)));
    models.add(dataSet("ImageNet-64", UvitSize.M, UvitSize.M.config(64, 4, 3, labels, true)));
    models.add(dataSet("ImageNet-64", UvitSize.L, UvitSize.L.config(64, 4, 3, labels, true)));
    models.add(dataSet("ImageNet-256", UvitSize.L, UvitSize.L.config(32, 2, 4, guided, true)));
    models.add(dataSet("ImageNet-256", UvitSize.H, UvitSize.H.config(32, 2, 4, guided, false)));
    models.add(dataSet("ImageNet-512", UvitSize.L, UvitSize.L.config(64, 4, 4, guided, true)));
    models.add(dataSet("ImageNet-512", UvitSize.H, UvitSize.H.config(64, 4, 4, guided, false)));
    models.add(dataSet("MS-COCO", UvitSize.S, UvitSize.S.config(32, 2, 4, text, true)));
    models.add(dataSet("MS-COCO", UvitSize.S_DEEP, UvitSize.S_DEEP.config(32, 2, 4, text, true)));
    models.add(size(UvitSize.S, UvitSize.S.config(32, 2, 4, guided, true)));
    models.add(size(UvitSize.S, UvitSize.S.config(64, 4, 4, guided, true)));
    models.add(size(UvitSize.S_DEEP, UvitSize.S_DEEP.config(32, 2, 4, guided, true)));
    models.add(size(UvitSize.S_DEEP, UvitSize.S_DEEP.config(64, 4, 4, guided, true)));
    models.add(size(UvitSize.M, UvitSize.M.config(64, 4, 3, labels, true)));
    models.add(size(UvitSize.L, UvitSize.L.config(32, 2, 4, guided, true)));
    models.add(size(UvitSize.L, UvitSize.L.config(64, 4, 4, guided, true)));
    models.add(size(UvitSize.H, UvitSize.H.config(32, 2, 4, guided, false)));
    models.add(size(UvitSize.H, UvitSize.H.config(64, 4, 4, guided, false)));
    models.add(size(UvitSize.S, UvitSize.S.config(16, 1, 32, guided, false)));
    models.add(size(UvitSize.H, UvitSize.H.config(16, 1, 32, guided, false)));
    models.add(size(UvitSize.TWO_B, UvitSize.TWO_B.config(16, 1, 32, guided, false)));
    return List.copyOf(models);
  }

  private static PublishedModel dataSet(String data, UvitSize size, UvitConfig config) {
    return new PublishedModel(
        size.named(config.patchSize()) + "-" + data, config.arguments(), Arguments.none());
  }

  private static PublishedModel size(UvitSize size, UvitConfig config) {
    Arguments defining = Arguments.none();
    for (String name : List.of("patch_size", "embed_dim", "depth", "num_heads", "mlp_ratio")) {
      defining = defining.with(name, config.arguments().get(name).orElseThrow());
    }
    return new PublishedModel(size.named(config.patchSize()), defining, config.arguments());
  }
}
