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

  /** See {@link LinearOp.Linear}. */
  R linear(LinearOp.Linear op, List<Node> in);

  /** See {@link LinearOp.SampleLinear}. */
  R sampleLinear(LinearOp.SampleLinear op, List<Node> in);

  /** See {@link LinearOp.Conv2d}. */
  R conv2d(LinearOp.Conv2d op, List<Node> in);

  /** See {@link LinearOp.SampleConv2d}. */
  R sampleConv2d(LinearOp.SampleConv2d op, List<Node> in);

  /** See {@link ReductionOp.LayerNorm}. */
  R layerNorm(ReductionOp.LayerNorm op, List<Node> in);

  /** See {@link ReductionOp.BatchNorm}. */
  R batchNorm(ReductionOp.BatchNorm op, List<Node> in);

  /** See {@link ReductionOp.GroupNorm}. */
  R groupNorm(ReductionOp.GroupNorm op, List<Node> in);

  /** See {@link ReductionOp.L2Normalize}. */
  R l2Normalize(ReductionOp.L2Normalize op, List<Node> in);

  /** See {@link AttentionOp.Attention}. */
  R attention(AttentionOp.Attention op, List<Node> in);

  /** See {@link AttentionOp.CausalAttention}. */
  R causalAttention(AttentionOp.CausalAttention op, List<Node> in);

  /** See {@link AttentionOp.ReluLinearAttention}. */
  R reluLinearAttention(AttentionOp.ReluLinearAttention op, List<Node> in);

  /** See {@link ElementwiseOp.Pointwise}. */
  R pointwise(ElementwiseOp.Pointwise op, List<Node> in);

  /** See {@link ElementwiseOp.Add}. */
  R add(ElementwiseOp.Add op, List<Node> in);

  /** See {@link ElementwiseOp.Sub}. */
  R sub(ElementwiseOp.Sub op, List<Node> in);

  /** See {@link ElementwiseOp.Mul}. */
  R mul(ElementwiseOp.Mul op, List<Node> in);

  /** See {@link ElementwiseOp.AddScalar}. */
  R addScalar(ElementwiseOp.AddScalar op, List<Node> in);

  /** See {@link ElementwiseOp.MulScalar}. */
  R mulScalar(ElementwiseOp.MulScalar op, List<Node> in);

  /** See {@link ElementwiseOp.DivScalar}. */
  R divScalar(ElementwiseOp.DivScalar op, List<Node> in);

  /** See {@link ElementwiseOp.Clamp}. */
  R clamp(ElementwiseOp.Clamp op, List<Node> in);

  /** See {@link ElementwiseOp.Below}. */
  R below(ElementwiseOp.Below op, List<Node> in);

  /** See {@link ElementwiseOp.Detach}. */
  R detach(ElementwiseOp.Detach op, List<Node> in);

  /** See {@link ElementwiseOp.AddMul}. */
  R addMul(ElementwiseOp.AddMul op, List<Node> in);

  /** See {@link ReductionOp.Softmax}. */
  R softmax(ReductionOp.Softmax op, List<Node> in);

  /** See {@link ReductionOp.Mean}. */
  R mean(ReductionOp.Mean op, List<Node> in);

  /** See {@link LayoutOp.Reshape}. */
  R reshape(LayoutOp.Reshape op, List<Node> in);

  /** See {@link LayoutOp.Pad}. */
  R pad(LayoutOp.Pad op, List<Node> in);

  /** See {@link LayoutOp.UpsampleNearest}. */
  R upsampleNearest(LayoutOp.UpsampleNearest op, List<Node> in);

  /** See {@link LayoutOp.Permute}. */
  R permute(LayoutOp.Permute op, List<Node> in);

  /** See {@link LayoutOp.Slice}. */
  R slice(LayoutOp.Slice op, List<Node> in);

  /** See {@link LayoutOp.Concat}. */
  R concat(LayoutOp.Concat op, List<Node> in);

  /** See {@link LookupOp.Embedding}. */
  R embedding(LookupOp.Embedding op, List<Node> in);

  /** See {@link LookupOp.SelectToken}. */
  R selectToken(LookupOp.SelectToken op, List<Node> in);

  /** See {@link LookupOp.TimestepEmbedding}. */
  R timestepEmbedding(LookupOp.TimestepEmbedding op, List<Node> in);
}
