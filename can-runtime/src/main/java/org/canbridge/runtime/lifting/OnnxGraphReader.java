package org.canbridge.runtime.lifting;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.keys.KeyFate;
import org.canbridge.importers.model.GraphReader;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Role;
import org.canbridge.runtime.graph.TokenGrid;
import org.canbridge.runtime.graph.json.GraphJson;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TransposedMatrix;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Suggestion;
import org.canbridge.tensors.onnx.OnnxModel;

/** Reads a network of no family from the graph of an ONNX model. */
public final class OnnxGraphReader implements GraphReader {
  /** Nodes that a message names; one refused operation is mostly there in every block. */
  private static final int SHOWN = 20;

  /** What a conversion looks for, by what it is called to people. */
  private static final Map<Role, String> WANTED =
      new TreeMap<>(
          Map.of(
              Role.PATCH_EMBED, "the patch embedding",
              Role.HEAD, "the head",
              Role.TIME_EMBED, "the embedding of the timestep",
              Role.LABEL_EMBED, "the embedding of the label",
              Role.CONDITION, "the whole condition, the sum of both"));

  @Override
  public Read read(OnnxModel model, ImportOptions options) {
    Inputs inputs = Inputs.of(model);
    if (!inputs.problems().isEmpty()) {
      throw refused(model, inputs.problems());
    }
    GraphBuilder g = new GraphBuilder();
    Lifting lifting = new Lifting(model, inputs.sizes(), g, inputs.add(g));
    List<String> problems = lifting.run();
    if (!problems.isEmpty()) {
      throw refused(model, problems);
    }
    String result = model.results().get(0).name();
    try {
      g.output("output", lifting.result(result));
    } catch (IllegalArgumentException e) {
      throw refused(model, List.of("result " + result + ": " + e.getMessage()));
    }
    Graph plain = withCondition(g.build().pruned());
    Map<Node, Role> roles = roles(plain, model, options);
    Optional<TokenGrid> grid = RoleFinder.grid(plain, roles);
    Graph graph = assigned(plain, roles, grid);
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    for (Op.Parameter parameter : graph.parameters()) {
      tensors.put(parameter.name(), lifting.parameters().tensors().get(parameter.name()));
    }
    return new Read(
        Families.ofGraphs().config(GraphJson.write(graph)),
        tensors,
        fates(model, tensors, lifting.parameters().origins()),
        notes(plain, roles));
  }

  /** Where timestep and label meet nowhere before the image, their sum is added: unused, so far. */
  private static Graph withCondition(Graph graph) {
    Map<Node, Role> roles = RoleFinder.find(graph);
    List<Node> parts = new ArrayList<>();
    roles.forEach(
        (node, role) -> {
          if (role == Role.TIME_EMBED || role == Role.LABEL_EMBED) {
            parts.add(node);
          }
        });
    if (roles.containsValue(Role.CONDITION)
        || parts.size() != 2
        || !parts.get(0).shape().equals(parts.get(1).shape())) {
      return graph;
    }
    GraphBuilder g = GraphBuilder.extending(graph);
    g.add(parts.get(0), parts.get(1));
    return g.build();
  }

  private static Map<Node, Role> roles(Graph graph, OnnxModel model, ImportOptions options) {
    Map<Node, Role> roles = RoleFinder.find(graph);
    options
        .roles()
        .forEach(
            (path, role) -> {
              Node node = graph.modules().get(path);
              if (node == null) {
                throw InputFileException.of(GraphProblem.NO_SUCH_NODE, model.path())
                    .what("--role names a layer that the network does not have")
                    .expected("one of its " + graph.modules().size() + " layers")
                    .actual(path + Suggestion.text(path, List.copyOf(graph.modules().keySet())))
                    .next("canbridge inspect lists the layers with and without a role")
                    .build();
              }
              roles.put(node, GraphJson.role(role));
            });
    return roles;
  }

  /** The same network with roles. */
  private static Graph assigned(Graph graph, Map<Node, Role> roles, Optional<TokenGrid> grid) {
    GraphBuilder g = new GraphBuilder();
    Map<Node, Node> copies = new HashMap<>();
    for (Node node : graph.nodes()) {
      Node[] in = node.inputs().stream().map(copies::get).toArray(Node[]::new);
      GraphBuilder at = g.at(node.path());
      copies.put(
          node,
          node.op() instanceof Op.Parameter parameter
              ? at.parameter(parameter)
              : at.add(node.op(), roles.get(node), in));
    }
    graph.modules().forEach((path, node) -> g.at(path).returns(copies.get(node)));
    graph.outputs().forEach((name, node) -> g.output(name, copies.get(node)));
    grid.ifPresent(g::tokenGrid);
    return g.build();
  }

  private static List<String> notes(Graph graph, Map<Node, Role> roles) {
    List<String> notes = new ArrayList<>();
    Set<Role> missing = new TreeSet<>(WANTED.keySet());
    missing.removeAll(roles.values());
    if (!missing.isEmpty()) {
      notes.add(
          "not recognised: "
              + String.join("; ", missing.stream().map(WANTED::get).toList())
              + "; --role NODE=ROLE says it");
    }
    List<String> without = RoleFinder.without(graph, roles);
    if (!without.isEmpty()) {
      notes.add(
          "layers without a role: "
              + String.join(", ", without.subList(0, Math.min(SHOWN, without.size())))
              + (without.size() > SHOWN ? ", ... " + without.size() + " in all" : ""));
    }
    return notes;
  }

  private static List<KeyFate> fates(
      OnnxModel model, Map<String, TensorData> tensors, Map<String, String> origins) {
    Map<String, List<String>> targets = new HashMap<>();
    tensors
        .keySet()
        .forEach(
            name -> targets.computeIfAbsent(origins.get(name), k -> new ArrayList<>()).add(name));
    List<KeyFate> fates = new ArrayList<>();
    model
        .tensors()
        .forEach(
            (name, data) -> {
              List<String> used = targets.getOrDefault(name, List.of());
              fates.add(
                  new KeyFate(
                      name,
                      data.type(),
                      used.isEmpty()
                          ? new KeyFate.Ignored("constant of the ONNX graph")
                          : new KeyFate.Mapped(used, how(tensors.get(used.get(0))))));
            });
    return fates;
  }

  private static String how(TensorData tensor) {
    return tensor instanceof TransposedMatrix ? "transpose" : "copy";
  }

  private static InputFileException refused(OnnxModel model, List<String> problems) {
    StringBuilder actual = new StringBuilder(problems.size() + " without counterpart");
    problems.stream().limit(SHOWN).forEach(line -> actual.append("\n    ").append(line));
    if (problems.size() > SHOWN) {
      actual.append("\n    ... and ").append(problems.size() - SHOWN).append(" more");
    }
    return InputFileException.of(GraphProblem.NO_COUNTERPART, model.path())
        .what("the graph holds what cannot be read as a network")
        .expected("operations of docs/formats.md, 'A network without a family'")
        .actual(actual)
        .next("write the named parts of the PyTorch module in other operations, and export again")
        .build();
  }
}
