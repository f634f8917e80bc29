package org.canbridge.importers.family;

import java.util.Locale;

/** Which set of weights to take from a file that may hold several. */
public enum Weights {
  /** The moving average if the file has one, else the only set. */
  AUTO,
  /**
   * The exponential moving average of the weights, which the authors of diffusion models sample.
   */
  EMA,
  /** The weights that the optimizer moved. */
  MODEL;

  /** The word that {@code --weights} takes. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The kind of set that an entry of this name holds; the empty name is the whole file. */
  public static Weights of(String wrapper) {
    return wrapper.contains("ema") ? EMA : MODEL;
  }
}
