package org.canbridge.importers.published;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.family.PublishedConfiguration;
import org.canbridge.importers.family.StateDict;
import org.canbridge.importers.keys.KeyMapping;
import org.canbridge.importers.keys.KeyProblem;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.Provenance;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.AtomicDirectory;
import org.canbridge.tensors.files.Json;
import org.canbridge.tensors.safetensors.SafetensorsWriter;

/**
 * A model under the names of a published layout, so that the program it comes from (or another)
 * takes it back. In the layout that it was imported from, tensors equal the source's byte for byte;
 * those that import left out with a reason are not given back.
 *
 * <pre>{@code
 * PublishedExport export = PublishedExport.of(checkpoint);
 * export.writeFile(Path.of("dit.safetensors"));
 * }</pre>
 */
public final class PublishedExport {
  static final Map<String, String> METADATA = Map.of("format", "pt");

  private final Family family;
  private final Layout layout;
  private final Arguments arguments;
  private final Map<String, TensorData> tensors;
  private final Map<Integer, List<String>> classNames;

  private PublishedExport(
      Family family,
      Layout layout,
      Arguments arguments,
      Map<String, TensorData> tensors,
      Map<Integer, List<String>> classNames) {
    this.family = family;
    this.layout = layout;
    this.arguments = arguments;
    this.tensors = tensors;
    this.classNames = classNames;
  }

  /**
   * The export to the layout that the model was imported from; see {@link #of(Checkpoint, String)}.
   */
  public static PublishedExport of(Checkpoint checkpoint) {
    String source = checkpoint.provenance().layout();
    return of(
        checkpoint,
        source.equals(Provenance.CANONICAL) ? family(checkpoint).canonical().name() : source);
  }

