package org.canbridge.importers.efficientvit;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.family.Adaptation;
import org.canbridge.importers.family.Adapted;
import org.canbridge.importers.family.ClassTable;
import org.canbridge.tensors.TensorData;

/** An EfficientViT for other classes; images of any size are its own business. */
final class EfficientVitAdaptation {
  private EfficientVitAdaptation() {}

  static Adapted apply(
      EfficientVitConfig config, Map<String, TensorData> tensors, Adaptation change) {
    if (change.imageSize().isPresent()) {
      throw new IllegalArgumentException(
          "EfficientViT takes images of any size; there is nothing to change");
    }
    if (change.numClasses().isEmpty()) {
      return new Adapted(config, tensors, List.of());
    }
    EfficientVitHead head =
        config
            .head()
            .orElseThrow(() -> new IllegalArgumentException("a backbone has no classes to change"));
    int classes = change.numClasses().getAsInt();
    if (classes == head.classes()) {
      return new Adapted(config, tensors, List.of());
    }
    Map<String, TensorData> changed = new LinkedHashMap<>(tensors);
    String classifier = EfficientVitNames.official().classifier();
    for (String name : List.of(classifier + ".weight", classifier + ".bias")) {
      changed.computeIfPresent(name, (n, tensor) -> ClassTable.replaced(tensor, classes, false));
    }
    EfficientVitConfig adapted =
        config.withHead(Optional.of(new EfficientVitHead(head.widthList(), classes)));
    return new Adapted(
        adapted,
        changed,
        List.of(
            "n_classes "
                + head.classes()
                + " became "
                + classes
                + "; every class starts as the mean of the old ones"));
  }
}
