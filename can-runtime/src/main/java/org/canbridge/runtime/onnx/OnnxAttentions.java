package org.canbridge.runtime.onnx;

import static org.canbridge.runtime.onnx.OnnxBody.integer;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.util.Arrays;
import java.util.List;
import org.canbridge.runtime.graph.AttentionOp;
import org.canbridge.runtime.graph.Node;

/**
 * The attentions of {@link OnnxLowering}, as products and softmax: the operator {@code Attention}
 * came with opset 23.
 */
final class OnnxAttentions {
  private static final int FLOAT = DataType.FLOAT.getNumber();

  /** By how much a score is lowered to hide it: its exponential is zero beside any other. */
  private static final double HIDDEN = 1e30;

  private final OnnxBody body;

  OnnxAttentions(OnnxBody body) {
    this.body = body;
  }

  /** {@code exp(x_i) / sum_j exp(x_j)} over the last axis. */
  String softmax(String x) {
    return body.call("Softmax", List.of(x), integer("axis", -1));
  }

  /** Queries, keys and values {@code (B, heads, N, d)}. */
  String attention(List<Node> in, String... qkv) {
    String q = body.call("Mul", qkv[0], body.scalar(scale(in)));
    String scores = body.call("MatMul", q, body.transposed(qkv[1], 4));
    return body.call("MatMul", softmax(scores), qkv[2]);
  }

  private static double scale(List<Node> in) {
    return 1 / Math.sqrt((double) in.get(0).shape().size(3));
  }

  /** In float32: what hides a score is past float16's range. */
  String causal(List<Node> in, String... qkv) {
    int tokens = Math.toIntExact(in.get(0).shape().size(2));
    float[] past = new float[tokens * tokens];
    for (int i = 0; i < tokens; i++) {
      Arrays.fill(past, i * tokens, i * tokens + i + 1, 1);
    }
    String seen = body.floats(past, 1, 1, tokens, tokens);
    if (qkv.length > 3) {
      String given = body.cast(body.cast(qkv[3], DataType.BOOL.getNumber()), FLOAT);
      seen = body.call("Mul", seen, body.reshape(given, 0, 1, 1, tokens));
    }
    // Not minus infinity: a token that sees none must not become NaN.
    String bias = body.call("Mul", body.call("Sub", seen, body.single(1)), body.single(HIDDEN));
    String q = body.call("Mul", body.wide(qkv[0]), body.single(scale(in)));
    String scores = body.call("MatMul", q, body.transposed(body.wide(qkv[1]), 4));
    String shares = softmax(body.call("Add", scores, bias));
    return body.narrow(body.call("MatMul", shares, body.wide(qkv[2])));
  }

  /** In float32, as the operation says. */
  String reluLinear(AttentionOp.ReluLinearAttention op, String... qkv) {
    String q = body.call("Relu", body.wide(qkv[0]));
    String k = body.call("Relu", body.wide(qkv[1]));
    String products = body.call("MatMul", body.transposed(k, 4), body.wide(qkv[2]));
    String sums = body.transposed(body.reduce("ReduceSum", k, List.of(2)), 4);
    String denominator = body.call("Add", body.call("MatMul", q, sums), body.single(op.eps()));
    return body.narrow(body.call("Div", body.call("MatMul", q, products), denominator));
  }
}
