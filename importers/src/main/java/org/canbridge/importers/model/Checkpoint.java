package org.canbridge.importers.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apiguardian.api.API;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Adaptation;
import org.canbridge.importers.family.Adapted;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.family.PublishedModel;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.InputFileException;

/**
 * A network with its weights: what every importer gives and everything else takes. The tensors
 * stand under the canonical names, which are those of the authors' state dict, and are mapped or
 * computed when asked for. Closing it closes the file underneath.
 */
@API(status = API.Status.STABLE)
public final class Checkpoint implements AutoCloseable {
  private final ModelConfig config;
  private final Map<String, TensorData> tensors;
  private final Optional<ObjectNode> can;
  private final Optional<Trained> trained;
  private final Origin origin;
  private final List<String> notes;
  private final List<String> changes;
  private final Supplier<Map<Integer, List<String>>> classNames;

  private Checkpoint(
      ModelConfig config,
      Map<String, TensorData> tensors,
      Optional<ObjectNode> can,
      Optional<Trained> trained,
      Origin origin,
      List<String> notes,
      List<String> changes,
      Supplier<Map<Integer, List<String>>> classNames) {
    this.config = config;
    this.tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    this.can = can.map(ObjectNode::deepCopy);
    this.trained = trained;
    this.origin = origin;
    this.notes = List.copyOf(notes);
    this.changes = List.copyOf(changes);
    this.classNames = classNames;
  }

  /**
   * A model whose weights were made here rather than read.
   *
   * @param tensors every tensor of the canonical layout; checked when the model is written
   */
  public static Checkpoint generated(ModelConfig config, Map<String, TensorData> tensors) {
    return new Checkpoint(
        config,
        tensors,
        Optional.empty(),
        Trained.usual(Families.byName(config.architecture()).orElseThrow(), config),
        Origin.made(Provenance.generated(tensors.size())),
        List.of(),
        List.of(),
        Map::of);
  }

  /**
   * A model that lies in a file.
   *
   * @param trained what it was trained for
   * @param origin closed with it
   * @param changes what was changed in it when it was imported
   */
  public static Checkpoint read(
      ModelConfig config,
      Map<String, TensorData> tensors,
      Optional<ObjectNode> can,
      Optional<Trained> trained,
      Origin origin,
      List<String> notes,
      List<String> changes) {
    return new Checkpoint(config, tensors, can, trained, origin, notes, changes, Map::of);
  }

  /**
   * This model made into a Condition-Aware Network, or one with other weights. It shares the file
   * underneath: close one of the two.
   *
   * @param settings the {@code can} section of {@code config.json}
   * @param all every tensor of the new model, canonical and added ones
   */
  public Checkpoint withCan(ObjectNode settings, Map<String, TensorData> all) {
    return new Checkpoint(
        config, all, Optional.of(settings), trained, origin, notes, changes, classNames);
  }

  /** This network, which has the published layers alone, as that. */
  public Checkpoint withoutCan() {
    return new Checkpoint(
        config, tensors, Optional.empty(), trained, origin, notes, changes, classNames);
  }

  /**
   * The same network after training. It shares the file underneath: close one of the two.
   *
   * @param how what was done, one sentence without a full stop; it stands in the provenance, and
   *     the model has no published name any more
   * @param moved tensors with other values, by name
   */
  public Checkpoint trained(String how, Map<String, TensorData> moved) {
    Map<String, TensorData> all = new LinkedHashMap<>(tensors);
    all.putAll(moved);
    List<String> said = new ArrayList<>(changes);
    said.add(how);
    return new Checkpoint(config, all, can, trained, origin, notes, said, classNames);
  }

  /**
   * The same network with weights from another file, which is closed with it. It shares the file
   * underneath: close one of the two.
   *
   * @param how as for {@link #trained}
   * @param all every tensor
   * @param from the file
   * @param said what was decided while it was opened, one sentence each
   */
  public Checkpoint retrained(
      String how, Map<String, TensorData> all, Origin from, List<String> said) {
    List<String> noted = new ArrayList<>(notes);
    noted.addAll(said);
    List<String> done = new ArrayList<>(changes);
    done.add(how);
    return new Checkpoint(config, all, can, trained, origin.and(from), noted, done, classNames);
  }

  /** The same network with other values in its tensors. */
  public Checkpoint withTensors(Map<String, TensorData> all) {
    return new Checkpoint(config, all, can, trained, origin, notes, changes, classNames);
  }

