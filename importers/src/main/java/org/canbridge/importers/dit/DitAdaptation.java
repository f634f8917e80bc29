package org.canbridge.importers.dit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.adapt.Adaptation;
import org.canbridge.importers.adapt.Adapted;
import org.canbridge.importers.adapt.ClassTable;
import org.canbridge.importers.adapt.PositionTable;
import org.canbridge.importers.format.TensorData;

/** A DiT for images of another size or for other classes. */
final class DitAdaptation {
  private static final String POSITIONS = "pos_embed";
  private static final String LABELS = "y_embedder.embedding_table.weight";

  /** More than the rounding of half precision, less than any learned table would stay within. */
  private static final double ROUNDING = 5e-3;

  private DitAdaptation() {}

  static Adapted apply(DitConfig config, Map<String, TensorData> tensors, Adaptation change) {
    Map<String, TensorData> changed = new LinkedHashMap<>(tensors);
    List<String> changes = new ArrayList<>();
    int size = change.imageSize().orElse(config.inputSize());
    int classes = change.numClasses().orElse(config.numClasses());
    DitConfig adapted =
        new DitConfig(
            size,
            config.patchSize(),
            config.inChannels(),
            config.hiddenSize(),
            config.depth(),
            config.numHeads(),
            config.mlpHidden(),
            classes,
            config.learnSigma(),
            config.frequencyEmbeddingSize());
    if (size != config.inputSize()) {
      changes.add(
          "input_size "
              + config.inputSize()
              + " became "
              + size
              + "; "
              + resize(changed, config.gridSize(), adapted.gridSize()));
    }
    if (classes != config.numClasses()) {
      changed.computeIfPresent(
          LABELS, (name, table) -> ClassTable.replaced(table, classes + 1, true));
      changes.add(
          "num_classes "
              + config.numClasses()
              + " became "
              + classes
              + "; every class starts as the mean of the old ones, and the null class was kept");
    }
    return new Adapted(adapted, changed, changes);
  }

  /** A table that was never learned is computed anew. */
  private static String resize(Map<String, TensorData> tensors, int side, int newSide) {
    TensorData stored = tensors.get(POSITIONS);
    PositionTable table = PositionTable.of(stored, 0, side);
    boolean computed =
        table.width() % 4 == 0
            && table.isClose(PositionTable.sineCosine(side, table.width()), ROUNDING);
    PositionTable resized =
        computed ? PositionTable.sineCosine(newSide, table.width()) : table.resized(newSide);
    tensors.put(POSITIONS, resized.tensor(stored.type().dtype()));
    return computed
        ? "pos_embed was computed anew"
        : "pos_embed is not the sine-cosine table and was interpolated";
  }
}
