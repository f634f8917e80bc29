package org.canbridge.runtime;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apiguardian.api.API;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelProblem;
import org.canbridge.importers.model.Trained;
import org.canbridge.runtime.can.CanRewriter;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.can.CanSpecJson;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.Diffusion;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.InputFileException;

/**
 * A checkpoint together with its network: the published one, or the condition-aware one that it was
 * converted to.
 *
 * <pre>{@code
 * try (Model model = Model.open(Path.of("model-directory"), ImportOptions.defaults());
 *     Session session = model.session(Target.F32)) {
 *   Map<String, TensorData> out = session.run(inputs, List.of("output"));
 * }
 * }</pre>
 */
@API(status = API.Status.STABLE)
public final class Model implements AutoCloseable {
  private final Checkpoint checkpoint;
  private final RuntimeFamily family;
  private final Graph source;
  private final Graph graph;
  private final Optional<CanSpec> can;

  private Model(
      Checkpoint checkpoint,
      RuntimeFamily family,
      Graph source,
      Graph graph,
      Optional<CanSpec> can) {
    this.checkpoint = checkpoint;
    this.family = family;
    this.source = source;
    this.graph = graph;
    this.can = can;
  }

  /**
   * Opens a published file or a model directory; reads no weights.
   *
   * @throws InputFileException if it is not a model that can be run
   */
  public static Model open(Path path, ImportOptions options) {
    Checkpoint checkpoint = Checkpoints.open(path, options);
    try {
      return of(checkpoint, path);
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  /**
   * A network whose weights were made here.
   *
   * @throws IllegalArgumentException if it is condition-aware; that needs its file, to be named in
   *     messages
   */
  public static Model generated(Checkpoint checkpoint) {
    if (checkpoint.can().isPresent()) {
      throw new IllegalArgumentException("a condition-aware network must be opened from its file");
    }
    return generated(checkpoint, RuntimeFamilies.of(checkpoint.config()));
  }

  /** A network of a family that need be in no list. */
  static Model generated(Checkpoint checkpoint, RuntimeFamily family) {
    Graph graph = family.graph();
    return new Model(checkpoint, family, graph, graph, Optional.empty());
  }

  /**
   * Refuses a {@code can} section, and tensors, that make no network: for those who only look at a
   * model directory or copy it.
   *
   * @throws InputFileException if it is not a model that can be run
   */
  public static void check(Checkpoint checkpoint, Path path) {
    if (checkpoint.can().isPresent()) {
      of(checkpoint, path);
    }
  }

  private static Model of(Checkpoint checkpoint, Path path) {
    RuntimeFamily family = family(checkpoint, path);
    Graph source = family.graph();
    Optional<ObjectNode> section = checkpoint.can();
    if (section.isEmpty()) {
      return new Model(checkpoint, family, source, source, Optional.empty());
    }
    CanSpec spec;
    Graph graph;
    try {
      spec = CanSpecJson.read(section.get());
      graph = CanRewriter.rewrite(family.graph(spec.control()), spec);
      checkRemoved(section.get(), CanRewriter.removed(source, graph));
    } catch (IllegalArgumentException e) {
      throw InputFileException.of(ModelProblem.CONFIG_FIELD, path.resolve("config.json"))
          .key("can")
          .what("the 'can' section does not describe a network that can be built")
          .expected("the fields of docs/can-format.md, naming layers of this network")
          .actual(e.getMessage())
          .next("convert the source model again, or mend the section")
          .cause(e)
          .build();
    }
    checkTensors(checkpoint, source, graph, path);
    return new Model(checkpoint, family, source, graph, Optional.of(spec));
  }

  /** A network whose arguments are a graph may be none after all. */
  private static RuntimeFamily family(Checkpoint checkpoint, Path path) {
    try {
      return RuntimeFamilies.of(checkpoint.config());
    } catch (IllegalArgumentException e) {
      throw InputFileException.of(ModelProblem.CONFIG_FIELD, path.resolve("config.json"))
          .key("config")
          .what("the configuration describes a network that cannot be built")
          .expected("the fields of docs/can-format.md")
          .actual(e.getMessage())
          .next("import the published file again, or mend the configuration")
          .cause(e)
          .build();
    }
  }

  /** Nothing may be called removed that the network has, or never had. */
  private static void checkRemoved(ObjectNode section, List<String> gone) {
    for (String name : CanSpecJson.removed(section)) {
      if (!gone.contains(name)) {
        throw new IllegalArgumentException(
            "'removed' names "
                + name
                + ", which is none of the "
                + gone.size()
                + " tensors that the network does without");
      }
    }
  }

  /**
   * A converted model's added tensors follow from its {@code can} section; all deviations are
   * reported together.
   */
  private static void checkTensors(Checkpoint checkpoint, Graph source, Graph graph, Path path) {
    Map<String, TensorData> tensors = checkpoint.tensors();
    Set<String> wrong = new LinkedHashSet<>();
    Set<String> extra = new TreeSet<>(tensors.keySet());
    extra.removeAll(carriedAlong(checkpoint, source));
    for (Op.Parameter parameter : graph.parameters()) {
      TensorData tensor = tensors.get(parameter.name());
      extra.remove(parameter.name());
      String expected = Arrays.toString(parameter.shape().resolve(1));
      if (tensor == null) {
        wrong.add(parameter.name() + " " + expected + " is missing");
      } else if (!tensor.type().shape().toString().equals(expected)) {
        wrong.add(parameter.name() + " must be " + expected + ", is " + tensor.type().shape());
      }
    }
    extra.forEach(name -> wrong.add(name + " belongs to no layer"));
    if (!wrong.isEmpty()) {
      throw InputFileException.of(ModelProblem.KEY_MISMATCH, path)
          .what(
              "the tensors of this condition-aware network are not those that its 'can' section"
                  + " asks for")
          .expected(graph.parameters().size() + " tensors: docs/can-format.md")
          .actual(String.join("; ", wrong))
          .next("convert the source model again")
          .build();
    }
  }

  /** Canonical tensors that no forward pass uses, such as the counters of batch norms. */
  private static Set<String> carriedAlong(Checkpoint checkpoint, Graph source) {
    Family family = Families.byName(checkpoint.config().architecture()).orElseThrow();
    Set<String> names =
        new HashSet<>(
            family.canonical().keyMap(checkpoint.config().arguments()).targets().keySet());
    source.parameters().forEach(p -> names.remove(p.name()));
    return names;
  }

  /** The same network over other tensors of the same names; not to be closed. */
  public Model withTensors(Map<String, TensorData> tensors) {
    return new Model(checkpoint.withTensors(tensors), family, source, graph, can);
  }

  /** The same network with these names for its classes, in their order; not to be closed. */
  public Model withClassNames(List<String> names) {
    Map<Integer, List<String>> each = new HashMap<>();
    names.forEach(name -> each.put(each.size(), List.of(name)));
    return new Model(checkpoint.withClassNames(each), family, source, graph, can);
  }

  /** The weights and where they come from. */
  public Checkpoint checkpoint() {
    return checkpoint;
  }

  /** What is known of the network as it was published. */
  public RuntimeFamily family() {
    return family;
  }

  /** What it was trained for; empty if it is no diffusion model. */
  public Optional<Objective> objective() {
    return checkpoint.training().map(Trained::objective);
  }

  /** What is assumed about it and the user should know, one sentence. */
  public Optional<String> assumption() {
    return checkpoint.assumption();
  }

  /**
   * It as a diffusion model: what it was trained for.
   *
   * @throws IllegalArgumentException if it is none
   */
  public Diffusion diffusion() {
    ImageShape shape = family().image();
    return Diffusion.of(shape, objective().orElseThrow());
  }

  /** The network as it was published. */
  public Graph source() {
    return source;
  }

  /** The network as it runs: condition-aware where {@link #can()} is present. */
  public Graph graph() {
    return graph;
  }

  /** What makes it condition-aware. */
  public Optional<CanSpec> can() {
    return can;
  }

  /**
   * The network ready to run; close it before the model.
   *
   * @throws InputFileException if a weight is not finite, or somebody has written into the file
   *     since it was opened
   */
  public Session session(Target target) {
    Session session = Session.open(graph, checkpoint.tensors(), target);
    try {
      checkpoint.origin().requireUnwritten();
      return session;
    } catch (InputFileException e) {
      session.close();
      throw e;
    }
  }

  @Override
  public void close() {
    checkpoint.close();
  }
}
