package org.canbridge.importers.sit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.dit.DitFamily;
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
import org.canbridge.tensors.TensorData;

/**
 * SiT: Ma, Goldstein, Albergo, Boffi, Vanden-Eijnden and Xie, "SiT: Exploring Flow and
 * Diffusion-based Generative Models with Scalable Interpolant Transformers", ECCV 2024, arXiv
 * 2401.08740. Its tensors are those of a DiT to the last name and shape; only the arguments of a
 * training file ({@code path_type}, {@code prediction}) or the user tell.
 */
public final class SitFamily extends Family {
  private static final DitFamily NETWORK = new DitFamily();
  private static final List<Layout> LAYOUTS = List.of(NETWORK.canonical());
  private static final List<PublishedModel> PUBLISHED =
      NETWORK.published().stream().map(SitFamily::named).toList();

  /** {@code sample.py} and {@code train.py}. */
  private static final double GUIDANCE = 4;

  private static PublishedModel named(PublishedModel dit) {
    return new PublishedModel(dit.name().replace("DiT-", "SiT-"), dit.defining(), dit.usual());
  }

  /** The family. */
  public SitFamily() {
    super(SitConfig.ARCHITECTURE, "SiT (Ma et al., ECCV 2024)", LAYOUTS, PUBLISHED);
  }

  @Override
  public ModelConfig config(Arguments arguments) {
    return new SitConfig(DitConfig.of(arguments));
  }

  @Override
  public Adapted adapt(ModelConfig config, Map<String, TensorData> tensors, Adaptation change) {
    Adapted adapted = NETWORK.adapt(((SitConfig) config).network(), tensors, change);
    return new Adapted(
        new SitConfig((DitConfig) adapted.config()), adapted.tensors(), adapted.changes());
  }

  /** The velocity on the linear path, time running from noise at 0 to the image at 1. */
  @Override
  public Optional<Objective> objective(ModelConfig config) {
    Objective dit = NETWORK.objective(((SitConfig) config).network()).orElseThrow();
    return Optional.of(
        new Objective(
            PathKind.FLOW_LINEAR,
            PathKind.FLOW_LINEAR.usual(),
            Objective.Prediction.VELOCITY,
            false,
            1,
            0,
            dit.classes(),
            dit.nullClass(),
            dit.nullClass() ? Objective.Guided.of(GUIDANCE) : Objective.Guided.NONE,
            dit.latentScale()));
  }

  @Override
  public ObjectNode objectiveOf(Objective usual, Map<String, Object> values) {
    ObjectNode settings = super.objectiveOf(usual, values);
    ObjectiveSettings.argument(values, "path_type")
        .ifPresent(path -> settings.put("path", "flow-" + path.toLowerCase(Locale.ROOT)));
    ObjectiveSettings.argument(values, "prediction")
        .ifPresent(
            prediction ->
                settings.put("prediction", prediction.equals("noise") ? "eps" : prediction));
    return settings;
  }

  @Override
  public boolean isNamedBy(Map<String, Object> values) {
    return ObjectiveSettings.argument(values, "path_type").isPresent()
        || ObjectiveSettings.argument(values, "model")
            .filter(model -> model.startsWith("SiT-"))
            .isPresent();
  }
}
