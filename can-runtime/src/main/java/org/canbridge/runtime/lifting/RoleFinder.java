package org.canbridge.runtime.lifting;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.canbridge.runtime.family.NetworkInput;
import org.canbridge.runtime.graph.AttentionOp;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.LayoutOp;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.runtime.graph.Role;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.runtime.graph.TokenGrid;

/** Which part each node plays, by the structure of the network alone; names tell nothing. */
final class RoleFinder {
  private static final List<Class<? extends Op>> LAYOUT = List.of(LayoutOp.class);
  private static final List<Class<? extends Op>> ELEMENTS =
      List.of(LayoutOp.class, ElementwiseOp.class);
  private static final List<Class<? extends Op>> NORMS =
      List.of(LayoutOp.class, ElementwiseOp.class, ReductionOp.class);

  private final Graph graph;
  private final Node output;
  private final Map<Node, List<Node>> users = new HashMap<>();
  private final Map<Node, EnumSet<NetworkInput>> depends = new HashMap<>();
  private final Map<Node, Role> roles = new LinkedHashMap<>();

  private RoleFinder(Graph graph) {
    this.graph = graph;
    this.output = graph.outputs().values().iterator().next();
    for (Node node : graph.nodes()) {
      EnumSet<NetworkInput> from = EnumSet.noneOf(NetworkInput.class);
      for (NetworkInput input : NetworkInput.values()) {
        if (node.op() instanceof Op.Input op && input.is(op)) {
          from.add(input);
        }
      }
      for (Node in : new LinkedHashSet<>(node.inputs())) {
        from.addAll(depends.get(in));
        users.computeIfAbsent(in, k -> new ArrayList<>()).add(node);
      }
      depends.put(node, from);
    }
  }

  /** The roles that the structure tells. */
  static Map<Node, Role> find(Graph graph) {
    RoleFinder finder = new RoleFinder(graph);
    finder.image();
    graph.nodes().stream().filter(n -> n.op() instanceof AttentionOp).forEach(finder::attention);
    finder.convolutions();
    finder.feedForward();
    finder.conditions();
    return finder.roles;
  }

  static boolean isLayer(Node node) {
    return node.op() instanceof LinearOp.Linear || node.op() instanceof LinearOp.Conv2d;
  }

  /** Layers on the way of the image that have no role. */
  static List<String> without(Graph graph, Map<Node, Role> roles) {
    RoleFinder finder = new RoleFinder(graph);
    return graph.nodes().stream()
        .filter(n -> isLayer(n) && !roles.containsKey(n) && finder.isImage(n))
        .map(Node::path)
        .toList();
  }

  private boolean isImage(Node node) {
    return depends.get(node).contains(NetworkInput.IMAGE);
  }

  private List<Node> users(Node node) {
    return users.getOrDefault(node, List.of());
  }

  /** The first layer that sees the image, in patches, and the only one in front of the output. */
  private void image() {
    graph.nodes().stream()
        .filter(n -> n.op() instanceof Op.Input input && NetworkInput.IMAGE.is(input))
        .forEach(
            x -> {
              Set<Node> first = ahead(x, LAYOUT);
              if (first.size() == 1 && tiles(first.iterator().next())) {
                roles.put(first.iterator().next(), Role.PATCH_EMBED);
              }
            });
    Set<Node> last = behind(output, ELEMENTS);
    if (last.size() == 1) {
      roles.putIfAbsent(last.iterator().next(), Role.HEAD);
    }
  }

  private static boolean tiles(Node node) {
    return !(node.op() instanceof LinearOp.Conv2d conv) || conv.stride() > 1;
  }

  private void attention(Node node) {
    for (Node in : node.inputs()) {
      behind(in, NORMS).forEach(layer -> roles.putIfAbsent(layer, Role.QKV));
    }
    ahead(node, LAYOUT).forEach(layer -> roles.putIfAbsent(layer, Role.OUTPUT_PROJECTION));
  }

  /** The layers that a value comes from, through operations of these kinds alone. */
  private Set<Node> behind(Node value, List<Class<? extends Op>> kinds) {
    Set<Node> layers = new LinkedHashSet<>();
    Set<Node> seen = new HashSet<>();
    List<Node> open = new ArrayList<>(List.of(value));
    while (!open.isEmpty()) {
      Node node = open.remove(open.size() - 1);
      if (!seen.add(node)) {
        continue;
      }
      if (isLayer(node)) {
        layers.add(node);
      } else if (kinds.stream().anyMatch(kind -> kind.isInstance(node.op()))) {
        open.addAll(node.inputs());
      }
    }
    return layers;
  }

  /** The layers that use a value, through operations of these kinds that use nothing else. */
  private Set<Node> ahead(Node value, List<Class<? extends Op>> kinds) {
    Set<Node> layers = new LinkedHashSet<>();
    Set<Node> reached = new LinkedHashSet<>(List.of(value));
    List<Node> open = new ArrayList<>(List.of(value));
    while (!open.isEmpty()) {
      Node node = open.remove(0);
      for (Node user : users(node)) {
        boolean passes =
            kinds.stream().anyMatch(kind -> kind.isInstance(user.op()))
                || (kinds.size() > 1 && isDepthwise(user));
        if (passes && onlyFrom(user, reached) && reached.add(user)) {
          open.add(user);
        } else if (isLayer(user) && !isDepthwise(user)) {
          layers.add(user);
        }
      }
    }
    return layers;
  }

