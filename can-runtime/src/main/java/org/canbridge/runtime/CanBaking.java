package org.canbridge.runtime;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apiguardian.api.API;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.runtime.can.CanRewriter;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.can.CanSpecJson;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * A condition-aware network frozen at one condition: what its generators make of it is added to the
 * static weights, and the generators go. The result is the published network, with the convolutions
 * that were inserted; with the condition {@code class} it holds for all timesteps, otherwise for
 * one.
 *
 * @param checkpoint the frozen model; shares the file of the condition-aware one
 * @param check how far the two are apart on random images at that condition
 */
@API(status = API.Status.STABLE)
public record CanBaking(Checkpoint checkpoint, SameFunction check) {
  private static final int BATCH = 2;

  /**
   * Freezes a model.
   *
   * @param condition the condition's inputs for one sample, e.g. {@code t (1)} and {@code y (1)}
   * @param seed of the images on which both are compared
   * @param target that they run on
   * @throws IllegalArgumentException if the model is not condition-aware or an input is missing
   */
  public static CanBaking bake(
      Model model, Map<String, TensorData> condition, long seed, Target target) {
    CanSpec spec =
        model
            .can()
            .filter(s -> !s.generators().isEmpty())
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "this model has no generators; only a condition-aware one can be frozen"));
    Map<String, TensorData> inputs = inputs(model, condition, seed);
    CanSpec plain = spec.withoutGenerators();
    Graph fixed = CanRewriter.rewrite(model.family().graph(spec.control()), plain);
    Map<String, TensorData> tensors = new LinkedHashMap<>(model.checkpoint().tensors());
    for (Op.Parameter parameter : model.graph().parameters()) {
      if (fixed.parameters().stream().noneMatch(p -> p.name().equals(parameter.name()))) {
        tensors.remove(parameter.name());
      }
    }
    tensors.putAll(frozen(model, spec, inputs, target));
    List<String> removed = CanRewriter.removed(model.source(), fixed);
    return new CanBaking(
        model.checkpoint().withCan(CanSpecJson.write(plain, removed), tensors),
        SameFunction.of(
            new SameFunction.Network(model.graph(), model.checkpoint().tensors()),
            new SameFunction.Network(fixed, tensors),
            inputs,
            target));
  }

  private static Map<String, TensorData> frozen(
      Model model, CanSpec spec, Map<String, TensorData> inputs, Target target) {
    List<String> made = spec.generators().stream().map(g -> "can." + g.name()).toList();
    Map<String, Shape> shapes = new LinkedHashMap<>();
    model.graph().parameters().forEach(p -> shapes.put(p.name(), p.shape()));
    Map<String, TensorData> frozen = new LinkedHashMap<>();
    try (Session session = model.session(target.with(Precision.F32))) {
      Map<String, TensorData> rows = session.run(inputs, made);
      for (CanSpec.Generator generator : spec.generators()) {
        float[] all = Tensors.floats(rows.get("can." + generator.name()));
        float[] row = Arrays.copyOf(all, all.length / BATCH); // all samples have one condition
        for (String layer : generator.layers()) {
          String weight = layer + ".weight";
          int used = Math.toIntExact(shapes.get(weight).elements());
          frozen.put(weight, sum(model, weight, shapes.get(weight), row, 0));
          if (used < row.length) {
            String bias = layer + ".bias";
            frozen.put(bias, sum(model, bias, shapes.get(bias), row, used));
          }
        }
      }
    }
    return frozen;
  }

  private static TensorData sum(Model model, String name, Shape shape, float[] row, int from) {
    float[] values = Tensors.floats(model.checkpoint().tensors().get(name));
    float[] sum = new float[values.length];
    for (int i = 0; i < sum.length; i++) {
      sum[i] = values[i] + row[from + i];
    }
    return MemoryTensor.of(sum, shape.resolve(1));
  }

  /** Random images at one condition. */
  private static Map<String, TensorData> inputs(
      Model model, Map<String, TensorData> condition, long seed) {
    Graph graph = model.graph();
    Map<String, TensorData> inputs = RandomInputs.of(graph, model.objective(), BATCH, seed);
    condition.forEach(
        (name, one) -> {
          if (!inputs.containsKey(name)) {
            throw new IllegalArgumentException("this network has no input '" + name + "'");
          }
          checkRow(graph, name, one);
          inputs.put(name, repeated(one, inputs.get(name)));
        });
    return inputs;
  }

  private static void checkRow(Graph graph, String name, TensorData one) {
    if (one.type().dtype().isFloating()) {
      return;
    }
    long rows = RandomInputs.rows(graph, name);
    for (long id : Tensors.longs(one)) {
      if (id < 0 || id >= rows) {
        throw new IllegalArgumentException(
            "'" + name + "' must be below " + rows + " but is " + id);
      }
    }
  }

  private static TensorData repeated(TensorData one, TensorData like) {
    long[] shape = like.type().shape().stream().mapToLong(Long::longValue).toArray();
    double[] values = Tensors.doubles(one);
    double[] all = new double[values.length * BATCH];
    for (int i = 0; i < all.length; i++) {
      all[i] = values[i % values.length];
    }
    if (!like.type().dtype().isFloating()) {
      return MemoryTensor.of(Arrays.stream(all).mapToLong(v -> (long) v).toArray(), shape);
    }
    return Tensors.as(MemoryTensor.of(all, shape), like.type().dtype());
  }
}
