package org.canbridge.runtime.family.cat;

import java.util.ArrayList;
import java.util.List;
import org.canbridge.importers.cat.CatCondition;
import org.canbridge.importers.cat.CatConfig;
import org.canbridge.runtime.family.NetworkInput;
import org.canbridge.runtime.graph.AttentionOp;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.ElementwiseOp.Pointwise.Function;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Initializer;
import org.canbridge.runtime.graph.LookupOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.runtime.graph.Role;
import org.canbridge.runtime.graph.Shape;

/**
 * CaT: CAN (Cai et al., CVPR 2024, arXiv 2404.01143), section 3.3, with the modules of EfficientViT
 * (arXiv 2205.14756) in a U-shaped network with high-resolution stages and skip connections. The
 * paper gives no more than that sentence and the sizes; this is a reconstruction fitted to them
 * (docs/decisions.md).
 *
 * <p>Stage i of n works on {@code side(i)} cells a side. On the way down: {@code encoder.<i>}, its
 * modules and a 2x2 convolution of stride 2; at the bottom {@code middle}; on the way up {@code
 * decoder.<i>}: each cell becomes 2x2, the encoder's value is put beside it and both are mixed, and
 * modules follow. A module is {@code x + attention(norm(x))}, then {@code x + ffn(norm(x))}; the
 * feed-forward layer is an inverted bottleneck around a 3x3 depthwise convolution.
 *
 * <p>Inputs: {@code x (B, C, S, S)}, {@code t (B)} timestep 0..999, and {@code y (B)}, the null
 * class being {@code num_classes}, or {@code context (B, tokens, width)}. Output {@code (B, C, S,
 * S)}. By itself the network heeds none of its conditions: only generated weights do, so it is of
 * use as a condition-aware network alone.
 */
final class Cat {
  private static final double NORM_EPS = 1e-6;
  private static final double ATTENTION_EPS = 1e-6;
  private static final double MAX_PERIOD = 10_000;
  private static final int SINUSOID = 256;
  private static final int SCALE = 5;
  private static final Initializer TABLE = new Initializer.Normal(0.02);

  private final CatConfig config;

  private Cat(CatConfig config) {
    this.config = config;
  }

  /** The graph of the network with these arguments. */
  public static Graph graph(CatConfig config) {
    return new Cat(config).build();
  }

  private Graph build() {
    GraphBuilder g = new GraphBuilder();
    long side = config.imgSize();
    Node x = NetworkInput.IMAGE.add(g, config.inChans(), side, side);
    condition(g);
    int patch = config.patchSize();
    Node map =
        g.in("x_embedder")
            .conv2d("proj", x, config.widthList().get(0), patch, patch, 0, 1, Role.PATCH_EMBED);
    int last = config.stages() - 1;
    List<Node> skips = new ArrayList<>();
    for (int i = 0; i < last; i++) {
      GraphBuilder stage = stage(g, "encoder", i);
      map = modules(stage, i, map);
      skips.add(map);
      map = stage.conv2d("down", map, config.widthList().get(i + 1), 2, 2, 0, 1, null);
    }
    map = modules(g.in("middle"), last, map);
    for (int i = last - 1; i >= 0; i--) {
      GraphBuilder stage = stage(g, "decoder", i);
      int width = config.widthList().get(i);
      Node both = stage.concat(1, up(stage, i, map), skips.get(i));
      map = modules(stage, i, stage.conv2d("skip", both, width, 1, 1, 0, 1, null));
    }
    g.output("output", head(g.in("final_layer"), map));
    return g.build();
  }

  private static GraphBuilder stage(GraphBuilder g, String way, int stage) {
    return g.in(way).in(Integer.toString(stage));
  }

  /** The embedding {@code (B, D)} of the condition; nothing but generators takes it. */
  private void condition(GraphBuilder g) {
    int width = config.condWidth();
    Node t = NetworkInput.TIMESTEP.add(g);
    GraphBuilder time = g.in("t_embedder");
    Node sinusoid = time.add(new LookupOp.TimestepEmbedding(SINUSOID, MAX_PERIOD, 0), null, t);
    Node hidden = time.pointwise(Function.SILU, time.in("mlp").linear("0", sinusoid, width, null));
    Node embedded = time.returns(time.in("mlp").linear("2", hidden, width, Role.TIME_EMBED));
    Node label = label(g, width);
    g.in("condition").returns(g.add(new ElementwiseOp.Add(), Role.CONDITION, embedded, label));
  }

