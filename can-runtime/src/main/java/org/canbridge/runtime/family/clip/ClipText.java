package org.canbridge.runtime.family.clip;

import java.util.OptionalLong;
import org.canbridge.importers.clip.ClipTextConfig;
import org.canbridge.runtime.graph.AttentionOp;
import org.canbridge.runtime.graph.ElementwiseOp.Pointwise.Function;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.LookupOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.runtime.graph.Role;
import org.canbridge.runtime.graph.Shape;

/**
 * The text encoder of CLIP: Radford et al., "Learning Transferable Visual Models From Natural
 * Language Supervision", ICML 2021 (arXiv 2103.00020), section 2.4; module paths as in
 * transformers' {@code CLIPTextModel} (5.x, without the prefix {@code text_model}).
 *
 * <p>Inputs: {@code input_ids (B, N)} and, with {@link Padding#MASKED}, {@code attention_mask (B,
 * N)}, zero at padding. Outputs: {@code last_hidden_state (B, N, D)} after the last norm, {@code
 * pooler_output (B, D)}, its row at the end of the text, and, where the configuration has a
 * projection, {@code text_embeds (B, P)}, the projected row at length 1.
 */
public final class ClipText {

  /** Whether tokens may look at padding in front of them. */
  public enum Padding {
    /** They may: what text-to-image pipelines do. */
    SEEN,
    /** They may not: the network has the input {@code attention_mask}. */
    MASKED
  }

  private final ClipTextConfig config;
  private final long tokens;
  private final GraphBuilder graph = new GraphBuilder();

  private ClipText(ClipTextConfig config, long tokens) {
    this.config = config;
    this.tokens = tokens;
  }

  /**
   * The network for texts of one length.
   *
   * @param tokens N, at most {@code max_position_embeddings}, which is what pipelines pad to
   * @throws IllegalArgumentException if there are more tokens than positions
   */
  public static Graph graph(ClipTextConfig config, Padding padding, long tokens) {
    return new ClipText(config, tokens).build(padding);
  }

  private Graph build(Padding padding) {
    Node ids = graph.input("input_ids", Kind.INT, Shape.batched(tokens));
    Node[] mask =
        padding == Padding.MASKED
            ? new Node[] {graph.input("attention_mask", Kind.INT, Shape.batched(tokens))}
            : new Node[0];
    Node x = embed(graph.in("embeddings"), ids);
    for (int i = 0; i < config.numHiddenLayers(); i++) {
      x = layer(graph.in("encoder.layers." + i), x, mask);
    }
    Node normed = graph.layerNorm("final_layer_norm", x, config.layerNormEps());
    Node pooled = graph.add(new LookupOp.SelectToken(endOfText()), null, normed, ids);
    graph.output("last_hidden_state", normed);
    graph.output("pooler_output", pooled);
    if (config.projectionDim().isPresent()) {
      long width = config.projectionDim().getAsInt();
      Node projected = graph.linearWithoutBias("text_projection", pooled, width, null);
      graph.output("text_embeds", graph.add(new ReductionOp.L2Normalize(), null, projected));
    }
    return graph.build();
  }

  private OptionalLong endOfText() {
    return config.eosTokenId() == ClipTextConfig.LARGEST_ID
        ? OptionalLong.empty()
        : OptionalLong.of(config.eosTokenId());
  }

  private Node embed(GraphBuilder g, Node ids) {
    Node table =
        g.in("token_embedding").parameter("weight", config.vocabSize(), config.hiddenSize());
    Node positions =
        g.in("position_embedding")
            .parameter("weight", config.maxPositionEmbeddings(), config.hiddenSize());
    return g.returns(g.add(g.embedding(ids, table), g.slice(positions, 0, 0, tokens)));
  }

  private Node layer(GraphBuilder g, Node x, Node[] mask) {
    double eps = config.layerNormEps();
    Node attended =
        g.add(x, attention(g.in("self_attn"), g.layerNorm("layer_norm1", x, eps), mask));
    return g.returns(g.add(attended, mlp(g.in("mlp"), g.layerNorm("layer_norm2", attended, eps))));
  }

  private Node attention(GraphBuilder g, Node x, Node[] mask) {
    Node[] in = new Node[3 + mask.length];
    in[0] = heads(g, "q_proj", x);
    in[1] = heads(g, "k_proj", x);
    in[2] = heads(g, "v_proj", x);
    System.arraycopy(mask, 0, in, 3, mask.length);
    Node mixed = g.permute(g.add(new AttentionOp.CausalAttention(), null, in), 0, 2, 1, 3);
    Node joined = g.reshape(mixed, x.shape());
    return g.returns(g.linear("out_proj", joined, config.hiddenSize(), Role.OUTPUT_PROJECTION));
  }

  /** {@code (B, N, D)} to {@code (B, heads, N, D / heads)}. */
  private Node heads(GraphBuilder g, String name, Node x) {
    long heads = config.numAttentionHeads();
    Node projected = g.linear(name, x, config.hiddenSize(), Role.QKV);
    Shape split = Shape.batched(tokens, heads, config.hiddenSize() / heads);
    return g.permute(g.reshape(projected, split), 0, 2, 1, 3);
  }

  private Node mlp(GraphBuilder g, Node x) {
    Function activation =
        switch (config.hiddenAct()) {
          case QUICK_GELU -> Function.QUICK_GELU;
          case GELU -> Function.GELU_ERF;
        };
    Node hidden =
        g.pointwise(activation, g.linear("fc1", x, config.intermediateSize(), Role.MLP_IN));
    return g.returns(g.linear("fc2", hidden, config.hiddenSize(), Role.MLP_OUT));
  }
}
