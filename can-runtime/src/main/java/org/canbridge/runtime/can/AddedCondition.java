package org.canbridge.runtime.can;

import org.canbridge.runtime.family.NetworkInput;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Initializer;
import org.canbridge.runtime.graph.LookupOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Role;

/**
 * The embedding of timestep and class for a network that takes neither: the embedders of DiT under
 * {@code can.}, fed by two new inputs, {@code t (B)} and {@code y (B)}.
 */
final class AddedCondition {
  /** As in DiT. */
  private static final int SINUSOID = 256;

  private static final double MAX_PERIOD = 10_000;
  private static final Initializer TABLE = new Initializer.Normal(0.02);

  private AddedCondition() {}

  /** Adds the inputs and gives the asked embedding {@code (B, D)}. */
  static Node add(GraphBuilder g, CanSpec.Embedder embedder, CanCondition condition) {
    Node time = null;
    Node label = null;
    if (condition != CanCondition.CLASS) {
      Node t = NetworkInput.TIMESTEP.add(g);
      GraphBuilder module = g.in("can").in("t_embedder");
      Node sinusoid = module.add(new LookupOp.TimestepEmbedding(SINUSOID, MAX_PERIOD, 0), null, t);
      Node hidden = module.in("mlp").linear("0", sinusoid, embedder.width(), null);
      Node active = module.pointwise(ElementwiseOp.Pointwise.Function.SILU, hidden);
      time =
          module.returns(module.in("mlp").linear("2", active, embedder.width(), Role.TIME_EMBED));
    }
    if (condition != CanCondition.TIME) {
      if (embedder.classes() == 0) {
        throw new IllegalArgumentException(
            "the condition '" + condition.label() + "' needs a number of classes");
      }
      Node y = NetworkInput.LABEL.add(g);
      GraphBuilder module = g.in("can").in("y_embedder");
      Node table =
          module
              .in("embedding_table")
              .parameter("weight", TABLE, embedder.classes(), embedder.width());
      label = module.returns(module.add(new LookupOp.Embedding(), Role.LABEL_EMBED, y, table));
    }
    if (time == null) {
      return label;
    }
    return label == null
        ? time
        : g.in("can").add(new ElementwiseOp.Add(), Role.CONDITION, time, label);
  }
}