  /**
   * The export to a layout of the model's family. Nothing is written yet, but tensors that the
   * layout leaves out are compared with what it takes for granted.
   *
   * @param layout the layout's name, e.g. {@code diffusers}
   * @throws IllegalArgumentException if there is no such layout, or it cannot hold this model: a
   *     Condition-Aware Network, one whose batch norms were folded, or tensors with other values
   *     than the layout implies
   */
  public static PublishedExport of(Checkpoint checkpoint, String layout) {
    if (checkpoint.can().isPresent()) {
      throw new IllegalArgumentException(
          "a condition-aware network is in no published layout; export the model that it was"
              + " converted from");
    }
    Optional<String> unpublished = checkpoint.config().unpublished();
    if (unpublished.isPresent()) {
      throw new IllegalArgumentException(
          "this model is in no published layout: " + unpublished.get());
    }
    Layout target =
        family(checkpoint).layouts().stream()
            .filter(other -> other.name().equals(layout))
            .findFirst()
            .orElseThrow(() -> noSuchLayout(checkpoint, layout));
    Arguments arguments = checkpoint.config().arguments();
    KeyMapping mapping = target.keyMap(arguments).inverse().apply(checkpoint.tensors());
    List<KeyProblem> problems = new ArrayList<>(mapping.problems());
    problems.addAll(mapping.checkValues());
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(
          "the "
              + layout
              + " layout cannot hold this model: "
              + problems.stream().map(KeyProblem::toString).collect(Collectors.joining("; ")));
    }
    return new PublishedExport(
        family(checkpoint), target, arguments, mapping.tensors(), checkpoint.classNames());
  }

  /**
   * The export to the layout of a library, of which {@link #writeFolder} makes what that library
   * opens.
   *
   * @param library the layout's name, which is the library's
   * @throws IllegalArgumentException if the library has no such network, or as {@link
   *     #of(Checkpoint, String)}
   */
  public static PublishedExport ofLibrary(Checkpoint checkpoint, String library) {
    Family family = family(checkpoint);
    if (!has(family, library)) {
      throw new IllegalArgumentException(
          library
              + " has no "
              + family.title()
              + "; of the networks here it has "
              + Families.all().stream()
                  .filter(other -> has(other, library))
                  .map(Family::title)
                  .collect(Collectors.joining("; ")));
    }
    PublishedExport export = of(checkpoint, library);
    Optional<String> refusal = export.configured().refusal(export.arguments);
    if (refusal.isPresent()) {
      throw new IllegalArgumentException(
          "the " + library + " layout cannot hold this model: " + refusal.get());
    }
    return export;
  }

  private static boolean has(Family family, String library) {
    return family.layouts().stream()
        .anyMatch(layout -> layout.name().equals(library) && layout.configuration().isPresent());
  }

  private PublishedConfiguration configured() {
    return layout.configuration().orElseThrow();
  }

  private static Family family(Checkpoint checkpoint) {
    return Families.byName(checkpoint.config().architecture()).orElseThrow();
  }

  private static IllegalArgumentException noSuchLayout(Checkpoint checkpoint, String layout) {
    return new IllegalArgumentException(
        "no layout "
            + layout
            + "; there are "
            + family(checkpoint).layouts().stream()
                .map(Layout::name)
                .collect(Collectors.joining(", ")));
  }

  /** The layout's name. */
  public String layout() {
    return layout.name();
  }

  /** All tensors under the layout's names, in the order of its rules. */
  public Map<String, TensorData> tensors() {
    return tensors;
  }

  /**
   * What the layout means otherwise than this model does, one sentence each: programs that read it
   * compute other results from the same weights. Empty in the layout that the model came from.
   */
  public List<String> changes() {
    Arguments meant = meant();
    List<String> changes = new ArrayList<>();
    for (String name : arguments.contradictions(meant)) {
      changes.add(
          name
              + " is "
              + arguments.get(name).orElseThrow()
              + " in this model and "
              + meant.get(name).orElseThrow()
              + " in the "
              + layout.name()
              + " layout: the same weights give other results there");
    }
    return changes;
  }

  private String weightsName() {
    return layout.configuration().map(PublishedConfiguration::weightsName).orElse("model");
  }

  /**
   * What is to be named to import it again: a folder that has no configuration does not tell what
   * it is, and its weights do.
   *
   * @param written what {@link #writeFile} or {@link #writeFolder} made
   */
  public Path importable(Path written) {
    if (Files.isRegularFile(written) || configuration().isPresent()) {
      return written;
    }
    Path index = written.resolve(weightsName() + ".safetensors.index.json");
    return Files.exists(index) ? index : written.resolve(weightsName() + ".safetensors");
  }

  /** What the library calls the network's class; empty if it says nothing of that. */
  public String className() {
    return configuration().map(json -> json.path("_class_name").asText()).orElse("");
  }

  /** What who runs it in the library's pipeline must know, in one sentence. */
  public Optional<String> remark() {
    return layout.configuration().flatMap(library -> library.remark(arguments));
  }

  /** The network that programs which read it build: this model's, but for {@link #changes()}. */
  public ModelConfig meantConfig() {
    Arguments meant = meant();
    Arguments all = arguments;
    for (String name : arguments.contradictions(meant)) {
      all = all.with(name, meant.get(name).orElseThrow());
    }
    return family.config(all);
  }

  /** What the layout and its configuration tell. */
  private Arguments meant() {
    Arguments meant = layout.infer(StateDict.plain(tensors)).known();
    Optional<ObjectNode> configuration = configuration();
    if (configuration.isPresent()) {
      meant = with(meant, configured().read(configuration.get()));
      meant = with(meant, configured().fixed(arguments));
    }
    return meant;
  }

  private static Arguments with(Arguments some, Arguments more) {
    Arguments all = some;
    for (String name : more.names()) {
      all = all.with(name, more.get(name).orElseThrow());
    }
    return all;
  }

  /**
   * The library's {@code config.json}; empty for a layout that is published without one, and for a
   * network that the library cannot build.
   */
  public Optional<ObjectNode> configuration() {
    return layout
        .configuration()
        .filter(library -> library.refusal(arguments).isEmpty())
        .map(
            library -> {
              ObjectNode json = library.write(arguments);
              library.writeClassNames(classNames, json);
              return json;
            });
  }

  /**
   * Writes the tensors as one safetensors file, under a temporary name first.
   *
   * @throws IOException if it cannot be written
   */
  public void writeFile(Path file) throws IOException {
    SafetensorsWriter.write(file, tensors, METADATA);
  }

  /** As {@link #writeFolder(Path, long)}, all weights in one file. */
  public void writeFolder(Path folder) throws IOException {
    writeFolder(folder, Long.MAX_VALUE);
  }

  /**
   * Writes a folder as the library has it: weights and, where there is one, {@code config.json}. It
   * appears when it is complete.
   *
   * @param maxShardBytes the largest number of tensor bytes in one file; more files are listed in
   *     an index
   * @throws FileAlreadyExistsException if there is something of that name
   * @throws IOException if it cannot be written
   */
  public void writeFolder(Path folder, long maxShardBytes) throws IOException {
    if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(folder.toString(), null, "it exists already");
    }
    try (AtomicDirectory written = AtomicDirectory.create(folder)) {
      SafetensorsWriter.writeShards(
          written.path(), weightsName(), tensors, METADATA, maxShardBytes);
      Optional<ObjectNode> configuration = configuration();
      if (configuration.isPresent()) {
        written.write(PublishedFolder.CONFIG, Json.pretty(configuration.get()) + "\n");
      }
      written.commit();
    }
  }
}
