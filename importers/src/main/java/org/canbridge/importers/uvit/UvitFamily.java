package org.canbridge.importers.uvit;

import static org.canbridge.importers.uvit.UvitSize.H;
import static org.canbridge.importers.uvit.UvitSize.L;
import static org.canbridge.importers.uvit.UvitSize.M;
import static org.canbridge.importers.uvit.UvitSize.S;
import static org.canbridge.importers.uvit.UvitSize.S_DEEP;
import static org.canbridge.importers.uvit.UvitSize.TWO_B;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.family.Adaptation;
import org.canbridge.importers.family.Adapted;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.family.ObjectiveSettings;
import org.canbridge.importers.family.PathKind;
import org.canbridge.importers.family.PublishedModel;
import org.canbridge.importers.uvit.UvitCondition.Label;
import org.canbridge.importers.uvit.UvitCondition.None;
import org.canbridge.importers.uvit.UvitCondition.Text;
import org.canbridge.tensors.TensorData;

/**
 * U-ViT: Bao et al., "All are Worth Words: A ViT Backbone for Diffusion Models", CVPR 2023, arXiv
 * 2209.12152.
 */
public final class UvitFamily extends Family {
  /** The scripts say 0.4 and mean {@code cond + 0.4 (cond - null)}. */
  private static final double GUIDANCE = 0.4;

  /** The same in the text-to-image script. */
  private static final double TEXT_GUIDANCE = 1;

  /** The config for MS-COCO. */
  private static final double COCO_SCALE = 0.23010;

  private static final int PIXEL_CHANNELS = 3;
  private static final int IMAGENET_CLASSES = 1000;
  private static final List<Layout> LAYOUTS =
      List.of(OfficialUvitLayout.OFFICIAL, OfficialUvitLayout.DC_AE);
  private static final List<String> DEFINING =
      List.of("patch_size", "embed_dim", "depth", "num_heads", "mlp_ratio");
  private static final List<PublishedModel> PUBLISHED = listPublished();

  /** The family. */
  public UvitFamily() {
    super(UvitConfig.ARCHITECTURE, "U-ViT (Bao et al., CVPR 2023)", LAYOUTS, PUBLISHED);
  }

  @Override
  public ModelConfig config(Arguments arguments) {
    return UvitConfig.of(arguments);
  }

  /**
   * The models of pixels have three channels and were trained without a null class, as were those
   * of 1000 rows, ImageNet's classes; guided ones have a row more.
   */
  @Override
  public Optional<Objective> objective(ModelConfig config) {
    UvitConfig uvit = (UvitConfig) config;
    int rows = uvit.condition() instanceof Label label ? label.numClasses() : 0;
    boolean text = uvit.condition() instanceof Text;
    boolean pixels = uvit.inChans() == PIXEL_CHANNELS;
    boolean nullClass = rows > 1 && rows != IMAGENET_CLASSES && !pixels;
    Objective latents = latents(rows, nullClass, text);
    return Optional.of(
        pixels
            ? latents.on(PathKind.VP_CONTINUOUS, PathKind.VP_CONTINUOUS.usual(), 0, 999)
            : latents);
  }

  /**
   * DC-AE's USiT is a U-ViT trained as SiT ({@code SiTSampler} in {@code
   * diffusioncore/models/uvit.py} of mit-han-lab/efficientvit); its hub's {@code config.json} names
   * it.
   */
  @Override
  public ObjectNode objectiveOf(Objective usual, Map<String, Object> values) {
    ObjectNode settings = super.objectiveOf(usual, values);
    if (usual.labelRows() == IMAGENET_CLASSES + 1) {
      // The authors' own arguments count the null class.
      settings.remove("null_class");
    }
    boolean flow = values.getOrDefault("config.model_name", "").toString().contains("-usit-");
    return flow ? settings.setAll(ObjectiveSettings.sit()) : settings;
  }

  /**
   * What the models of latents were trained for.
   *
   * @param rows of the label table, 0 if there is none
   * @param nullClass whether the last of them stands for no class
   * @param text whether the condition is a text
   */
  public static Objective latents(int rows, boolean nullClass, boolean text) {
    return new Objective(
        PathKind.VP_DISCRETE,
        PathKind.VP_DISCRETE
            .usual()
            .with("betas", "scaled_linear")
            .with("beta_start", 0.00085)
            .with("beta_end", 0.012),
        Objective.Prediction.EPS,
        false,
        1,
        1000,
        nullClass ? rows - 1 : rows,
        nullClass,
        Objective.Guided.added(text ? TEXT_GUIDANCE : nullClass ? GUIDANCE : 0),
        text ? COCO_SCALE : Objective.STABLE_DIFFUSION_SCALE);
  }

  @Override
  public Adapted adapt(ModelConfig config, Map<String, TensorData> tensors, Adaptation change) {
    return UvitAdaptation.apply((UvitConfig) config, tensors, change);
  }

  /**
   * The checkpoints of baofff/U-ViT ({@code configs/}) and the sizes of CAN and DC-AE. Where
   * several data sets share a name, it stands for class-conditional latents, and the others carry
   * their data set; those are named only if everything fits.
   */
  private static List<PublishedModel> listPublished() {
    None none = new None();
    Label labels = new Label(1000);
    Label guided = new Label(1001);
    Text text = new Text(768, 77);
    return List.of(
        dataSet("CIFAR-10", S, S.config(32, 2, 3, none, true)),
        dataSet("ImageNet-64", L, L.config(64, 4, 3, labels, true)),
        dataSet("MS-COCO", S, S.config(32, 2, 4, text, true)),
        dataSet("MS-COCO", S_DEEP, S_DEEP.config(32, 2, 4, text, true)),
        size(S, S.config(32, 2, 4, guided, true)),
        size(S, S.config(64, 4, 3, none, true)),
        size(S_DEEP, S_DEEP.config(32, 2, 4, guided, true)),
        size(S_DEEP, S_DEEP.config(64, 4, 4, guided, true)),
        size(M, M.config(64, 4, 3, labels, true)),
        size(L, L.config(32, 2, 4, guided, true)),
        size(L, L.config(64, 4, 4, guided, true)),
        size(H, H.config(32, 2, 4, guided, false)),
        size(H, H.config(64, 4, 4, guided, false)),
        size(S, S.config(16, 1, 32, guided, false)),
        size(H, H.config(16, 1, 32, guided, false)),
        size(TWO_B, TWO_B.config(16, 1, 32, guided, false)));
  }

  private static PublishedModel dataSet(String data, UvitSize size, UvitConfig config) {
    return new PublishedModel(
        size.named(config.patchSize()) + "-" + data, config.arguments(), Arguments.none());
  }

  private static PublishedModel size(UvitSize size, UvitConfig config) {
    Arguments all = config.arguments();
    return new PublishedModel(size.named(config.patchSize()), all.only(DEFINING), all);
  }
}
