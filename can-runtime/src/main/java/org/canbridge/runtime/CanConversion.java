package org.canbridge.runtime;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.runtime.can.CanPlan;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanRewriter;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.can.CanSpecJson;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.graph.CostModel;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Initializer;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.TensorData;

/**
 * A model made condition-aware, checked on random inputs against the model it came from.
 *
 * @param checkpoint the converted model; shares the file of the source
 * @param spec what was done
 * @param changes each layer that was rewritten or inserted
 * @param removed names of the source's tensors that the converted model does without
 * @param before cost of the source network
 * @param after cost of the converted one
 * @param promised whether the conversion is one that preserves the function
 * @param check how far the two are apart on random inputs
 */
@API(status = API.Status.STABLE)
public record CanConversion(
    Checkpoint checkpoint,
    CanSpec spec,
    List<Change> changes,
    List<String> removed,
    CostModel.Cost before,
    CostModel.Cost after,
    boolean promised,
    SameFunction check) {

  /**
   * Samples in the check; more than one, so that per-sample weights that got mixed up would show.
   */
  private static final int BATCH = 3;

  /**
   * One layer.
   *
   * @param layer module path
   * @param inserted whether the source network does not have it
   * @param generator name of the generator of its weights; empty for a static layer
   * @param weight shape of its weight
   */
  public record Change(String layer, boolean inserted, String generator, Shape weight) {}

  /**
   * Whether the function is preserved; where that was not promised, whether all values are finite.
   */
  public boolean passed() {
    return promised
        ? check.holds()
        : Double.isFinite(check.rootMeanSquare()) && Double.isFinite(check.deviation());
  }

  /**
   * What a conversion would give, from the graphs alone.
   *
   * @param spec what would be done
   * @param before cost of the source network
   * @param after cost of the converted one
   */
  public record Estimate(CanSpec spec, CostModel.Cost before, CostModel.Cost after) {}

  /**
   * Finds the layers and generators of {@code plan} and what they cost, without allocating a
   * tensor.
   *
   * @throws IllegalArgumentException if the model is condition-aware already, or {@code plan} does
   *     not fit it
   */
  public static Estimate estimate(Model model, CanPlan plan) {
    refuseTwice(model);
    Graph base = model.family().graph(plan.control());
    CanSpec spec = CanPreset.spec(base, plan);
    return new Estimate(
        spec, CostModel.of(model.source()), CostModel.of(CanRewriter.rewrite(base, spec)));
  }

  private static void refuseTwice(Model model) {
    if (model.can().isPresent()) {
      throw new IllegalArgumentException(
          "this model is condition-aware already; convert the model that it was made from");
    }
  }

  /**
   * Converts a model.
   *
   * @param seed of the random projections and of the check's inputs
   * @param target that both run on in the check
   * @throws IllegalArgumentException if it is condition-aware already, or {@code spec} does not fit
   *     it
   */
  public static CanConversion convert(Model model, CanSpec spec, long seed, Target target) {
    refuseTwice(model);
    Optional<Objective> objective = model.objective();
    Graph source = model.source();
    Graph base = model.family().graph(spec.control());
    Graph can = CanRewriter.rewrite(base, spec);
    List<String> removed = CanRewriter.removed(source, can);
    Map<String, TensorData> tensors = new LinkedHashMap<>(model.checkpoint().tensors());
    tensors.keySet().removeAll(removed);
    tensors.putAll(Initializer.draw(CanRewriter.added(source, can), seed));
    if (spec.control() == Control.CAN_ONLY) {
      tensors.putAll(
          model.family().constants(model.checkpoint().tensors(), objective.orElseThrow(), target));
    }
    return new CanConversion(
        model.checkpoint().withCan(CanSpecJson.write(spec, removed), tensors),
        spec,
        changes(can, spec),
        removed,
        CostModel.of(source),
        CostModel.of(can),
        spec.control() == Control.KEEP,
        SameFunction.of(
            new SameFunction.Network(source, model.checkpoint().tensors()),
            new SameFunction.Network(can, tensors),
            RandomInputs.of(can, objective, BATCH, seed),
            target));
  }

  private static List<Change> changes(Graph can, CanSpec spec) {
    Map<String, Shape> weights = new LinkedHashMap<>();
    can.parameters().forEach(p -> weights.put(p.name(), p.shape()));
    List<Change> changes = new ArrayList<>();
    for (CanSpec.Generator generator : spec.generators()) {
      for (String layer : generator.layers()) {
        changes.add(
            new Change(
                layer,
                spec.inserted().contains(layer),
                generator.name(),
                weights.get(layer + ".weight")));
      }
    }
    for (String layer : spec.inserted()) {
      if (changes.stream().noneMatch(c -> c.layer().equals(layer))) {
        changes.add(new Change(layer, true, "", weights.get(layer + ".weight")));
      }
    }
    return changes;
  }
}
