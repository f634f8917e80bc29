package org.canbridge.runtime.family.efficientvit;

import java.util.List;
import org.canbridge.importers.efficientvit.ConvLayer;
import org.canbridge.importers.efficientvit.EfficientVitBlock;
import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.importers.efficientvit.EfficientVitHead;
import org.canbridge.importers.efficientvit.EfficientVitSeries;
import org.canbridge.runtime.fold.BatchNormFold;
import org.canbridge.runtime.graph.AttentionOp;
import org.canbridge.runtime.graph.ElementwiseOp.Pointwise.Function;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.runtime.graph.Role;
import org.canbridge.runtime.graph.Shape;

/**
 * MIT's EfficientViT: Cai et al., "EfficientViT: Lightweight Multi-Scale Attention for
 * High-Resolution Dense Prediction", ICCV 2023 (arXiv 2205.14756); module paths as in {@code
 * models/efficientvit} of mit-han-lab/efficientvit.
 *
 * <p>Input: {@code x (B, C, H, W)}. Outputs: {@code stage0 (B, width, H/2, W/2)}, {@code stage1 (B,
 * width, H/4, W/4)}, ... and {@code stage_final}, as the authors' backbone names them; with a
 * classifier {@code output (B, classes)} too, the logits.
 *
 * <p>With folded batch norms ({@link BatchNormFold}) it is the same network without its norms.
 *
 * <p>For maps of no more pixels than a head is wide the authors switch to a quadratic form of the
 * attention, which is the same function up to rounding; here it is always linear, as in timm.
 */
public final class EfficientVit {
  /** Side of the images that the published models are measured on, in pixels. */
  static final int USUAL_SIZE = 224;

  /**
   * timm's pooling flattens what it returns, and no module of the authors has that value, so it can
   * be tapped under timm's name.
   */
  private static final String TIMM_POOLING = "head.global_pool";

  private final EfficientVitConfig config;
  private final Function activation;

  private EfficientVit(EfficientVitConfig config) {
    this.config = config;
    this.activation =
        config.series() == EfficientVitSeries.B ? Function.HARDSWISH : Function.GELU_TANH;
  }

  /** The graph for square images of 224 pixels, on which the published models are measured. */
  public static Graph graph(EfficientVitConfig config) {
    return graph(config, USUAL_SIZE, USUAL_SIZE);
  }

  /**
   * The graph of the network with these arguments.
   *
   * @param height rows of the image
   * @param width columns of the image
   */
  public static Graph graph(EfficientVitConfig config, int height, int width) {
    return new EfficientVit(config).build(height, width);
  }

  private Graph build(int height, int width) {
    GraphBuilder g = new GraphBuilder();
    Node x = g.input("x", Kind.FLOAT, Shape.batched(config.inChannels(), height, width));
    List<List<EfficientVitBlock>> stages = config.stages();
    for (int i = 0; i < stages.size(); i++) {
      for (int j = 0; j < stages.get(i).size(); j++) {
        x = block(g.at(config.blockPath(i, j)), stages.get(i).get(j), x);
      }
      g.output("stage" + i, g.at(config.stagePath(i)).returns(x));
    }
    g.output("stage_final", x);
    if (config.head().isPresent()) {
      g.output("output", head(g.in("head").in("op_list"), config.head().get(), x));
    }
    return config.batchNormFolded() ? BatchNormFold.of(g.build()).graph() : g.build();
  }

  private Node block(GraphBuilder g, EfficientVitBlock block, Node x) {
    if (block instanceof EfficientVitBlock.Stem stem) {
      return conv(g, stem.layer(), x, Role.PATCH_EMBED);
    }
    if (block instanceof EfficientVitBlock.Local local) {
      return local(g, local, x);
    }
    EfficientVitBlock.Attention attention = (EfficientVitBlock.Attention) block;
    GraphBuilder context = g.in("context_module");
    Node mixed = attention(context.in("main"), config.resolve(attention.width()), x);
    return g.returns(
        local(g.in("local_module"), attention.local(), context.returns(context.add(mixed, x))));
  }

  private Node local(GraphBuilder g, EfficientVitBlock.Local block, Node x) {
    GraphBuilder main = g.in("main");
    Node value = x;
    for (ConvLayer layer : block.layers()) {
      value = conv(main.in(layer.name()), layer, value, role(layer));
    }
    main.returns(value);
    return g.returns(block.residual() ? g.add(value, x) : value);
  }

