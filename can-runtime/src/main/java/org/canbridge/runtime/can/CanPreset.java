package org.canbridge.runtime.can;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Role;
import org.canbridge.runtime.graph.Shape;

/** Chooses the generators for a network. */
public final class CanPreset {
  /**
   * With these widths the sizes of the paper's CAN(UViT) networks come out within 1 %:
   * docs/decisions.md.
   */
  private static final int DWCONV_WIDTH = 256;

  private static final int OTHER_WIDTH = 128;

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
    int width = Math.toIntExact(conditionNode(source, condition).shape().size(-1));
    List<String> inserted = targets.contains(CanTarget.DWCONV) ? insertable(source) : List.of();
    List<CanSpec.Generator> generators = new ArrayList<>();
    for (CanTarget target : targets) {
      List<String> layers =
          target == CanTarget.DWCONV ? depthwise(source, inserted) : paths(source, target.roles());
      if (layers.isEmpty()) {
        throw new IllegalArgumentException(
            "this network has no layer for the target '" + target.label() + "'");
      }
      int inputWidth = Math.min(width, target == CanTarget.DWCONV ? DWCONV_WIDTH : OTHER_WIDTH);
      groups(source, target, layers)
          .forEach(
              (name, served) ->
                  generators.add(new CanSpec.Generator(name, served, inputWidth, true)));
    }
    return new CanSpec(condition, targets, inserted, generators);
  }

  private static Map<String, List<String>> groups(
      Graph source, CanTarget target, List<String> layers) {
    Map<String, List<String>> groups = new LinkedHashMap<>();
    for (String layer : layers) {
      String name =
          target == CanTarget.OUT_PROJ
              ? "out_proj." + source.modules().get(layer).shape().size(-1)
              : layer;
      groups.computeIfAbsent(name, k -> new ArrayList<>()).add(layer);
    }
    return groups;
  }

  private static List<String> depthwise(Graph source, List<String> inserted) {
    List<String> all = new ArrayList<>(paths(source, CanTarget.DWCONV.roles()));
    all.addAll(inserted);
    return all;
  }

  /**
   * One convolution for each feed-forward layer, beside its first linear map: {@code
   * blocks.0.mlp.fc1} gives {@code blocks.0.mlp.dwconv}.
   */
  private static List<String> insertable(Graph source) {
    return paths(source, List.of(Role.MLP_IN)).stream().map(CanPreset::dwconvPath).toList();
  }

  /** Path of the depthwise convolution that follows the linear layer at {@code mlpIn}. */
  static String dwconvPath(String mlpIn) {
    return mlpIn.substring(0, mlpIn.lastIndexOf('.') + 1) + "dwconv";
  }

  private static List<String> paths(Graph source, List<Role> roles) {
    return source.nodes().stream()
        .filter(n -> n.role().filter(roles::contains).isPresent())
        .map(Node::path)
        .toList();
  }

  /**
   * The condition embedding, {@code (B, D)}.
   *
   * @throws IllegalArgumentException if the network has none of this kind
   */
  static Node conditionNode(Graph source, CanCondition condition) {
    Node node =
        source.withRole(condition.role()).stream()
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "this network has no '" + condition.label() + "' condition"));
    if (!node.shape().equals(Shape.batched(node.shape().size(-1)))) {
      throw new IllegalStateException("the condition must be (B, D): " + node);
    }
    return node;
  }
}
