package org.canbridge.importers.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.tensors.TensorData;

/** A family of networks: its configuration, its published models and layouts. */
public abstract class Family {
  private final String name;
  private final String title;
  private final List<Layout> layouts;
  private final List<PublishedModel> published;

  /**
   * @param name in {@code config.json}, e.g. {@code dit}
   * @param title for people, with its source
   * @param layouts the canonical one first
   * @param published the models that the authors published or named
   */
  protected Family(
      String name, String title, List<Layout> layouts, List<PublishedModel> published) {
    this.name = name;
    this.title = title;
    this.layouts = List.copyOf(layouts);
    this.published = List.copyOf(published);
  }

  /** The name in {@code config.json}, e.g. {@code dit}. */
  public final String name() {
    return name;
  }

  /** The name for people, with its source. */
  public final String title() {
    return title;
  }

  /**
   * The layouts. The first is the canonical one: the authors' own names, which model directories
   * use, so that its rules only copy.
   */
  public final List<Layout> layouts() {
    return layouts;
  }

  /** The models that the authors published or named. */
  public final List<PublishedModel> published() {
    return published;
  }

  /**
   * The configuration, read strictly.
   *
   * @throws IllegalArgumentException if an argument is missing, unknown or out of range; the
   *     message lists everything, one problem a line
   */
  public abstract ModelConfig config(Arguments arguments);

  /**
   * The network for images of another size or for other classes.
   *
   * @param config arguments of this family
   * @param tensors its tensors by canonical name
   * @throws IllegalArgumentException if this network cannot be changed so
   */
  public Adapted adapt(ModelConfig config, Map<String, TensorData> tensors, Adaptation change) {
    throw new IllegalArgumentException(
        "neither image size nor classes of " + title() + " can be changed");
  }

  /**
   * What the family's published models were trained for; empty if it is none of diffusion models.
   *
   * @param config arguments of this family
   */
  public Optional<Objective> objective(ModelConfig config) {
    return Optional.empty();
  }

  /**
   * What a file's own words tell of its objective, as settings of {@link Objective#with}.
   *
   * @param usual {@link #objective}
   * @param values what the file says beside its tensors, e.g. {@code args.num_classes}
   */
  public ObjectNode objectiveOf(Objective usual, Map<String, Object> values) {
    return ObjectiveSettings.labels(values, usual.labelRows());
  }

  /**
   * The name of another family with the same tensors, where this one is taken unless somebody says
   * more.
   */
  public Optional<String> twin() {
    return Optional.empty();
  }

  /**
   * Whether a file's own words name this family, where its tensors are another's, too.
   *
   * @param values what the file says beside its tensors
   */
  public boolean isNamedBy(Map<String, Object> values) {
    return false;
  }

  /** The canonical layout. */
  public final Layout canonical() {
    return layouts().get(0);
  }

  /** The published model that has these arguments. */
  public Optional<PublishedModel> publishedAs(Arguments arguments) {
    return published().stream().filter(model -> arguments.includes(model.defining())).findFirst();
  }
}
