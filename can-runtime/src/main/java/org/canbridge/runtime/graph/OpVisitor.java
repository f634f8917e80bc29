package org.canbridge.runtime.graph;

import java.util.List;

/**
 * One method for each operation; {@code in} are the node's inputs.
 *
 * @param <R> what the interpreter gives for a node
 */
public interface OpVisitor<R> {
  /** See {@link Op.Input}. */
  R input(Op.Input op);

  /** See {@link Op.Parameter}. */
  R parameter(Op.Parameter op);

  /** See {@link Op.Linear}. */
  R linear(Op.Linear op, List<Node> in);

  /** See {@link Op.SampleLinear}. */
  R sampleLinear(Op.SampleLinear op, List<Node> in);

  /** See {@link Op.Conv2d}. */
  R conv2d(Op.Conv2d op, List<Node> in);

  /** See {@link Op.SampleConv2d}. */
  R sampleConv2d(Op.SampleConv2d op, List<Node> in);

  /** See {@link Op.LayerNorm}. */
  R layerNorm(Op.LayerNorm op, List<Node> in);

  /** See {@link Op.BatchNorm}. */
  R batchNorm(Op.BatchNorm op, List<Node> in);

  /** See {@link Op.GroupNorm}. */
  R groupNorm(Op.GroupNorm op, List<Node> in);

  /** See {@link Op.L2Normalize}. */
  R l2Normalize(Op.L2Normalize op, List<Node> in);

  /** See {@link Op.Attention}. */
  R attention(Op.Attention op, List<Node> in);

  /** See {@link Op.CausalAttention}. */
  R causalAttention(Op.CausalAttention op, List<Node> in);

  /** See {@link Op.ReluLinearAttention}. */
  R reluLinearAttention(Op.ReluLinearAttention op, List<Node> in);

  /** See {@link Op.Pointwise}. */
  R pointwise(Op.Pointwise op, List<Node> in);

  /** See {@link Op.Add}. */
  R add(Op.Add op, List<Node> in);

  /** See {@link Op.AddScalar}. */
  R addScalar(Op.AddScalar op, List<Node> in);

  /** See {@link Op.MulScalar}. */
  R mulScalar(Op.MulScalar op, List<Node> in);

  /** See {@link Op.DivScalar}. */
  R divScalar(Op.DivScalar op, List<Node> in);

  /** See {@link Op.Clamp}. */
  R clamp(Op.Clamp op, List<Node> in);

  /** See {@link Op.AddMul}. */
  R addMul(Op.AddMul op, List<Node> in);

  /** See {@link Op.Softmax}. */
  R softmax(Op.Softmax op, List<Node> in);

  /** See {@link Op.Mean}. */
  R mean(Op.Mean op, List<Node> in);

  /** See {@link Op.Reshape}. */
  R reshape(Op.Reshape op, List<Node> in);

  /** See {@link Op.Pad}. */
  R pad(Op.Pad op, List<Node> in);

  /** See {@link Op.UpsampleNearest}. */
  R upsampleNearest(Op.UpsampleNearest op, List<Node> in);

  /** See {@link Op.Permute}. */
  R permute(Op.Permute op, List<Node> in);

  /** See {@link Op.Slice}. */
  R slice(Op.Slice op, List<Node> in);

  /** See {@link Op.Concat}. */
  R concat(Op.Concat op, List<Node> in);

  /** See {@link Op.Embedding}. */
  R embedding(Op.Embedding op, List<Node> in);

  /** See {@link Op.SelectToken}. */
  R selectToken(Op.SelectToken op, List<Node> in);

  /** See {@link Op.TimestepEmbedding}. */
  R timestepEmbedding(Op.TimestepEmbedding op, List<Node> in);
}
