package org.canbridge.importers.dit;

import java.util.ArrayList;
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
import org.canbridge.importers.family.PathKind;
import org.canbridge.importers.family.PublishedModel;
import org.canbridge.tensors.TensorData;

/**
 * DiT: Peebles and Xie, "Scalable Diffusion Models with Transformers", ICCV 2023, arXiv 2212.09748.
 * SiT (Ma et al., 2024) trains the same network on another objective and stores the same tensors; a
 * file that does not say which it is, is taken for a DiT.
 */
public final class DitFamily extends Family {
  private static final double GUIDANCE = 4;
  private static final List<Layout> LAYOUTS =
      List.of(new OfficialDitLayout(), new DiffusersDitLayout());
  private static final List<String> DEFINING =
      List.of("patch_size", "hidden_size", "depth", "num_heads", "mlp_ratio");
  private static final List<PublishedModel> PUBLISHED = listPublished();

  /** The family. */
  public DitFamily() {
    super(DitConfig.ARCHITECTURE, "DiT (Peebles and Xie, ICCV 2023)", LAYOUTS, PUBLISHED);
  }

  @Override
  public ModelConfig config(Arguments arguments) {
    return DitConfig.of(arguments);
  }

  /**
   * A label table of one row has no room for a null class. Guidance acts on all channels, as in its
   * paper and in diffusers; that the authors' script leaves the fourth out they call a matter of
   * reproducing their numbers.
   */
  @Override
  public Optional<Objective> objective(ModelConfig config) {
    DitConfig dit = (DitConfig) config;
    boolean nullClass = dit.numClasses() > 0;
    return Optional.of(
        new Objective(
            PathKind.VP_DISCRETE,
            PathKind.VP_DISCRETE.usual(),
            Objective.Prediction.EPS,
            dit.learnSigma(),
            0,
            999,
            nullClass ? dit.numClasses() : 1,
            nullClass,
            nullClass ? Objective.Guided.of(GUIDANCE) : Objective.Guided.NONE,
            Objective.STABLE_DIFFUSION_SCALE));
  }

  @Override
  public Optional<String> twin() {
    return Optional.of("sit");
  }

  @Override
  public Adapted adapt(ModelConfig config, Map<String, TensorData> tensors, Adaptation change) {
    return DitAdaptation.apply((DitConfig) config, tensors, change);
  }

  /** Table 1 of the paper: each size with patches of 2, 4 and 8. */
  private static List<PublishedModel> listPublished() {
    List<PublishedModel> models = new ArrayList<>();
    for (DitSize size : DitSize.values()) {
      for (int patch : new int[] {2, 4, 8}) {
        DitConfig config =
            new DitConfig(
                32,
                patch,
                4,
                size.width(),
                size.depth(),
                size.heads(),
                4 * size.width(),
                1000,
                true,
                256);
        Arguments all = config.arguments();
        models.add(new PublishedModel("DiT-" + size.name() + "/" + patch, all.only(DEFINING), all));
      }
    }
    return List.copyOf(models);
  }
}
