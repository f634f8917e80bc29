package org.canbridge.runtime.family.dit;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.dit.SineCosinePositions;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.family.NetworkInput;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.ElementwiseOp.Pointwise.Function;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Initializer;
import org.canbridge.runtime.graph.Initializer.Usual;
import org.canbridge.runtime.graph.LookupOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Role;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.runtime.graph.TokenGrid;

/**
 * The diffusion transformer with adaLN-zero blocks: Peebles and Xie, "Scalable Diffusion Models
 * with Transformers", ICCV 2023 (arXiv 2212.09748), section 3.2; module paths as in {@code
 * models.py} of facebookresearch/DiT.
 *
 * <p>The arithmetic of diffusers' {@code DiTTransformer2DModel} is the same but for two numbers
 * that the configuration holds. Values that are no module's are found under {@code tokens} (patches
 * with positions added), {@code sinusoid} and {@code condition}; with embedders for every block the
 * last two stand inside each block.
 *
 * <p>Inputs: {@code x (B, C, S, S)}, {@code t (B)} timestep 0..999, {@code y (B)} class label, the
 * null class being {@code num_classes}. Output: {@code (B, C or 2C, S, S)}, the second half of the
 * channels being the variance value.
 *
 * <p>Weights begin as in the authors' {@code initialize_weights}: linear layers, the patch
 * embedding as one of them, after Glorot and Bengio; embedders normal; zero for {@code
 * adaLN_modulation} and for the last layer.
 */
public final class Dit {
  private static final double NORM_EPS = 1e-6;
  private static final double MAX_PERIOD = 10_000;

  /** Deviation of the embedders' weights. */
  private static final Initializer EMBEDDER = new Initializer.Normal(0.02);

  /** No random table, and not trained. */
  private static final Initializer POSITIONS =
      (shape, random) ->
          SineCosinePositions.TABLE.tensor(Arrays.stream(shape.resolve(1)).boxed().toList());

  /** Name of the module that turns the condition into shift, scale and gate. */
  public static final String MODULATION = "adaLN_modulation";

  private final DitConfig config;
  private final Control control;
  private final boolean variance;
  private final long width;

  private Dit(DitConfig config, Control control, boolean variance) {
    this.config = config;
    this.control = control;
    this.variance = variance;
    this.width = config.hiddenSize();
  }

  /** The graph of the network with these arguments. */
  public static Graph graph(DitConfig config) {
    return graph(config, Control.KEEP);
  }

  /**
   * The graph with its adaptive layer norms, or with constants {@code
   * <block>.adaLN_modulation.bias} in place of what {@code adaLN_modulation} returns.
   */
  public static Graph graph(DitConfig config, Control control) {
    return new Dit(config, control, true).build();
  }

  /** The same without the second half of the channels, which the network has and throws away. */
  public static Graph graphWithoutVariance(DitConfig config, Control control) {
    return new Dit(config, control, false).build();
  }

  private Graph build() {
    GraphBuilder g = new GraphBuilder().initializing(Usual.GLOROT);
    long side = config.inputSize();
    Node x = NetworkInput.IMAGE.add(g, config.inChannels(), side, side);
    Node t = NetworkInput.TIMESTEP.add(g);
    Node y = NetworkInput.LABEL.add(g);
    g.tokenGrid(new TokenGrid(0, config.gridSize(), config.gridSize()));

    Node tokens =
        g.in("tokens")
            .returns(
                g.add(
                    patchEmbed(g.in("x_embedder"), x),
                    g.parameter("pos_embed", POSITIONS, 1, config.tokens(), width)));
    GraphBuilder first = config.perBlockEmbedders() ? g.at("blocks.0") : g;
    Node activated = g.pointwise(Function.SILU, condition(first, t, y, true));
    for (int i = 0; i < config.depth(); i++) {
      GraphBuilder block = g.in("blocks").in(Integer.toString(i));
      boolean own = config.perBlockEmbedders() && i > 0;
      tokens =
          block(
              block,
              tokens,
              own ? g.pointwise(Function.SILU, condition(block, t, y, false)) : activated);
    }
    Node output = unpatchify(g, finalLayer(g.in("final_layer"), tokens, activated));
    boolean dropped = config.learnSigma() && !variance;
    g.output("output", dropped ? g.slice(output, 1, 0, config.inChannels()) : output);
    return g.build();
  }

  /** {@code (B, C, S, S)} to tokens {@code (B, N, D)}, row by row. */
  private Node patchEmbed(GraphBuilder g, Node x) {
    int patch = config.patchSize();
    Node map = g.conv2d("proj", x, width, patch, patch, 0, 1, Role.PATCH_EMBED);
    return g.returns(g.permute(g.reshape(map, Shape.batched(width, config.tokens())), 0, 2, 1));
  }

