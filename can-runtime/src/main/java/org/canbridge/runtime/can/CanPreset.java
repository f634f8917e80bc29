package org.canbridge.runtime.can;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Role;
import org.canbridge.runtime.graph.Shape;

/** Chooses the layers and the generators for a network. */
public final class CanPreset {
  /**
   * With these widths the sizes of the paper's CAN(UViT) networks come out within 1 %:
   * docs/decisions.md.
   */
  private static final int DWCONV_WIDTH = 256;

  private static final int OTHER_WIDTH = 128;

  /** Elements of an inserted kernel and its bias, for one channel. */
  private static final int INSERTED_COLUMNS = 9;

  private CanPreset() {}

  /**
   * The paper's arrangement for these targets: an own generator for each layer, of input width 256
   * for depthwise convolutions and 128 for everything else, and one shared by all output
   * projections of equal shape. Widths never exceed that of the condition embedding.
   *
   * @throws IllegalArgumentException if the network has no such condition or none of the layers of
   *     a target
   */
  public static CanSpec paper(Graph source, List<CanTarget> targets, CanCondition condition) {
    return spec(source, CanPlan.paper(targets, condition));
  }

  /**
   * The layers and generators of {@code plan} in this network.
   *
   * @param source the network as it is without generators, after {@link
   *     org.canbridge.runtime.family.Control} was applied
   * @throws IllegalArgumentException if the network has no such condition or none of the layers of
   *     a target
   */
  public static CanSpec spec(Graph source, CanPlan plan) {
    boolean embeds = source.withRole(Role.TIME_EMBED).isEmpty();
    Optional<CanSpec.Embedder> embedder = embeds ? plan.embedder() : Optional.empty();
    List<CanTarget> targets = plan.targets();
    List<String> inserted = targets.contains(CanTarget.DWCONV) ? insertable(source) : List.of();
    if (plan.method() == CanMethod.STATIC) {
      return new CanSpec(
          plan.condition(),
          plan.control(),
          CanMethod.STATIC,
          targets,
          Optional.empty(),
          inserted,
          List.of());
    }
    int width = conditionWidth(source, plan.condition(), embedder);
    List<CanSpec.Generator> generators = new ArrayList<>();
    for (CanTarget target : targets) {
      Map<String, Node> layers = layers(source, target);
      List<String> paths = new ArrayList<>(layers.keySet());
      if (target == CanTarget.DWCONV) {
        paths.addAll(inserted);
      }
      if (paths.isEmpty()) {
        throw new IllegalArgumentException(
            "this network has no layer for the target '" + target.label() + "'");
      }
      groups(target, paths, layers)
          .forEach(
              (name, served) ->
                  generators.add(
                      new CanSpec.Generator(
                          name, served, form(plan, target, width, layers.get(served.get(0))))));
    }
    return new CanSpec(
        plan.condition(), plan.control(), plan.method(), targets, embedder, inserted, generators);
  }

  /**
   * How a layer's weights are made.
   *
   * @param layer null for an inserted convolution
   */
  private static CanSpec.Form form(CanPlan plan, CanTarget target, int width, Node layer) {
    if (plan.method() == CanMethod.SELECT) {
      return new CanSpec.Select(plan.kernels());
    }
    int usual = target == CanTarget.DWCONV ? DWCONV_WIDTH : OTHER_WIDTH;
    int inputWidth = Math.min(width, plan.generatorWidth().orElse(usual));
    if (plan.rank().isPresent() && smallerSide(layer) > plan.rank().getAsInt()) {
      return new CanSpec.LowRank(inputWidth, true, plan.rank().getAsInt());
    }
    return new CanSpec.Linear(inputWidth, true);
  }

  /** The largest rank that the weight of a layer can have. */
  private static long smallerSide(Node layer) {
    if (layer == null) {
      return INSERTED_COLUMNS;
    }
    Shape weight = layer.inputs().get(1).shape();
    return Math.min(weight.size(0), weight.elements() / weight.size(0));
  }

  private static Map<String, List<String>> groups(
      CanTarget target, List<String> paths, Map<String, Node> layers) {
    Map<String, List<String>> groups = new LinkedHashMap<>();
    for (String path : paths) {
      String name =
          target == CanTarget.OUT_PROJ
              ? "out_proj." + layers.get(path).inputs().get(1).shape().size(0)
              : path;
      groups.computeIfAbsent(name, k -> new ArrayList<>()).add(path);
    }
    return groups;
  }

  /**
   * One convolution for each feed-forward layer over tokens, beside its first linear map: {@code
   * blocks.0.mlp.fc1} gives {@code blocks.0.mlp.dwconv}.
   */
  private static List<String> insertable(Graph source) {
    return source.tokenGrid().isEmpty()
        ? List.of()
        : source.withRole(Role.MLP_IN).stream().map(n -> dwconvPath(n.path())).toList();
  }

  /** Path of the depthwise convolution that follows the linear layer at {@code mlpIn}. */
  static String dwconvPath(String mlpIn) {
    return mlpIn.substring(0, mlpIn.lastIndexOf('.') + 1) + "dwconv";
  }

  private static Map<String, Node> layers(Graph source, CanTarget target) {
    Map<String, Node> layers = new LinkedHashMap<>();
    for (Node node : source.nodes()) {
      boolean layer = node.op() instanceof LinearOp.Linear || node.op() instanceof LinearOp.Conv2d;
      if (layer && node.role().filter(target.roles()::contains).isPresent()) {
        layers.put(node.path(), node);
      }
    }
    return layers;
  }

  private static int conditionWidth(
      Graph source, CanCondition condition, Optional<CanSpec.Embedder> embedder) {
    if (embedder.isPresent()) {
      return embedder.get().width();
    }
    Node node =
        conditionNode(source, condition)
            .orElseThrow(() -> new IllegalArgumentException(noCondition(source, condition)));
    return Math.toIntExact(node.shape().size(-1));
  }

  private static String noCondition(Graph source, CanCondition condition) {
    Set<String> there = new HashSet<>();
    Arrays.stream(CanCondition.values())
        .filter(c -> conditionNode(source, c).isPresent())
        .forEach(c -> there.add(c.label()));
    return "this network has no '"
        + condition.label()
        + "' condition; "
        + (there.isEmpty()
            ? "it has none at all, so an embedder must be added"
            : "it has " + String.join(", ", there.stream().sorted().toList()));
  }

  /** The condition embedding, {@code (B, D)}, where the network has one of this kind. */
  public static Optional<Node> conditionNode(Graph source, CanCondition condition) {
    Optional<Node> node = source.withRole(condition.role()).stream().findFirst();
    node.ifPresent(
        n -> {
          if (!n.shape().equals(Shape.batched(n.shape().size(-1)))) {
            throw new IllegalStateException("the condition must be (B, D): " + n);
          }
        });
    return node;
  }
}
