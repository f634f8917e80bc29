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
import org.canbridge.runtime.family.cat.Cat;
import org.canbridge.runtime.family.dit.Dit;
import org.canbridge.runtime.family.efficientvit.EfficientVit;
import org.canbridge.runtime.family.uvit.Uvit;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/** The smallest network of each family that has every kind of layer. */
enum TinyNetworks {
  DIT,
  UVIT,
  EFFICIENTVIT,
  CAT;

  static final int CLASSES = 11;
  private static final int PIXELS = 32;

  /** The network itself. */
  Graph graph(Control control) {
    return switch (this) {
      case DIT -> Dit.graph(new DitConfig(8, 2, 4, 48, 2, 3, 100, CLASSES - 1, true, 256), control);
      case UVIT ->
          Uvit.graph(
              new UvitConfig(
                  8,
                  2,
                  3,
                  24,
                  2,
                  3,
                  96,
                  false,
                  false,
                  new UvitCondition.Label(CLASSES),
                  true,
                  true),
              control);
      case EFFICIENTVIT ->
          EfficientVit.graph(
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
              PIXELS,
              PIXELS);
      case CAT ->
          Cat.graph(
              new CatConfig(
                  8,
                  3,
                  1,
                  List.of(8, 16),
                  List.of(1, 1),
                  8,
                  2,
                  20,
                  new CatCondition.Label(CLASSES - 1)));
    };
  }

  boolean hasControl() {
    return this == DIT || this == UVIT;
  }

  /** A plan with what this family needs to be told. */
  CanPlan plan(List<CanTarget> targets, CanCondition condition) {
    CanPlan plan = CanPlan.paper(targets, condition);
    return this == EFFICIENTVIT ? plan.with(new CanSpec.Embedder(20, CLASSES)) : plan;
  }

  /** Random weights; variances are positive, and norms do not damp what passes through them. */
  static Map<String, TensorData> weights(Graph graph, long seed) {
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
