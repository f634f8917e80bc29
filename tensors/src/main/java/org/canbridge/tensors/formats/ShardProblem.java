package org.canbridge.tensors.formats;

import org.canbridge.tensors.files.Problem;

/** Ways in which a set of shards can be wrong. */
public enum ShardProblem implements Problem {
  /** The index names a file outside its own folder. */
  NAME,
  /** A file that the index names is not there. */
  MISSING,
  /** The index names a tensor that its shard does not hold. */
  LACKS_TENSOR,
  /** A shard holds a tensor that the index does not place there. */
  TENSOR_NOT_IN_INDEX,
  /** A distributed checkpoint that is described, or cut, in another way than is read. */
  DISTRIBUTED
}