  /** The part of a feed-forward layer; a block with one convolution alone has none. */
  private static Role role(ConvLayer layer) {
    if (layer.depthwise()) {
      return Role.DEPTHWISE_CONV;
    }
    return switch (layer.name()) {
      case "inverted_conv", "spatial_conv" -> Role.MLP_IN;
      case "point_conv" -> Role.MLP_OUT;
      default -> null;
    };
  }

  /** Convolution, then bias or batch norm, then activation, as far as the layer has them. */
  private Node conv(GraphBuilder g, ConvLayer layer, Node x, Role role) {
    int out = config.resolve(layer.out());
    int groups = layer.depthwise() ? out : 1;
    int padding = layer.kernel() / 2;
    Node value =
        layer.tail().hasBias()
            ? g.conv2d("conv", x, out, layer.kernel(), layer.stride(), padding, groups, role)
            : g.conv2dWithoutBias(
                "conv", x, out, layer.kernel(), layer.stride(), padding, groups, role);
    if (layer.tail().hasNorm()) {
      value = g.batchNorm("norm", value, config.normEps());
    }
    return g.returns(layer.tail().hasActivation() ? g.pointwise(activation, value) : value);
  }

  /**
   * Multi-scale linear attention, {@code (B, D, H, W)} to the same. Channels are groups of query,
   * key and value of one head; the heads of the map itself come first, then those of the map whose
   * neighbours were gathered by a depthwise convolution.
   */
  private Node attention(GraphBuilder g, int width, Node x) {
    int heads = width / config.dim();
    int channels = 3 * width;
    GraphBuilder qkvLayer = g.in("qkv");
    Node qkv =
        qkvLayer.returns(qkvLayer.conv2dWithoutBias("conv", x, channels, 1, 1, 0, 1, Role.QKV));
    GraphBuilder scale = g.in("aggreg").in("0");
    int kernel = EfficientVitBlock.Attention.SCALE;
    Node gathered =
        scale.conv2dWithoutBias("0", qkv, channels, kernel, 1, kernel / 2, channels, null);
    Node second =
        scale.returns(scale.conv2dWithoutBias("1", gathered, channels, 1, 1, 0, 3 * heads, null));

    long height = x.shape().size(2);
    long columns = x.shape().size(3);
    long pixels = height * columns;
    Node tokens = g.permute(g.concat(1, qkv, second), 0, 2, 3, 1);
    Node byHead = g.reshape(tokens, Shape.batched(pixels, 2L * heads, 3L * config.dim()));
    List<Node> parts = g.chunk(g.permute(byHead, 0, 2, 1, 3), 3);
    Node mixed =
        g.add(
            new AttentionOp.ReluLinearAttention(config.attentionEps()),
            null,
            parts.get(0),
            parts.get(1),
            parts.get(2));
    Node map =
        g.permute(
            g.reshape(g.permute(mixed, 0, 2, 1, 3), Shape.batched(height, columns, 2L * width)),
            0,
            3,
            1,
            2);
    GraphBuilder proj = g.in("proj");
    Node projected = proj.conv2dWithoutBias("conv", map, width, 1, 1, 0, 1, Role.OUTPUT_PROJECTION);
    return g.returns(proj.returns(proj.batchNorm("norm", projected, config.normEps())));
  }

  /** Convolution, mean over the map, hidden layer, logits {@code (B, classes)}. */
  private Node head(GraphBuilder g, EfficientVitHead head, Node x) {
    GraphBuilder first = g.in("0");
    Node widened = first.conv2dWithoutBias("conv", x, head.widthList().get(0), 1, 1, 0, 1, null);
    Node features =
        first.returns(
            first.pointwise(activation, first.batchNorm("norm", widened, config.normEps())));
    Node pooled =
        g.in("1").returns(g.in("1").add(new ReductionOp.Mean(List.of(2, 3)), null, features));
    GraphBuilder hidden = g.in("2");
    Node vector = hidden.reshape(pooled, Shape.batched(head.widthList().get(0)));
    g.at(TIMM_POOLING).returns(vector);
    Node linear = hidden.linearWithoutBias("linear", vector, head.widthList().get(1), null);
    Node activated =
        hidden.returns(
            hidden.pointwise(activation, hidden.layerNorm("norm", linear, config.normEps())));
    return g.in("3").returns(g.in("3").linear("linear", activated, head.classes(), Role.HEAD));
  }
}
