package org.canbridge.runtime.graph;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A network: nodes in execution order, each using earlier ones only. Immutable; made by {@link
 * GraphBuilder}.
 */
public final class Graph {
  private final List<Node> nodes;
  private final Map<String, Node> outputs;
  private final Map<String, Node> modules;
  private final TokenGrid tokenGrid;

  Graph(
      List<Node> nodes, Map<String, Node> outputs, Map<String, Node> modules, TokenGrid tokenGrid) {
    this.nodes = List.copyOf(nodes);
    this.outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    List<Map.Entry<String, Node>> byExecution = new ArrayList<>(modules.entrySet());
    byExecution.sort(Map.Entry.comparingByValue((a, b) -> Integer.compare(a.id(), b.id())));
    Map<String, Node> ordered = new LinkedHashMap<>();
    byExecution.forEach(e -> ordered.put(e.getKey(), e.getValue()));
    this.modules = Collections.unmodifiableMap(ordered);
    this.tokenGrid = tokenGrid;
  }

  /** All nodes in execution order. */
  public List<Node> nodes() {
    return nodes;
  }

  /** The network's results by name; a network with one result calls it {@code output}. */
  public Map<String, Node> outputs() {
    return outputs;
  }

  /**
   * What each module returns, by module path, in execution order: the values that can be tapped.
   */
  public Map<String, Node> modules() {
    return modules;
  }

  /** How the tokens lie in the image, for transformers over one grid. */
  public Optional<TokenGrid> tokenGrid() {
    return Optional.ofNullable(tokenGrid);
  }

  /** The arguments, in the order of their definition. */
  public List<Op.Input> inputs() {
    return select(Op.Input.class);
  }

  /** The tensors of the state dict, in the order of their definition. */
  public List<Op.Parameter> parameters() {
    return select(Op.Parameter.class);
  }

  /** The nodes that play a role, in execution order. */
  public List<Node> withRole(Role role) {
    return nodes.stream().filter(n -> n.role().filter(role::equals).isPresent()).toList();
  }

  /**
   * The same network without what no output needs: such parameters and modules are gone, the inputs
   * stay.
   */
  public Graph pruned() {
    Set<Node> live = needed(outputs.values(), Set.of());
    Map<String, Node> kept = new LinkedHashMap<>(modules);
    kept.values().retainAll(live);
    return new Graph(
        nodes.stream().filter(n -> live.contains(n) || n.op() instanceof Op.Input).toList(),
        outputs,
        kept,
        tokenGrid);
  }

  /** The part of this that some values need, which become its outputs under these names. */
  public Graph only(Map<String, Node> values) {
    return new Graph(nodes, values, Map.of(), tokenGrid).pruned();
  }

  /**
   * What has to be computed for some values, themselves included.
   *
   * @param given values that are there already: nothing is needed for them
   */
  public static Set<Node> needed(Collection<Node> values, Collection<Node> given) {
    Set<Node> needed = new HashSet<>();
    List<Node> open = new ArrayList<>(values);
    while (!open.isEmpty()) {
      Node node = open.remove(open.size() - 1);
      if (needed.add(node) && !given.contains(node)) {
        open.addAll(node.inputs());
      }
    }
    return needed;
  }

  /**
   * An output or a module's value by name; outputs come first.
   *
   * @throws IllegalArgumentException if there is none
   */
  public Node value(String name) {
    Node node = outputs.getOrDefault(name, modules.get(name));
    if (node == null) {
      throw new IllegalArgumentException("the network has no output and no module '" + name + "'");
    }
    return node;
  }

  private <T extends Op> List<T> select(Class<T> type) {
    return nodes.stream().map(Node::op).filter(type::isInstance).map(type::cast).toList();
  }
}
