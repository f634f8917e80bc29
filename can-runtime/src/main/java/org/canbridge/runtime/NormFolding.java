package org.canbridge.runtime;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.family.Adapted;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.fold.BatchNormFold;
import org.canbridge.runtime.fold.FoldedWeights;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * A network whose batch norms were folded into the convolutions in front of them, checked on random
 * images against the network it came from.
 *
 * @param checkpoint the folded network; shares the file of the source
 * @param norms how many batch norms it had
 * @param output the output that differs most, in its own standard deviations
 * @param largest the largest absolute difference of its elements
 * @param deviation its standard deviation in the source network
 */
public record NormFolding(
    Checkpoint checkpoint, int norms, String output, double largest, double deviation) {
  private static final int BATCH = 2;

  /**
   * Largest difference, in standard deviations of the output, that counts as the same function; the
   * folded products round otherwise. Weights of 8 or 11 bits do not keep it: scaled and rounded
   * once more they are others, up to 0.2 standard deviations in the bundled networks.
   */
  public static final double TOLERANCE = 1e-4;

  /** Whether both compute the same function; not if anything is NaN or infinite. */
  public boolean passed() {
    return largest <= TOLERANCE * deviation && Double.isFinite(deviation);
  }

  /**
   * Folds a network.
   *
   * @param seed of the images on which both are compared
   * @throws IllegalArgumentException if it has no batch norms, or is condition-aware
   */
  public static NormFolding of(Checkpoint source, long seed) {
    ModelConfig config = folded(source);
    Graph before = RuntimeFamilies.of(source.config()).graph();
    BatchNormFold.Folded fold = BatchNormFold.of(before);
    Map<String, TensorData> made = FoldedWeights.of(fold.pairs(), source.tensors());
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    for (Op.Parameter parameter : fold.graph().parameters()) {
      String name = parameter.name();
      tensors.put(name, made.containsKey(name) ? made.get(name) : source.tensors().get(name));
    }
    String change =
        fold.pairs().size() + " batch norms were folded into the convolutions in front of them";
    Checkpoint checkpoint = source.changed(new Adapted(config, tensors, List.of(change)));
    Map<String, TensorData> images = RandomInputs.of(before, BATCH, seed);
    return compared(
        checkpoint,
        fold.pairs().size(),
        outputs(before, source.tensors(), images),
        outputs(fold.graph(), tensors, images));
  }

  private static ModelConfig folded(Checkpoint source) {
    if (source.can().isPresent()) {
      throw new IllegalArgumentException(
          "a Condition-Aware Network cannot be changed; fold its source and convert that");
    }
    return RuntimeFamilies.of(source.config()).withNormsFolded();
  }

  private static Map<String, TensorData> outputs(
      Graph graph, Map<String, TensorData> tensors, Map<String, TensorData> images) {
    try (Session session = Session.open(graph, tensors, Precision.F32)) {
      return session.run(images, List.copyOf(graph.outputs().keySet()));
    }
  }

  /** The output that differs most; one that is not finite differs more than all others. */
  static NormFolding compared(
      Checkpoint checkpoint,
      int norms,
      Map<String, TensorData> before,
      Map<String, TensorData> after) {
    NormFolding worst = null;
    for (Map.Entry<String, TensorData> output : before.entrySet()) {
      double[] expected = Tensors.doubles(output.getValue());
      double[] actual = Tensors.doubles(after.get(output.getKey()));
      double largest = 0;
      for (int i = 0; i < expected.length; i++) {
        double difference = Math.abs(expected[i] - actual[i]);
        largest = difference <= largest ? largest : difference; // keeps NaN
      }
      NormFolding found =
          new NormFolding(checkpoint, norms, output.getKey(), largest, deviation(expected));
      worst = worst == null || !(found.share() <= worst.share()) ? found : worst;
    }
    return worst;
  }

  /** The difference in standard deviations of the output. */
  public double share() {
    return largest / deviation;
  }

  private static double deviation(double[] values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    return Math.sqrt(
        Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow());
  }
}