  private static boolean onlyFrom(Node node, Collection<Node> values) {
    return node.inputs().stream()
        .allMatch(in -> values.contains(in) || in.op() instanceof Op.Parameter);
  }

  private static boolean isDepthwise(Node node) {
    if (!(node.op() instanceof LinearOp.Conv2d conv) || conv.groups() == 1) {
      return false;
    }
    Shape weight = node.inputs().get(1).shape();
    return conv.groups() == weight.size(0) && weight.size(1) == 1 && weight.size(2) > 1;
  }

  private void convolutions() {
    graph.nodes().stream()
        .filter(n -> isDepthwise(n) && isImage(n))
        .forEach(n -> roles.putIfAbsent(n, Role.DEPTHWISE_CONV));
  }

  /** Two layers with an activation, and perhaps a depthwise convolution, between them. */
  private void feedForward() {
    for (Node node : graph.nodes()) {
      if (!isLayer(node) || roles.containsKey(node) || !isImage(node) || isDepthwise(node)) {
        continue;
      }
      Set<Node> next = ahead(node, ELEMENTS);
      if (next.size() != 1) {
        continue;
      }
      Node second = next.iterator().next();
      boolean returns =
          second.inputs().get(1).shape().size(0) == node.inputs().get(1).shape().size(1);
      if (returns && !roles.containsKey(second)) {
        roles.put(node, Role.MLP_IN);
        roles.put(second, Role.MLP_OUT);
      }
    }
  }

  /** What the image's part of the network learns of timestep and label. */
  private void conditions() {
    Optional<Node> sum =
        graph.nodes().stream()
            .filter(n -> n.op() instanceof ElementwiseOp.Add && isVector(n))
            .filter(
                n ->
                    depends.get(n).equals(EnumSet.of(NetworkInput.TIMESTEP, NetworkInput.LABEL))
                        && n.inputs().stream().allMatch(in -> depends.get(in).size() == 1))
            .findFirst();
    if (sum.isPresent()) {
      roles.put(sum.get(), Role.CONDITION);
      for (Node in : sum.get().inputs()) {
        roles.put(
            in,
            depends.get(in).contains(NetworkInput.TIMESTEP) ? Role.TIME_EMBED : Role.LABEL_EMBED);
      }
      return;
    }
    narrowest(NetworkInput.TIMESTEP).ifPresent(n -> roles.put(n, Role.TIME_EMBED));
    narrowest(NetworkInput.LABEL).ifPresent(n -> roles.put(n, Role.LABEL_EMBED));
  }

  private static boolean isVector(Node node) {
    return node.shape().rank() == 2
        && node.shape().equals(Shape.batched(node.shape().size(1)))
        && node.shape().size(1) > 1;
  }

  /** The last embedding of an input through which everything goes that the image learns of it. */
  private Optional<Node> narrowest(NetworkInput input) {
    return graph.nodes().stream()
        .filter(n -> isVector(n) && depends.get(n).equals(EnumSet.of(input)))
        .filter(n -> !reaches(input, n))
        .reduce((one, later) -> later);
  }

  /** Whether the output depends on an input past a node. */
  private boolean reaches(NetworkInput input, Node past) {
    return Graph.needed(List.of(output), List.of(past)).stream()
        .anyMatch(n -> n.op() instanceof Op.Input op && input.is(op));
  }

  /** How the tokens lie, where all feed-forward layers see the patches of one grid. */
  static Optional<TokenGrid> grid(Graph graph, Map<Node, Role> roles) {
    Optional<Node> patches =
        roles.entrySet().stream()
            .filter(e -> e.getValue() == Role.PATCH_EMBED)
            .map(Map.Entry::getKey)
            .filter(n -> n.shape().rank() == 4)
            .findFirst();
    Set<Long> tokens = new HashSet<>();
    roles.forEach(
        (node, role) -> {
          if (role == Role.MLP_IN) {
            tokens.add(node.shape().rank() == 3 ? node.shape().size(1) : -1);
          }
        });
    if (patches.isEmpty() || tokens.size() != 1) {
      return Optional.empty();
    }
    int height = (int) patches.get().shape().size(2);
    int width = (int) patches.get().shape().size(3);
    long all = tokens.iterator().next();
    if (all == (long) height * width) {
      return Optional.of(new TokenGrid(0, height, width));
    }
    return new RoleFinder(graph)
        .joined(all, (long) height * width)
        .map(before -> new TokenGrid(before, (int) all - before - height * width, height, width));
  }

  /** How many tokens stand in front of the patches where all are joined. */
  private Optional<Integer> joined(long all, long patches) {
    for (Node node : graph.nodes()) {
      if (node.op() instanceof LayoutOp.Concat concat
          && concat.axis() == 1
          && node.shape().rank() == 3
          && node.shape().size(1) == all) {
        long before = 0;
        for (Node in : node.inputs()) {
          if (isImage(in) && in.shape().size(1) == patches) {
            return Optional.of((int) before);
          }
          before += in.shape().size(1);
        }
      }
    }
    return Optional.empty();
  }
}
