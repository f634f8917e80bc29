package org.canbridge.importers.keys;

import java.util.List;
import java.util.Optional;
import org.canbridge.tensors.TensorData;

/** A table whose values follow from its shape. */
public interface Formula {

  /** The table of this shape, computed when its bytes are asked for. */
  TensorData tensor(List<Long> shape);

  /** In what a tensor differs from the table of its shape; empty if it is that table. */
  Optional<String> findFault(TensorData tensor);
}
