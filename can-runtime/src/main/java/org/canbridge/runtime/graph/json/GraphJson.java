package org.canbridge.runtime.graph.json;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.family.Arguments;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Role;
import org.canbridge.runtime.graph.TokenGrid;
import org.canbridge.tensors.files.JsonFields;
import org.canbridge.tensors.files.Words;

/**
 * A graph as data and back: {@code docs/can-format.md}. Reading builds it again, so that every
 * shape is checked by the operation that it belongs to.
 */
public final class GraphJson {
  private GraphJson() {}

  /** The fields of a graph. */
  public static Arguments write(Graph graph) {
    Map<Node, Integer> numbers = new HashMap<>();
    ArrayNode nodes = JsonNodeFactory.instance.arrayNode();
    for (Node node : graph.nodes()) {
      ObjectNode json = nodes.addObject();
      json.put("op", OpJson.name(node.op()));
      OpJson.write(node.op(), json);
      if (!node.inputs().isEmpty()) {
        ArrayNode in = json.putArray("in");
        node.inputs().forEach(input -> in.add(numbers.get(input)));
      }
      if (!node.path().isEmpty() && !(node.op() instanceof Op.Parameter)) {
        json.put("path", node.path());
      }
      node.role().ifPresent(role -> json.put("role", word(role)));
      numbers.put(node, numbers.size());
    }
    ObjectNode outputs = JsonNodeFactory.instance.objectNode();
    graph.outputs().forEach((name, node) -> outputs.put(name, numbers.get(node)));
    Arguments arguments = Arguments.none().with("nodes", nodes).with("outputs", outputs);
    return graph
        .tokenGrid()
        .map(grid -> arguments.with("token_grid", write(grid)))
        .orElse(arguments);
  }

  private static ObjectNode write(TokenGrid grid) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("before", grid.extra())
        .put("behind", grid.behind())
        .put("height", grid.height())
        .put("width", grid.width());
  }

  /** A role's name in a graph and on the command line. */
  public static String word(Role role) {
    return role.name().toLowerCase(Locale.ROOT);
  }

  /** The names of all roles that a network as it was published can have. */
  public static List<String> roles() {
    return Arrays.stream(Role.values())
        .filter(role -> role != Role.GENERATED)
        .map(GraphJson::word)
        .toList();
  }

  /**
   * The role of this name.
   *
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static Role role(String word) {
    return Words.constant(Role.values(), GraphJson::word, word, "unknown role '%s'; roles are %s");
  }

  /**
   * Builds a graph.
   *
   * @throws IllegalArgumentException if a node is not as its operation wants it, naming the node
   */
  public static Graph read(Arguments arguments) {
    JsonFields fields = JsonFields.of("", arguments.toJson());
    GraphBuilder g = new GraphBuilder();
    List<Node> nodes = new ArrayList<>();
    for (JsonFields node : fields.required("nodes", fields.each("nodes"))) {
      String place = "node " + nodes.size() + ": ";
      try {
        nodes.add(read(g, node, nodes));
        node.finish();
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(place + e.getMessage(), e);
      } catch (ArithmeticException | IndexOutOfBoundsException e) {
        throw new IllegalArgumentException(
            place + "inputs or fields that the operation cannot have", e);
      }
    }
    JsonFields outputs = fields.required("outputs", fields.fields("outputs"));
    if (outputs.names().isEmpty()) {
      throw new IllegalArgumentException("there are no outputs");
    }
    for (String name : outputs.names()) {
      int number = outputs.required(name, outputs.integer(name, 0, nodes.size() - 1));
      g.output(name, nodes.get(number));
    }
    fields.fields("token_grid").ifPresent(grid -> g.tokenGrid(grid(grid)));
    return g.build();
  }

  private static Node read(GraphBuilder g, JsonFields fields, List<Node> before) {
    Op op = OpJson.read(fields.required("op", fields.text("op")), fields);
    List<Integer> in =
        before.isEmpty()
            ? List.of()
            : fields.integers("in", 0, before.size() - 1).orElse(List.of());
    String path = fields.text("path").orElse("");
    Optional<Role> role = fields.text("role").map(GraphJson::role);
    if (op instanceof Op.Parameter parameter) {
      return g.at("").parameter(parameter);
    }
    GraphBuilder at = g.at(path);
    Node[] inputs = in.stream().map(before::get).toArray(Node[]::new);
    Node node = at.add(op, role.orElse(null), inputs);
    boolean layer =
        !path.isEmpty() && node.inputs().stream().anyMatch(n -> n.op() instanceof Op.Parameter);
    return layer ? at.returns(node) : node;
  }

  private static TokenGrid grid(JsonFields fields) {
    Map<String, Integer> sizes = new LinkedHashMap<>();
    for (String name : List.of("before", "behind", "height", "width")) {
      sizes.put(name, fields.required(name, fields.integer(name, 0, 1 << 20)));
    }
    fields.finish();
    return new TokenGrid(
        sizes.get("before"), sizes.get("behind"), sizes.get("height"), sizes.get("width"));
  }
}