  private Node label(GraphBuilder g, int width) {
    if (config.condition() instanceof CatCondition.Text text) {
      Node context = NetworkInput.TEXT.add(g, text.numClipToken(), text.clipDim());
      GraphBuilder module = g.in("context_embedder");
      Node mean = module.add(new ReductionOp.Mean(List.of(1)), null, context);
      Node pooled = module.reshape(mean, Shape.batched(text.clipDim()));
      return g.linear("context_embedder", pooled, width, Role.LABEL_EMBED);
    }
    long rows = ((CatCondition.Label) config.condition()).numClasses() + 1L;
    Node y = NetworkInput.LABEL.add(g);
    GraphBuilder module = g.in("y_embedder");
    Node table = module.in("embedding_table").parameter("weight", TABLE, rows, width);
    return module.returns(module.add(new LookupOp.Embedding(), Role.LABEL_EMBED, y, table));
  }

  private Node modules(GraphBuilder g, int stage, Node map) {
    Node value = map;
    for (int i = 0; i < config.depthList().get(stage); i++) {
      GraphBuilder block = g.in("blocks").in(Integer.toString(i));
      GraphBuilder context = block.in("context_module");
      value = context.add(value, attention(context.in("main"), stage, norm(context, value)));
      GraphBuilder local = block.in("local_module");
      value =
          block.returns(local.add(value, feedForward(local.in("main"), stage, norm(local, value))));
    }
    return g.returns(value);
  }

  /** Layer norm over the channels of each cell, {@code (B, C, H, W)} to the same. */
  private static Node norm(GraphBuilder g, Node map) {
    return g.permute(g.layerNorm("norm", g.permute(map, 0, 2, 3, 1), NORM_EPS), 0, 3, 1, 2);
  }

  /** Multi-scale ReLU linear attention as in EfficientViT, without its norms. */
  private Node attention(GraphBuilder g, int stage, Node map) {
    int width = config.widthList().get(stage);
    long side = config.side(stage);
    int heads = width / config.dim();
    Node qkv = g.in("qkv").conv2dWithoutBias("conv", map, 3L * width, 1, 1, 0, 1, Role.QKV);
    GraphBuilder scale = g.in("aggreg").in("0");
    Node gathered =
        scale.conv2dWithoutBias("0", qkv, 3L * width, SCALE, 1, SCALE / 2, 3 * width, null);
    Node second = scale.conv2dWithoutBias("1", gathered, 3L * width, 1, 1, 0, 3 * heads, null);
    Node tokens = g.permute(g.concat(1, qkv, second), 0, 2, 3, 1);
    Node byHead = g.reshape(tokens, Shape.batched(side * side, 2L * heads, 3L * config.dim()));
    List<Node> parts = g.chunk(g.permute(byHead, 0, 2, 1, 3), 3);
    Node mixed =
        g.add(
            new AttentionOp.ReluLinearAttention(ATTENTION_EPS),
            null,
            parts.get(0),
            parts.get(1),
            parts.get(2));
    Node joined = g.reshape(g.permute(mixed, 0, 2, 1, 3), Shape.batched(side, side, 2L * width));
    return g.returns(
        g.in("proj")
            .conv2d(
                "conv", g.permute(joined, 0, 3, 1, 2), width, 1, 1, 0, 1, Role.OUTPUT_PROJECTION));
  }

  private Node feedForward(GraphBuilder g, int stage, Node map) {
    int hidden = config.hidden(stage);
    Node wide = g.in("inverted_conv").conv2d("conv", map, hidden, 1, 1, 0, 1, Role.MLP_IN);
    Node near =
        g.in("depth_conv").conv2d("conv", wide, hidden, 3, 1, 1, hidden, Role.DEPTHWISE_CONV);
    Node active = g.pointwise(Function.SILU, near);
    int width = config.widthList().get(stage);
    return g.returns(g.in("point_conv").conv2d("conv", active, width, 1, 1, 0, 1, Role.MLP_OUT));
  }

  /** Each cell of stage {@code i + 1} as 2x2 cells of stage {@code i}. */
  private Node up(GraphBuilder g, int stage, Node map) {
    int width = config.widthList().get(stage);
    long from = config.side(stage + 1);
    Node wide = g.conv2d("up", map, 4L * width, 1, 1, 0, 1, null);
    return apart(g, wide, width, from, 2);
  }

  /** {@code (B, p*p*C, H, H)}, channels ordered (p, q, c), to {@code (B, C, p*H, p*H)}. */
  private static Node apart(GraphBuilder g, Node map, long channels, long side, long patch) {
    Node cells = g.permute(map, 0, 2, 3, 1);
    Node split = g.reshape(cells, Shape.batched(side, side, patch, patch, channels));
    return g.reshape(
        g.permute(split, 0, 5, 1, 3, 2, 4), Shape.batched(channels, side * patch, side * patch));
  }

  private Node head(GraphBuilder g, Node map) {
    long patch = config.patchSize();
    long channels = config.inChans();
    Node out = g.conv2d("linear", norm(g, map), patch * patch * channels, 1, 1, 0, 1, Role.HEAD);
    return g.returns(apart(g, out, channels, config.side(0), patch));
  }
}
