package org.canbridge.importers.uvit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.family.Adaptation;
import org.canbridge.importers.family.Adapted;
import org.canbridge.importers.family.ClassTable;
import org.canbridge.importers.family.PositionTable;
import org.canbridge.tensors.TensorData;

/** A U-ViT for images of another size or for other classes. */
final class UvitAdaptation {
  private static final String POSITIONS = "pos_embed";
  private static final String LABELS = "label_emb.weight";

  private UvitAdaptation() {}

  static Adapted apply(UvitConfig config, Map<String, TensorData> tensors, Adaptation change) {
    Map<String, TensorData> changed = new LinkedHashMap<>(tensors);
    List<String> changes = new ArrayList<>();
    int size = change.imageSize().orElse(config.imgSize());
    UvitCondition condition = condition(config, change);
    UvitConfig adapted =
        new UvitConfig(
            size,
            config.patchSize(),
            config.inChans(),
            config.embedDim(),
            config.depth(),
            config.numHeads(),
            config.mlpHidden(),
            config.qkvBias(),
            config.mlpTimeEmbed(),
            condition,
            config.conv(),
            config.skip());
    if (size != config.imgSize()) {
      changed.computeIfPresent(
          POSITIONS,
          (name, table) ->
              PositionTable.of(table, config.extras(), config.gridSize())
                  .resized(adapted.gridSize())
                  .tensor(table.type().dtype()));
      changes.add(
          "img_size " + config.imgSize() + " became " + size + "; pos_embed was interpolated");
    }
    if (!condition.equals(config.condition())) {
      int classes = ((UvitCondition.Label) condition).numClasses();
      changed.computeIfPresent(LABELS, (name, table) -> ClassTable.replaced(table, classes, true));
      changes.add(
          "num_classes "
              + ((UvitCondition.Label) config.condition()).numClasses()
              + " became "
              + classes
              + "; every class starts as the mean of the old ones, and the last row was kept");
    }
    return new Adapted(adapted, changed, changes);
  }

  private static UvitCondition condition(UvitConfig config, Adaptation change) {
    if (change.numClasses().isEmpty()) {
      return config.condition();
    }
    if (!(config.condition() instanceof UvitCondition.Label)) {
      throw new IllegalArgumentException("this U-ViT has no classes that could be changed");
    }
    return new UvitCondition.Label(change.numClasses().getAsInt());
  }
}
