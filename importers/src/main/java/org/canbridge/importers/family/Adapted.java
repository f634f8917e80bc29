package org.canbridge.importers.family;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.tensors.TensorData;

/**
 * A network after {@link Adaptation}.
 *
 * @param config its arguments
 * @param tensors its tensors by canonical name
 * @param changes what was changed, one sentence each; empty if it was as asked for already
 */
public record Adapted(ModelConfig config, Map<String, TensorData> tensors, List<String> changes) {

  /** Copies, keeping the order. */
  public Adapted {
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    changes = List.copyOf(changes);
  }
}
