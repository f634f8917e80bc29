package org.canbridge.importers.graph;

import java.util.List;
import java.util.Optional;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.family.PathKind;

/** A network of no family, whose graph is its configuration. */
public final class GraphFamily extends Family {

  /** The family. */
  public GraphFamily() {
    super(
        GraphConfig.ARCHITECTURE,
        "a network read from its graph",
        List.of(new GraphLayout()),
        List.of());
  }

  @Override
  public ModelConfig config(Arguments arguments) {
    return GraphConfig.of(arguments);
  }

  /** Nothing tells it: what is given goes over this, field by field. */
  @Override
  public Optional<Objective> objective(ModelConfig config) {
    GraphConfig graph = (GraphConfig) config;
    return graph.isDiffusion()
        ? Optional.of(
            new Objective(
                PathKind.VP_DISCRETE,
                PathKind.VP_DISCRETE.usual(),
                Objective.Prediction.EPS,
                false,
                0,
                999,
                graph.labelRows(),
                false,
                Objective.Guided.NONE,
                1))
        : Optional.empty();
  }
}
