package org.canbridge.runtime.engine.torchscript;

import java.util.List;
import java.util.Map;
import org.canbridge.runtime.engine.kernels.Kernel;
import org.canbridge.runtime.graph.AttentionOp;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.LinearOp;
import org.canbridge.runtime.graph.LookupOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.ReductionOp;

/** Which kernels the lowering asks for. */
final class KernelUse {
  private static final Map<Class<? extends Op>, Kernel> OTHERS =
      Map.ofEntries(
          Map.entry(LinearOp.Linear.class, Kernel.LINEAR),
          Map.entry(LinearOp.SampleLinear.class, Kernel.BATCHED_PRODUCT),
          Map.entry(ReductionOp.LayerNorm.class, Kernel.NORM),
          Map.entry(ReductionOp.GroupNorm.class, Kernel.NORM),
          Map.entry(ReductionOp.BatchNorm.class, Kernel.NORM),
          Map.entry(ReductionOp.L2Normalize.class, Kernel.NORM),
          Map.entry(AttentionOp.Attention.class, Kernel.ATTENTION),
          Map.entry(AttentionOp.CausalAttention.class, Kernel.ATTENTION),
          Map.entry(AttentionOp.ReluLinearAttention.class, Kernel.BATCHED_PRODUCT),
          Map.entry(ElementwiseOp.Pointwise.class, Kernel.ACTIVATION),
          Map.entry(ReductionOp.Softmax.class, Kernel.ACTIVATION),
          Map.entry(LookupOp.Embedding.class, Kernel.EMBEDDING));

  private KernelUse() {}

  /** The kernels of a node; none for what moves or adds numbers. */
  static List<Kernel> of(Node node) {
    if (node.op() instanceof LinearOp.Conv2d op) {
      return List.of(Convolutions.kernel(op, node.inputs()));
    }
    if (node.op() instanceof LinearOp.SampleConv2d op) {
      return Convolutions.kernels(op, node.inputs());
    }
    Kernel kernel = OTHERS.get(node.op().getClass());
    return kernel == null ? List.of() : List.of(kernel);
  }
}
