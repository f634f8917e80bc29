package org.canbridge.runtime.family;

/**
 * What becomes of the way in which a published network is told its condition: CAN (arXiv
 * 2404.01143), Table 3.
 */
public enum Control {
  /** Adaptive layer norms and condition tokens stay. */
  KEEP("keep"),
  /**
   * They go, and generated weights are all that is left. A DiT's modulations become constants; a
   * U-ViT's condition tokens are left out of its sequence. That is another function.
   */
  CAN_ONLY("can-only");

  private final String label;

  Control(String label) {
    this.label = label;
  }

  /** The name on the command line and in {@code config.json}. */
  public String label() {
    return label;
  }
}
