package org.canbridge.runtime.can;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.apiguardian.api.API;
import org.canbridge.runtime.family.Control;

/**
 * What to make of a network, before its layers are known; {@link CanPreset#spec} applies it to one.
 *
 * @param targets the kinds of layer
 * @param condition what the weights depend on
 * @param control what becomes of the control that the network has
 * @param method where the weights come from
 * @param kernels number of base kernels, with {@link CanMethod#SELECT}
 * @param generatorWidth input width of all generators; empty for the paper's
 * @param rank rank of what is added to linear layers; empty for full-rank generators
 * @param embedder the embedding of the condition, for networks without one
 */
@API(status = API.Status.STABLE)
public record CanPlan(
    List<CanTarget> targets,
    CanCondition condition,
    Control control,
    CanMethod method,
    int kernels,
    OptionalInt generatorWidth,
    OptionalInt rank,
    Optional<CanSpec.Embedder> embedder) {
  /** Base kernels if nothing else is said. */
  public static final int USUAL_KERNELS = 4;

  /** Keeps its own copy. */
  public CanPlan {
    targets = List.copyOf(targets);
  }

  /** The paper's arrangement of generators for these targets, beside the control that is there. */
  public static CanPlan paper(List<CanTarget> targets, CanCondition condition) {
    return new CanPlan(
        targets,
        condition,
        Control.KEEP,
        CanMethod.GENERATE,
        USUAL_KERNELS,
        OptionalInt.empty(),
        OptionalInt.empty(),
        Optional.empty());
  }

  /** The same with or without the control that is there. */
  public CanPlan with(Control other) {
    return new CanPlan(targets, condition, other, method, kernels, generatorWidth, rank, embedder);
  }

  /** The same by another method. */
  public CanPlan with(CanMethod other) {
    return new CanPlan(targets, condition, control, other, kernels, generatorWidth, rank, embedder);
  }

  /** The same with this number of base kernels. */
  public CanPlan withKernels(int number) {
    return new CanPlan(targets, condition, control, method, number, generatorWidth, rank, embedder);
  }

  /** The same with this input width of all generators. */
  public CanPlan withGeneratorWidth(int width) {
    return new CanPlan(
        targets, condition, control, method, kernels, OptionalInt.of(width), rank, embedder);
  }

  /** The same with low-rank generators for layers whose weight is no smaller. */
  public CanPlan withRank(int largest) {
    return new CanPlan(
        targets,
        condition,
        control,
        method,
        kernels,
        generatorWidth,
        OptionalInt.of(largest),
        embedder);
  }

  /** The same with an embedding of the condition, for networks without one. */
  public CanPlan with(CanSpec.Embedder added) {
    return new CanPlan(
        targets, condition, control, method, kernels, generatorWidth, rank, Optional.of(added));
  }
}
