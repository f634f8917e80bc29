package org.canbridge.importers.family;

import java.util.Locale;
import java.util.regex.Pattern;

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

  /** What training programs call moving averages. */
  private static final Pattern AVERAGE =
      Pattern.compile("(?<![a-z])(ema|swa|avg|average|shadow|polyak)(?![a-z])|EMA|averaged");

  /** The word that {@code --weights} takes. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The kind of set that an entry of this name holds; the empty name is the whole file. */
  public static Weights of(String wrapper) {
    // ema_pytorch keeps both under one name.
    return AVERAGE.matcher(wrapper).find() && !wrapper.contains("online_model") ? EMA : MODEL;
  }
}
