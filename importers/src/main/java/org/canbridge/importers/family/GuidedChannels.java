package org.canbridge.importers.family;

import java.util.Arrays;
import java.util.List;
import org.canbridge.tensors.files.Words;

/** Which channels classifier-free guidance acts on. */
public enum GuidedChannels {
  /**
   * All channels that stand for image and noise, none of the learned variance: guidance as in its
   * paper.
   */
  ALL("all"),

  /**
   * The first three channels of the network's output, as DiT's published {@code forward_with_cfg}
   * does. Of DiT's four latent channels the last is left as the conditional rows gave it. With one
   * or two channels and learned variance that code guides the first variance channels, too, and so
   * do we.
   */
  FIRST_THREE("first-three");

  private final String text;

  GuidedChannels(String text) {
    this.text = text;
  }

  /**
   * How many channels of an output are guided.
   *
   * @param channels of the image
   * @param output channels of the output: those of the variance follow
   */
  public int of(int channels, int output) {
    return this == ALL ? channels : Math.min(3, output);
  }

  /** All names. */
  public static List<String> names() {
    return Arrays.stream(values()).map(GuidedChannels::toString).toList();
  }

  /** The name in settings and on the command line. */
  @Override
  public String toString() {
    return text;
  }

  /**
   * The constant of this name.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static GuidedChannels parse(String text) {
    return Words.constant(
        values(),
        GuidedChannels::toString,
        text,
        "guided channels are 'all' or 'first-three', not '%s'");
  }
}
