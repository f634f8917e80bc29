package org.canbridge.importers.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.tensors.TensorData;

/** A family of networks: its configuration, its published models and layouts. */
public interface Family {

  /** The name in {@code config.json}, e.g. {@code dit}. */
  String name();

  /** The name for people, with its source. */
  String title();

  /**
   * The layouts. The first is the canonical one: the authors' own names, which model directories
   * use, so that its rules only copy.
   */
  List<Layout> layouts();

  /** The models that the authors published or named. */
  List<PublishedModel> published();

  /**
   * The configuration, read strictly.
   *
   * @throws IllegalArgumentException if an argument is missing, unknown or out of range; the
   *     message lists everything, one problem a line
   */
  ModelConfig config(Arguments arguments);

  /**
   * The network for images of another size or for other classes.
   *
   * @param config arguments of this family
   * @param tensors its tensors by canonical name
   * @throws IllegalArgumentException if this network cannot be changed so
   */
  default Adapted adapt(ModelConfig config, Map<String, TensorData> tensors, Adaptation change) {
    throw new IllegalArgumentException(
        "neither image size nor classes of " + title() + " can be changed");
  }

  /**
   * What the family's published models were trained for; empty if it is none of diffusion models.
   *
   * @param config arguments of this family
   */
  default Optional<Objective> objective(ModelConfig config) {
    return Optional.empty();
  }

  /**
   * What a file's own words tell of its objective, as settings of {@link Objective#with}.
   *
   * @param usual {@link #objective}
   * @param values what the file says beside its tensors, e.g. {@code args.num_classes}
   */
  default ObjectNode objectiveOf(Objective usual, Map<String, Object> values) {
    return ObjectiveSettings.labels(values, usual.labelRows());
  }

  /**
   * The name of another family with the same tensors, where this one is taken unless somebody says
   * more.
   */
  default Optional<String> twin() {
    return Optional.empty();
  }

  /**
   * Whether a file's own words name this family, where its tensors are another's, too.
   *
   * @param values what the file says beside its tensors
   */
  default boolean isNamedBy(Map<String, Object> values) {
    return false;
  }

  /** The canonical layout. */
  default Layout canonical() {
    return layouts().get(0);
  }

  /** The published model that has these arguments. */
  default Optional<PublishedModel> publishedAs(Arguments arguments) {
    return published().stream().filter(model -> arguments.includes(model.defining())).findFirst();
  }
}
