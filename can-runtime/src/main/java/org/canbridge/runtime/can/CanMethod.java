package org.canbridge.runtime.can;

import org.apiguardian.api.API;
import org.canbridge.tensors.files.Words;

/** Where the weights of a sample come from. */
@API(status = API.Status.STABLE)
public enum CanMethod {
  /** A linear map of the condition makes them: CAN (arXiv 2404.01143), section 3.2. */
  GENERATE("generate"),
  /**
   * The condition mixes a few base kernels: adaptive kernel selection, the baseline of CAN's Figure
   * 4, after CondConv (Yang et al., NeurIPS 2019, arXiv 1904.04971).
   */
  SELECT("select"),
  /** No condition changes them: the same network with the inserted convolutions alone. */
  STATIC("static");

  private final String label;

  CanMethod(String label) {
    this.label = label;
  }

  /** The name on the command line and in {@code config.json}. */
  public String label() {
    return label;
  }

  /**
   * The method of this name.
   *
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  static CanMethod of(String label) {
    return Words.constant(values(), CanMethod::label, label, "unknown method '%s'; methods are %s");
  }
}
