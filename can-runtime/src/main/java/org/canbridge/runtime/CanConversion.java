package org.canbridge.runtime;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.runtime.can.CanPlan;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanRewriter;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.can.CanSpecJson;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.graph.CostModel;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Initializer;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * A model made condition-aware, checked on random inputs against the model it came from.
 *
 * @param checkpoint the converted model; shares the file of the source
 * @param spec what was done
 * @param changes each layer that was rewritten or inserted
 * @param removed names of the source's tensors that the converted model does without
 * @param before cost of the source network
 * @param after cost of the converted one
 * @param check the largest difference on random inputs
 */
public record CanConversion(
    Checkpoint checkpoint,
    CanSpec spec,
    List<Change> changes,
    List<String> removed,
    CostModel.Cost before,
    CostModel.Cost after,
    Check check) {

  /**
   * Samples in the check; more than one, so that per-sample weights that got mixed up would show.
   */
  private static final int BATCH = 3;

  /**
   * Largest difference, in standard deviations of the output, that another order of summation
   * explains in float32. Per-sample layers sum in another order than static ones; 1e-4 is what
   * twenty-eight blocks of width 1152 stay far below.
   */
  private static final double TOLERANCE = 1e-4;

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
   * How far the converted network is from its source, on random inputs.
   *
   * @param promised whether the conversion is one that preserves the function
   * @param largest largest absolute difference of an output element
   * @param rootMeanSquare of the difference
   * @param deviation standard deviation of the source's output
   * @param tolerance largest difference, in standard deviations, that counts as the same function
   */
  public record Check(
      boolean promised, double largest, double rootMeanSquare, double deviation, double tolerance) {
    /** Whether both compute the same function; not if anything is NaN or infinite. */
    public boolean same() {
      return largest <= tolerance * deviation && Double.isFinite(deviation);
    }

    /** Whether the promise is kept; where none was made, whether all values are finite. */
    public boolean passed() {
      return promised ? same() : Double.isFinite(rootMeanSquare) && Double.isFinite(deviation);
    }
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
   * @throws IllegalArgumentException if it is condition-aware already, or {@code spec} does not fit
   *     it
   */
  public static CanConversion convert(Model model, CanSpec spec, long seed) {
    refuseTwice(model);
    Graph source = model.source();
    Graph base = model.family().graph(spec.control());
    Graph can = CanRewriter.rewrite(base, spec);
    List<String> removed = CanRewriter.removed(source, can);
    Map<String, TensorData> tensors = new LinkedHashMap<>(model.checkpoint().tensors());
    tensors.keySet().removeAll(removed);
    tensors.putAll(Initializer.draw(CanRewriter.added(source, can), seed));
    if (spec.control() == Control.CAN_ONLY) {
      tensors.putAll(model.family().constants(model.checkpoint().tensors()));
    }
    return new CanConversion(
        model.checkpoint().withCan(CanSpecJson.write(spec, removed), tensors),
        spec,
        changes(can, spec),
        removed,
        CostModel.of(source),
        CostModel.of(can),
        check(model, can, tensors, spec.control() == Control.KEEP, seed));
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

  private static Check check(
      Model model, Graph can, Map<String, TensorData> tensors, boolean promised, long seed) {
    Map<String, TensorData> inputs = RandomInputs.of(can, BATCH, seed);
    float[] expected = output(model.source(), model.checkpoint().tensors(), inputs);
    float[] actual = output(can, tensors, inputs);
    double largest = 0;
    double sum = 0;
    double squares = 0;
    double lost = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs((double) expected[i] - actual[i]);
      largest = difference <= largest ? largest : difference; // keeps NaN
      lost += difference * difference;
      sum += expected[i];
      squares += (double) expected[i] * expected[i];
    }
    double mean = sum / expected.length;
    return new Check(
        promised,
        largest,
        Math.sqrt(lost / expected.length),
        Math.sqrt(Math.max(0, squares / expected.length - mean * mean)),
        TOLERANCE);
  }

  private static float[] output(
      Graph graph, Map<String, TensorData> tensors, Map<String, TensorData> inputs) {
    String output = graph.outputs().keySet().stream().reduce((a, b) -> b).orElseThrow();
    try (Session session = Session.open(graph, tensors, Precision.F32)) {
      return Tensors.floats(session.run(inputs, List.of(output)).get(output));
    }
  }
}
