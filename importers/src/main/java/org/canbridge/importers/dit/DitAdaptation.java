package org.canbridge.importers.dit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.family.Adaptation;
import org.canbridge.importers.family.Adapted;
import org.canbridge.importers.family.ClassTable;
import org.canbridge.importers.family.PositionTable;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/** A DiT for images of another size or for other classes. */
final class DitAdaptation {
  private static final String POSITIONS = "pos_embed";

  /** The end of the name: every block may have a table of its own. */
  private static final String LABELS = "y_embedder.embedding_table.weight";

  private DitAdaptation() {}

  static Adapted apply(DitConfig config, Map<String, TensorData> tensors, Adaptation change) {
    Map<String, TensorData> changed = new LinkedHashMap<>(tensors);
    List<String> changes = new ArrayList<>();
    int size = change.imageSize().orElse(config.inputSize());
    int classes = change.numClasses().orElse(config.numClasses());
    DitConfig adapted = config.resized(size, classes);
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
      changed.replaceAll(
          (name, table) ->
              name.endsWith(LABELS) ? ClassTable.replaced(table, classes + 1, true) : table);
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
    boolean computed = SineCosinePositions.TABLE.findFault(stored).isEmpty();
    TensorData resized;
    if (computed) {
      List<Long> shape = List.of(1L, (long) newSide * newSide, stored.type().shape().get(2));
      resized = Tensors.as(SineCosinePositions.TABLE.tensor(shape), stored.type().dtype());
    } else {
      resized = PositionTable.of(stored, 0, side).resized(newSide).tensor(stored.type().dtype());
    }
    tensors.put(POSITIONS, resized);
    return computed
        ? "pos_embed was computed anew"
        : "pos_embed is not the sine-cosine table and was interpolated";
  }
}
