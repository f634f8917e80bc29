package org.canbridge.runtime.can;

import java.util.List;
import org.apiguardian.api.API;
import org.canbridge.runtime.graph.Role;
import org.canbridge.tensors.files.Words;

/**
 * The kinds of layer that can be made condition-aware: CAN (arXiv 2404.01143), section 3.2 and
 * Table 1.
 */
@API(status = API.Status.STABLE)
public enum CanTarget {
  /** The linear map from patches to tokens. */
  PATCH_EMBED("patch_embed"),
  /**
   * The depthwise convolution in the middle of each feed-forward layer; inserted where the network
   * has none.
   */
  DWCONV("dwconv"),
  /** The output projection of attention; one generator serves all of equal shape. */
  OUT_PROJ("out_proj"),
  /** The last layer. */
  HEAD("head"),
  /** Query, key and value projection. */
  QKV("qkv"),
  /** Both linear layers of the feed-forward part. */
  MLP("mlp");

  /** What the paper makes condition-aware: Table 1, last row. */
  public static final List<CanTarget> PAPER = List.of(PATCH_EMBED, DWCONV, OUT_PROJ);

  private final String label;

  CanTarget(String label) {
    this.label = label;
  }

  /** The name on the command line and in {@code config.json}. */
  public String label() {
    return label;
  }

  /** The roles of the nodes that it means. */
  public List<Role> roles() {
    return switch (this) {
      case PATCH_EMBED -> List.of(Role.PATCH_EMBED);
      case DWCONV -> List.of(Role.DEPTHWISE_CONV);
      case OUT_PROJ -> List.of(Role.OUTPUT_PROJECTION);
      case HEAD -> List.of(Role.HEAD);
      case QKV -> List.of(Role.QKV);
      case MLP -> List.of(Role.MLP_IN, Role.MLP_OUT);
    };
  }

  /**
   * The target of this name.
   *
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static CanTarget of(String label) {
    return Words.constant(values(), CanTarget::label, label, "unknown target '%s'; targets are %s");
  }
}
