package org.canbridge.benchmarks;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.engine.TrainingSession;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.objective.NoiseSchedule;
import org.canbridge.runtime.objective.ObjectivePaths;
import org.canbridge.runtime.training.DenoisingLoss;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;

/** A network with random weights, and one batch that all its training steps take. */
final class TrainingStep implements Runnable, AutoCloseable {
  private static final TrainingSession.Update UPDATE =
      new TrainingSession.Update(1e-4, 0.9, 0.999, 1e-8, 0.03, 1, 0.9999);

  private final TrainingSession session;
  private final Map<String, TensorData> inputs;
  private final Map<String, TensorData> lossInputs = new LinkedHashMap<>();

  TrainingStep(RandomNetwork random, Graph graph, Precision precision, int batch) {
    inputs = new HashMap<>(random.inputs(graph, batch));
    TensorData clean = inputs.remove("x");
    int channels = Math.toIntExact(clean.type().shape().get(1));
    NoiseSchedule schedule = ObjectivePaths.discrete(random.objective()).orElseThrow();
    boolean learnsVariance = graph.value("output").shape().size(1) > channels;
    DenoisingLoss loss =
        learnsVariance ? DenoisingLoss.hybrid(schedule, channels) : DenoisingLoss.simple(schedule);
    List<DenoisingLoss.Level> levels = new Random(1).doubles(batch).mapToObj(loss::at).toList();
    inputs.put(
        "t",
        MemoryTensor.of(
            levels.stream().mapToDouble(DenoisingLoss.Level::timestep).toArray(), batch));
    lossInputs.put("clean", clean);
    lossInputs.put("noise", random.inputs(graph, batch).get("x"));
    lossInputs.put(
        "level",
        MemoryTensor.of(
            levels.stream()
                .flatMap(level -> level.coefficients().stream())
                .mapToDouble(Double::doubleValue)
                .toArray(),
            batch,
            levels.get(0).coefficients().size()));
    Set<String> names = new HashSet<>();
    graph.parameters().stream().map(Op.Parameter::name).forEach(names::add);
    session =
        TrainingSession.open(
            graph,
            random.weights(graph),
            List.of(new TrainingSession.Group(names, 1, 1)),
            loss,
            Target.of(precision));
  }

  /** Makes one step. */
  @Override
  public void run() {
    session.differentiate(inputs, lossInputs, 1);
    session.gradientNorm();
    session.update(UPDATE);
  }

  @Override
  public void close() {
    session.close();
  }
}
