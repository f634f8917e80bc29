package org.canbridge.runtime.family.uvit;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.canbridge.importers.uvit.UvitCondition;
import org.canbridge.importers.uvit.UvitConfig;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.family.NetworkInput;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.ElementwiseOp.Pointwise.Function;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Initializer;
import org.canbridge.runtime.graph.LayoutOp;
import org.canbridge.runtime.graph.LookupOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.runtime.graph.Role;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.runtime.graph.TokenGrid;

/**
 * The U-shaped vision transformer, which takes time, condition and patches all as tokens: Bao et
 * al., "All are Worth Words", CVPR 2023 (arXiv 2209.12152); module paths as in {@code libs/uvit.py}
 * and {@code libs/uvit_t2i.py} of baofff/U-ViT.
 *
 * <p>Inputs: {@code x (B, C, S, S)}; {@code t (B)}, the timestep as a float up to 1000; {@code y
 * (B)} class label of a class-conditional network, the null class being the last one; {@code
 * context (B, tokens, width)} of a text-conditional one. Output: {@code (B, C, S, S)}.
 *
 * <p>Weights begin with the deviation 0.02 of the authors' linear layers and positions.
 *
 * <p>Tokens stand in the order label, time, patches; with text: time, context, patches.
 */
public final class Uvit {
  private static final double NORM_EPS = 1e-5;
  private static final double MAX_PERIOD = 10_000;

  private final UvitConfig config;
  private final long width;

  /** Condition tokens in front of the patches. */
  private final int extras;

  private Uvit(UvitConfig config, Control control) {
    this.config = config;
    this.extras = control == Control.KEEP ? config.extras() : 0;
    this.width = config.embedDim();
  }

  /** The graph of the network with these arguments. */
  public static Graph graph(UvitConfig config) {
    return graph(config, Control.KEEP);
  }

  /**
   * The graph with its condition tokens, or with patches alone; the embeddings of the condition
   * stay for generators to use, and so do the positions of the tokens that went.
   */
  public static Graph graph(UvitConfig config, Control control) {
    return new Uvit(config, control).build();
  }

  private int tokens() {
    return extras + config.patches();
  }

  private Graph build() {
    GraphBuilder g = new GraphBuilder().initializing(new Initializer.Normal(0.02));
    long side = config.imgSize();
    Node x = NetworkInput.IMAGE.add(g, config.inChans(), side, side);
    Node t = NetworkInput.TIMESTEP.add(g);
    g.tokenGrid(new TokenGrid(extras, config.gridSize(), config.gridSize()));

    List<Node> sequence = conditionTokens(g, timeEmbed(g.in("time_embed"), t));
    Node patches = patchEmbed(g.in("patch_embed"), x);
    sequence.add(patches);
    Node positions = g.parameter("pos_embed", 1, config.tokens(), width);
    Node tokens =
        extras == 0
            ? g.add(patches, g.slice(positions, 1, config.extras(), config.tokens()))
            : g.add(g.concat(1, sequence.toArray(Node[]::new)), positions);

    Deque<Node> skips = new ArrayDeque<>();
    for (int i = 0; i < config.depth() / 2; i++) {
      tokens = block(g.in("in_blocks").in(Integer.toString(i)), tokens);
      skips.push(tokens);
    }
    tokens = block(g.in("mid_block"), tokens);
    for (int i = 0; i < config.depth() / 2; i++) {
      GraphBuilder module = g.in("out_blocks").in(Integer.toString(i));
      Node skip = skips.pop();
      tokens = block(module, config.skip() ? joined(module, tokens, skip) : tokens);
    }
    g.output("output", head(g, tokens));
    return g.build();
  }

  /**
   * The tokens in front of the patches, each {@code (B, n, D)}. The whole condition, the sum of
   * time and label (or of time and the mean over the text), is no part of this network: it is what
   * a condition-aware one generates weights from, and costs nothing where nobody asks for it.
   */
  private List<Node> conditionTokens(GraphBuilder g, Node time) {
    Node timeToken = token(g, time);
    List<Node> sequence = new ArrayList<>();
    if (config.condition() instanceof UvitCondition.Label label) {
      Node y = NetworkInput.LABEL.add(g);
      GraphBuilder module = g.in("label_emb");
      Node table = module.parameter("weight", label.numClasses(), width);
      Node embedded =
          module.returns(module.add(new LookupOp.Embedding(), Role.LABEL_EMBED, y, table));
      g.add(new ElementwiseOp.Add(), Role.CONDITION, time, embedded);
      sequence.add(token(g, embedded));
      sequence.add(timeToken);
    } else if (config.condition() instanceof UvitCondition.Text text) {
      Node context = NetworkInput.TEXT.add(g, text.numClipToken(), text.clipDim());
      Node embedded = g.linear("context_embed", context, width, null);
      Node mean = g.add(new ReductionOp.Mean(List.of(1)), null, embedded);
      Node pooled = g.add(new LayoutOp.Reshape(Shape.batched(width)), Role.LABEL_EMBED, mean);
      g.add(new ElementwiseOp.Add(), Role.CONDITION, time, pooled);
      sequence.add(timeToken);
      sequence.add(embedded);
    } else {
      sequence.add(timeToken);
    }
    return sequence;
  }

