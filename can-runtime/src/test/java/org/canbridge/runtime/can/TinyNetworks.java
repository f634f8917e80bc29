package org.canbridge.runtime.can;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.cat.CatCondition;
import org.canbridge.importers.cat.CatConfig;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.importers.efficientvit.EfficientVitHead;
import org.canbridge.importers.efficientvit.EfficientVitSeries;
import org.canbridge.importers.uvit.UvitCondition;
import org.canbridge.importers.uvit.UvitConfig;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.family.cat.CatRuntime;
import org.canbridge.runtime.family.dit.DitRuntime;
import org.canbridge.runtime.family.efficientvit.EfficientVitRuntime;
import org.canbridge.runtime.family.uvit.UvitRuntime;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/** The smallest network of each family that has every kind of layer. */
public enum TinyNetworks {
  DIT,
  UVIT,
  EFFICIENTVIT,
  CAT;

  /** Labels of each, the null class among them; of EfficientVit, those that it is given. */
  public static final int CLASSES = 11;

  /** The network. */
  public RuntimeFamily family() {
    return switch (this) {
      case DIT -> new DitRuntime(new DitConfig(8, 2, 4, 48, 2, 3, 100, 10, true, 256));
      case UVIT ->
          new UvitRuntime(
              new UvitConfig(
                  8, 2, 3, 24, 2, 3, 96, false, false, new UvitCondition.Label(11), true, true));
      case EFFICIENTVIT ->
          new EfficientVitRuntime(
              new EfficientVitConfig(
                  EfficientVitSeries.B,
                  List.of(4, 8, 8, 8, 8),
                  List.of(1, 1, 1, 1, 1),
                  3,
                  4,
                  List.of(1, 2, 2, 2, 2),
                  Optional.of(new EfficientVitHead(List.of(12, 16), 5)),
                  1e-5,
                  1e-15),
              32);
      case CAT ->
          new CatRuntime(
              new CatConfig(
                  8, 3, 1, List.of(8, 16), List.of(1, 1), 8, 2, 20, new CatCondition.Label(10)));
    };
  }

  /** Its graph. */
  Graph graph(Control control) {
    return family().graph(control);
  }

  /** What it must be given to be condition-aware, if it knows no condition. */
  public Optional<CanSpec.Embedder> embedder() {
    return this == EFFICIENTVIT ? Optional.of(new CanSpec.Embedder(20, CLASSES)) : Optional.empty();
  }

  /** A plan with what this family needs to be told. */
  CanPlan plan(List<CanTarget> targets, CanCondition condition) {
    CanPlan plan = CanPlan.paper(targets, condition);
    return embedder().map(plan::with).orElse(plan);
  }

  /** Random weights; variances are positive, and norms do not damp what passes through them. */
  public static Map<String, TensorData> weights(Graph graph, long seed) {
    Map<String, TensorData> weights = new RandomTensors(seed).weights(graph);
    for (Op.Parameter parameter : graph.parameters()) {
      if (parameter.name().endsWith(".running_var") || parameter.name().endsWith("norm.weight")) {
        float[] values = Tensors.floats(weights.get(parameter.name()));
        for (int i = 0; i < values.length; i++) {
          values[i] = 0.7f + Math.abs(values[i]);
        }
        weights.put(parameter.name(), MemoryTensor.of(values, values.length));
      }
    }
    return weights;
  }
}
