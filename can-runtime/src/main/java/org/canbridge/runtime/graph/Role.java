package org.canbridge.runtime.graph;

/** The part that a node plays in its network, where a pass over the graph needs to know it. */
public enum Role {
  /** The linear map from a patch to a token, or its convolution. */
  PATCH_EMBED,
  /** Query, key and value projection of an attention. */
  QKV,
  /** Output projection of an attention. */
  OUTPUT_PROJECTION,
  /** First linear map of a feed-forward layer; what it returns goes to the activation. */
  MLP_IN,
  /** Second linear map of a feed-forward layer. */
  MLP_OUT,
  /** Depthwise convolution in the middle of a feed-forward layer. */
  DEPTHWISE_CONV,
  /** The last linear map or convolution, from tokens to the network's output. */
  HEAD,
  /** The embedding of the timestep, {@code (B, D)}. */
  TIME_EMBED,
  /** The embedding of the class label, {@code (B, D)}. */
  LABEL_EMBED,
  /** The embedding of the whole condition, {@code (B, D)}. */
  CONDITION,
  /** Weights that a generator made, one row for each sample. */
  GENERATED
}
