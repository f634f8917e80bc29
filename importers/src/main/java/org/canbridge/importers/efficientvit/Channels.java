package org.canbridge.importers.efficientvit;

import java.util.List;

/**
 * A number of channels, as a multiple of one of the network's widths.
 *
 * @param factor the multiple
 * @param level 0 for the image, {@code i + 1} for entry {@code i} of {@code width_list}
 */
public record Channels(int factor, int level) {

  /** The image itself. */
  static final Channels IMAGE = new Channels(1, 0);

  /** The width of a stage; stage 0 is the stem. */
  static Channels ofStage(int stage) {
    return new Channels(1, stage + 1);
  }

  Channels times(int multiple) {
    return new Channels(Math.multiplyExact(factor, multiple), level);
  }

  /** The number, given the image's channels and {@code width_list}. */
  public int resolve(int inChannels, List<Integer> widthList) {
    return Math.multiplyExact(factor, level == 0 ? inChannels : widthList.get(level - 1));
  }

  /** The number as an expression over the symbols {@code W0} (image), {@code W1}, ... */
  String expression() {
    return factor + "*W" + level;
  }
}
