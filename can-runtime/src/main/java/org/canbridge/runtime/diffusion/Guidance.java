package org.canbridge.runtime.diffusion;

import java.util.Objects;
import org.canbridge.importers.family.GuidedChannels;

/**
 * How classifier-free guidance is applied in a run.
 *
 * @param scale 1 is no guidance; {@link GuidanceForm} converts from U-ViT's form
 * @param channels the channels it acts on
 * @param interval the noise levels at which it acts
 */
public record Guidance(double scale, GuidedChannels channels, GuidanceInterval interval) {
  /** No guidance; all channels and all levels, should a scale be given. */
  public static final Guidance NONE = new Guidance(1, GuidedChannels.ALL, GuidanceInterval.ALWAYS);

  /**
   * Checks the scale.
   *
   * @throws IllegalArgumentException if it is not finite
   */
  public Guidance {
    Objects.requireNonNull(channels);
    Objects.requireNonNull(interval);
    if (!Double.isFinite(scale)) {
      throw new IllegalArgumentException("the guidance scale must be finite, not " + scale);
    }
  }

  /** Whether the null condition is needed at all. */
  public boolean isOn() {
    return scale != 1;
  }

  /** With another scale. */
  public Guidance withScale(double value) {
    return new Guidance(value, channels, interval);
  }

  /** On other channels. */
  public Guidance withChannels(GuidedChannels value) {
    return new Guidance(scale, value, interval);
  }

  /** At other noise levels. */
  public Guidance withInterval(GuidanceInterval value) {
    return new Guidance(scale, channels, value);
  }
}
