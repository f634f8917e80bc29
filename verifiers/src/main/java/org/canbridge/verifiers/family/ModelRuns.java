package org.canbridge.verifiers.family;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.LatentDecoder;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.verifiers.CallRunner;
import org.canbridge.verifiers.ReferenceBundle;

/**
 * What runs the calls of a bundle on a model, as its family adds it; holds what was opened for
 * that.
 */
public final class ModelRuns implements AutoCloseable {
  private final Path path;
  private final ImportOptions options;
  private final ReferenceBundle bundle;
  private final Optional<Path> vae;
  private final Target target;
  private final List<Runnable> closers = new ArrayList<>();
  private final Map<String, CallRunner> runners = new LinkedHashMap<>();
  private final Map<String, String> notChecked = new LinkedHashMap<>();
  private final Model model;
  private Optional<String> decodedWith = Optional.empty();

  /**
   * Opens the model.
   *
   * @param vae decodes the images of a pipeline's runs
   * @param bundle stays the caller's
   * @param target that networks run on
   * @throws InputFileException if it is not a model that can be run
   */
  public ModelRuns(
      Path path, ImportOptions options, ReferenceBundle bundle, Optional<Path> vae, Target target) {
    this.path = path;
    this.options = options;
    this.bundle = bundle;
    this.vae = vae;
    this.target = target;
    this.model = opened(options);
  }

  /** The model that is checked. */
  public Model model() {
    return model;
  }

  /** The bundle that it is checked against. */
  public ReferenceBundle bundle() {
    return bundle;
  }

  /** Where the model lies. */
  public Path path() {
    return path;
  }

  /** What networks run on. */
  public Target target() {
    return target;
  }

  /** How it was opened. */
  public ImportOptions options() {
    return options;
  }

  /** Says what runs a call. */
  public void add(String call, CallRunner runner) {
    runners.put(call, runner);
  }

  /** Says why a tensor of the bundle is not checked. */
  public void leaveOut(String tensor, String reason) {
    notChecked.put(tensor, reason);
  }

  /** What runs each call. */
  public Map<String, CallRunner> runners() {
    return runners;
  }

  /** What is not checked, with the reason. */
  public Map<String, String> notChecked() {
    return notChecked;
  }

  /** Another model, from the same file; to be closed here. */
  public Model opened(ImportOptions with) {
    Model opened = Model.open(path, with);
    closers.add(opened::close);
    return opened;
  }

  /** The running network of a model. */
  public Session session(Model of) {
    Session session = of.session(target);
    closers.add(session::close);
    return session;
  }

  /** Another graph over the model's weights. */
  public Session session(Graph graph) {
    Session session = Session.open(graph, model.checkpoint().tensors(), target);
    closers.add(session::close);
    return session;
  }

  /** Forward passes of a running network, under the names that the bundle may use. */
  public CallRunner runner(Session session) {
    Map<String, String> names = new LinkedHashMap<>();
    Layout layout = layout();
    for (String module : session.graph().modules().keySet()) {
      names.put(layout.publishedModule(module, model.checkpoint().config().arguments()), module);
      names.put(module, module);
    }
    session.graph().outputs().keySet().forEach(output -> names.put(output, output));
    return new NetworkRunner(session, names);
  }

  /** The family of the weights. */
  public Family family() {
    return Families.byName(model.checkpoint().config().architecture()).orElseThrow();
  }

  /** The layout that the weights came in; a bundle names modules as its producer did. */
  public Layout layout() {
    Family family = family();
    String name = model.checkpoint().provenance().layout();
    return family.layouts().stream()
        .filter(layout -> layout.name().equals(name))
        .findFirst()
        .orElse(family.canonical());
  }

  /** The sizes of an input of the bundle, if it has it with so many axes. */
  public Optional<List<Long>> sizes(String input, int rank) {
    return Optional.ofNullable(bundle.inputs().get(input))
        .map((TensorData tensor) -> tensor.type().shape())
        .filter(shape -> shape.size() == rank);
  }

  /** The autoencoder, opened; empty if there is none. */
  public Optional<LatentDecoder> decoder() {
    Optional<LatentDecoder> decoder =
        vae.map(folder -> LatentDecoder.open(folder, ImportOptions.defaults(), target));
    decoder.ifPresent(opened -> closers.add(opened::close));
    decodedWith = vae.map(folder -> folder.toAbsolutePath().getFileName().toString());
    return decoder;
  }

  /** Name of the autoencoder's folder, if images are decoded. */
  public Optional<String> decodedWith() {
    return decodedWith;
  }

  @Override
  public void close() {
    for (int i = closers.size() - 1; i >= 0; i--) {
      closers.get(i).run();
    }
  }
}