  /**
   * The embedding {@code (B, D)} of timestep and label by the embedders at a path.
   *
   * @param leading whether it is the one that stands for the network's condition: the only one, or
   *     that of block 0, which the final layer takes too
   */
  private Node condition(GraphBuilder g, Node t, Node y, boolean leading) {
    LookupOp.TimestepEmbedding op =
        new LookupOp.TimestepEmbedding(
            config.frequencyEmbeddingSize(), MAX_PERIOD, config.timestepFrequencyShift());
    Node sinusoid = g.in("sinusoid").returns(g.add(op, null, t));
    Node time = timeEmbed(g.in("t_embedder"), sinusoid, leading ? Role.TIME_EMBED : null);
    Node label = labelEmbed(g.in("y_embedder"), y, leading ? Role.LABEL_EMBED : null);
    return g.in("condition")
        .returns(g.add(new ElementwiseOp.Add(), leading ? Role.CONDITION : null, time, label));
  }

  private Node timeEmbed(GraphBuilder g, Node sinusoid, Role role) {
    GraphBuilder mlp = g.in("mlp").initializing(EMBEDDER);
    Node hidden = g.pointwise(Function.SILU, mlp.linear("0", sinusoid, width, null));
    return g.returns(mlp.linear("2", hidden, width, role));
  }

  private Node labelEmbed(GraphBuilder g, Node y, Role role) {
    Node table =
        g.in("embedding_table").parameter("weight", EMBEDDER, config.numClasses() + 1L, width);
    return g.returns(g.add(new LookupOp.Embedding(), role, y, table));
  }

  /** One adaLN-zero block: tokens {@code (B, N, D)}, activated condition {@code (B, D)}. */
  private Node block(GraphBuilder g, Node tokens, Node activated) {
    List<Node> m = modulation(g, activated, 6);
    Node attention = attention(g.in("attn"), modulate(g, tokens, m.get(0), m.get(1), NORM_EPS));
    Node x = g.addMul(tokens, m.get(2), attention);
    Node mlp = mlp(g.in("mlp"), modulate(g, x, m.get(3), m.get(4), config.normEps()));
    return g.returns(g.addMul(x, m.get(5), mlp));
  }

  /** {@code parts} modulation vectors, each {@code (B, 1, D)}: shift, scale, gate, ... */
  private List<Node> modulation(GraphBuilder g, Node activated, int parts) {
    GraphBuilder module = g.in(MODULATION).initializing(Usual.ZEROS);
    if (control == Control.CAN_ONLY) {
      Node constants = module.returns(module.parameter("bias", constants(parts), parts * width));
      return g.chunk(g.reshape(constants, Shape.of(1, 1, parts * width)), parts);
    }
    Node all = module.returns(module.linear("1", activated, parts * width, null));
    return g.chunk(g.reshape(all, Shape.batched(1, parts * width)), parts);
  }

  /**
   * Shifts and scales zero and gates one: a transformer with norms in front of its layers. The mean
   * of a DiT that begins is zero for all three. A zero gate lets no gradient through to its layer,
   * and where adaLN opens it with the sum of a row of weights times the condition, a constant moves
   * by one learning rate a step: hundreds of steps would be lost.
   */
  private static Initializer constants(int parts) {
    return new Initializer.Ranges(
        IntStream.range(0, parts).mapToObj(part -> part % 3 == 2 ? 1f : 0f).toList());
  }

  /** Layer norm without affine part, then {@code norm * (1 + scale) + shift}. */
  private static Node modulate(GraphBuilder g, Node x, Node shift, Node scale, double eps) {
    return g.addMul(shift, g.layerNorm(x, eps), g.addScalar(scale, 1));
  }

  private Node attention(GraphBuilder g, Node x) {
    long heads = config.numHeads();
    Shape split = Shape.batched(config.tokens(), heads, width / heads);
    List<Node> qkv =
        g.chunk(g.linear("qkv", x, 3 * width, Role.QKV), 3).stream()
            .map(n -> g.permute(g.reshape(n, split), 0, 2, 1, 3))
            .toList();
    Node mixed = g.permute(g.attention(qkv.get(0), qkv.get(1), qkv.get(2)), 0, 2, 1, 3);
    Node joined = g.reshape(mixed, Shape.batched(config.tokens(), width));
    return g.returns(g.linear("proj", joined, width, Role.OUTPUT_PROJECTION));
  }

  private Node mlp(GraphBuilder g, Node x) {
    Node hidden =
        g.pointwise(Function.GELU_TANH, g.linear("fc1", x, config.mlpHidden(), Role.MLP_IN));
    return g.returns(g.linear("fc2", hidden, width, Role.MLP_OUT));
  }

  private Node finalLayer(GraphBuilder g, Node tokens, Node activated) {
    List<Node> m = modulation(g, activated, 2);
    long patch = config.patchSize();
    Node modulated = modulate(g, tokens, m.get(0), m.get(1), NORM_EPS);
    return g.returns(
        g.initializing(Usual.ZEROS)
            .linear("linear", modulated, patch * patch * config.outChannels(), Role.HEAD));
  }

  /** {@code (B, N, p*p*C)}, rows ordered (p, q, c), to {@code (B, C, S, S)}. */
  private Node unpatchify(GraphBuilder g, Node x) {
    long grid = config.gridSize();
    long patch = config.patchSize();
    long channels = config.outChannels();
    Node split = g.reshape(x, Shape.batched(grid, grid, patch, patch, channels));
    return g.reshape(
        g.permute(split, 0, 5, 1, 3, 2, 4),
        Shape.batched(channels, config.inputSize(), config.inputSize()));
  }
}
