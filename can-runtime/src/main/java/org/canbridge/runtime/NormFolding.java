package org.canbridge.runtime;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.family.Adapted;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.fold.BatchNormFold;
import org.canbridge.runtime.fold.FoldedWeights;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.TensorData;

/**
 * A network whose batch norms were folded into the convolutions in front of them, checked on random
 * images against the network it came from.
 *
 * @param checkpoint the folded network; shares the file of the source
 * @param norms how many batch norms it had
 * @param check how far the two are apart. Weights of 8 or 11 bits are not the same function: scaled
 *     and rounded once more they are others, up to 0.2 standard deviations in the bundled networks
 */
public record NormFolding(Checkpoint checkpoint, int norms, SameFunction check) {
  private static final int BATCH = 2;

  /**
   * Folds a network.
   *
   * @param seed of the images on which both are compared
   * @param target that they run on
   * @throws IllegalArgumentException if it has no batch norms, or is condition-aware
   */
  public static NormFolding of(Checkpoint source, long seed, Target target) {
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
    SameFunction check =
        SameFunction.of(
            new SameFunction.Network(before, source.tensors()),
            new SameFunction.Network(fold.graph(), tensors),
            RandomInputs.of(before, Optional.empty(), BATCH, seed),
            target);
    return new NormFolding(checkpoint, fold.pairs().size(), check);
  }

  private static ModelConfig folded(Checkpoint source) {
    if (source.can().isPresent()) {
      throw new IllegalArgumentException(
          "a Condition-Aware Network cannot be changed; fold its source and convert that");
    }
    return RuntimeFamilies.of(source.config()).withNormsFolded();
  }
}