  /** {@code (B, D)} as one token, {@code (B, 1, D)}. */
  private Node token(GraphBuilder g, Node embedding) {
    return g.reshape(embedding, Shape.batched(1, width));
  }

  private Node timeEmbed(GraphBuilder g, Node t) {
    Op sinusoid = new LookupOp.TimestepEmbedding(config.embedDim(), MAX_PERIOD, 0);
    if (!config.mlpTimeEmbed()) {
      return g.returns(g.add(sinusoid, Role.TIME_EMBED, t));
    }
    Node hidden =
        g.pointwise(Function.SILU, g.linear("0", g.add(sinusoid, null, t), 4 * width, null));
    return g.returns(g.linear("2", hidden, width, Role.TIME_EMBED));
  }

  /** {@code (B, C, S, S)} to tokens {@code (B, patches, D)}, row by row. */
  private Node patchEmbed(GraphBuilder g, Node x) {
    int patch = config.patchSize();
    Node map = g.conv2d("proj", x, width, patch, patch, 0, 1, Role.PATCH_EMBED);
    return g.returns(g.permute(g.reshape(map, Shape.batched(width, config.patches())), 0, 2, 1));
  }

  /** Two streams of tokens beside each other, back to width D. */
  private Node joined(GraphBuilder g, Node tokens, Node skip) {
    return g.linear("skip_linear", g.concat(-1, tokens, skip), width, null);
  }

  /** One transformer block, tokens {@code (B, N, D)}. */
  private Node block(GraphBuilder g, Node tokens) {
    Node x = g.add(tokens, attention(g.in("attn"), g.layerNorm("norm1", tokens, NORM_EPS)));
    return g.returns(g.add(x, mlp(g.in("mlp"), g.layerNorm("norm2", x, NORM_EPS))));
  }

  private Node attention(GraphBuilder g, Node x) {
    long heads = config.numHeads();
    Shape split = Shape.batched(tokens(), heads, width / heads);
    Node projected =
        config.qkvBias()
            ? g.linear("qkv", x, 3 * width, Role.QKV)
            : g.linearWithoutBias("qkv", x, 3 * width, Role.QKV);
    List<Node> qkv =
        g.chunk(projected, 3).stream()
            .map(n -> g.permute(g.reshape(n, split), 0, 2, 1, 3))
            .toList();
    Node mixed = g.permute(g.attention(qkv.get(0), qkv.get(1), qkv.get(2)), 0, 2, 1, 3);
    Node joined = g.reshape(mixed, Shape.batched(tokens(), width));
    return g.returns(g.linear("proj", joined, width, Role.OUTPUT_PROJECTION));
  }

  private Node mlp(GraphBuilder g, Node x) {
    Node hidden =
        g.pointwise(Function.GELU_ERF, g.linear("fc1", x, config.mlpHidden(), Role.MLP_IN));
    return g.returns(g.linear("fc2", hidden, width, Role.MLP_OUT));
  }

  /** Tokens {@code (B, N, D)} to the image {@code (B, C, S, S)}. */
  private Node head(GraphBuilder g, Node tokens) {
    int channels = config.inChans();
    long patch = config.patchSize();
    Node predicted =
        g.linear(
            "decoder_pred",
            g.layerNorm("norm", tokens, NORM_EPS),
            patch * patch * channels,
            Role.HEAD);
    Node image = unpatchify(g, extras == 0 ? predicted : g.slice(predicted, 1, extras, tokens()));
    return config.conv()
        ? g.conv2d("final_layer", image, channels, 3, 1, 1, 1, null)
        : g.in("final_layer").returns(image);
  }

  /** {@code (B, patches, p*p*C)}, rows ordered (p, q, c), to {@code (B, C, S, S)}. */
  private Node unpatchify(GraphBuilder g, Node x) {
    long grid = config.gridSize();
    long patch = config.patchSize();
    long channels = config.inChans();
    Node split = g.reshape(x, Shape.batched(grid, grid, patch, patch, channels));
    return g.reshape(
        g.permute(split, 0, 5, 1, 3, 2, 4),
        Shape.batched(channels, config.imgSize(), config.imgSize()));
  }
}