  /** The same network with these names for its classes; see {@link #classNames}. */
  public Checkpoint withClassNames(Map<Integer, List<String>> names) {
    return withClassNames(() -> names);
  }

  /** The same, asked only when they are needed. */
  public Checkpoint withClassNames(Supplier<Map<Integer, List<String>>> names) {
    return new Checkpoint(config, tensors, can, trained, origin, notes, changes, new Once<>(names));
  }

  /**
   * This network for images of another size or for other classes; it shares the file underneath:
   * close one of the two. What was changed stands in its provenance and in its notes.
   *
   * @throws IllegalArgumentException if it cannot be changed so, or is a Condition-Aware Network,
   *     which was made for what it is
   */
  public Checkpoint adapted(Adaptation change) {
    if (change.equals(Adaptation.NONE)) {
      return this;
    }
    if (can.isPresent()) {
      throw new IllegalArgumentException(
          "a Condition-Aware Network cannot be changed; change its source and convert that");
    }
    Family family = Families.byName(config.architecture()).orElseThrow();
    Checkpoint other = changed(family.adapt(config, tensors, change));
    return change.numClasses().isPresent() ? other.withClassNames(Map.of()) : other;
  }

  /**
   * This network after it was changed; it shares the file underneath: close one of the two. What
   * was changed stands in its provenance and in its notes.
   */
  public Checkpoint changed(Adapted adapted) {
    List<String> said = new ArrayList<>(notes);
    adapted.changes().forEach(what -> said.add("no longer the published network: " + what));
    List<String> all = new ArrayList<>(changes);
    all.addAll(adapted.changes());
    ModelConfig other = adapted.config();
    Optional<Trained> relabelled =
        Families.byName(other.architecture())
            .flatMap(family -> family.objective(other))
            .flatMap(usual -> trained.map(told -> told.withLabels(usual.labelRows())));
    return new Checkpoint(other, adapted.tensors(), can, relabelled, origin, said, all, classNames);
  }

  /** The network's arguments; a record of its family. */
  public ModelConfig config() {
    return config;
  }

  /** All tensors by canonical name, in the order of the canonical layout, added ones last. */
  public Map<String, TensorData> tensors() {
    return tensors;
  }

  /** The settings of a Condition-Aware Network; empty for a network as it was published. */
  public Optional<ObjectNode> can() {
    return can.map(ObjectNode::deepCopy);
  }

  /** What the model was trained for, and who says so; empty if it is no diffusion model. */
  public Optional<Trained> training() {
    return trained;
  }

  /** What is assumed of its training and the user should know, one sentence. */
  public Optional<String> assumption() {
    Family family = Families.byName(config.architecture()).orElseThrow();
    return trained.flatMap(told -> told.note(family));
  }

  /** The name of the published model with these arguments; none if it was changed at import. */
  public Optional<String> publishedName() {
    if (!changes.isEmpty()) {
      return Optional.empty();
    }
    return Families.byName(config.architecture())
        .flatMap(family -> family.publishedAs(config.arguments()))
        .map(PublishedModel::name);
  }

  /**
   * What its classes are called, each by one or more names, by the rows of the label table (by the
   * logits of a classifier), in this order. Empty if nobody said it; need not be complete.
   *
   * @throws InputFileException if the file that says it can no longer be read
   */
  public Map<Integer, List<String>> classNames() {
    return Collections.unmodifiableMap(new TreeMap<>(classNames.get()));
  }

  /** The files underneath. */
  public Origin origin() {
    return origin;
  }

  /**
   * Where the tensors come from, and what was done to them. The first call on an imported file
   * reads the whole file for its digest.
   *
   * @throws InputFileException if the file can no longer be read
   */
  public Provenance provenance() {
    return origin
        .provenance()
        .withChanges(changes)
        .withObjective(trained.map(Trained::from).orElse(""));
  }

  /** What was decided while opening and should be said to the user, one sentence each. */
  public List<String> notes() {
    return notes;
  }

  @Override
  public void close() {
    origin.close();
  }

  /** Asks once. */
  private static final class Once<T> implements Supplier<T> {
    private final Supplier<T> source;
    private T value;

    Once(Supplier<T> source) {
      this.source = source;
    }

    @Override
    public synchronized T get() {
      if (value == null) {
        value = source.get();
      }
      return value;
    }
  }
}
