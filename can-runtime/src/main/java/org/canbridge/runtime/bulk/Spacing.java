package org.canbridge.runtime.bulk;

import java.util.Optional;
import org.canbridge.runtime.diffusion.TimestepSpacing;

/**
 * How a solver's noise levels are spread.
 *
 * @param timesteps over the timesteps; empty for the noise levels of Karras et al.
 */
public record Spacing(Optional<TimestepSpacing> timesteps) {
  private static final String KARRAS = "karras";

  /**
   * Reads {@code karras} or the name of a {@link TimestepSpacing}.
   *
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static Spacing parse(String text) {
    return new Spacing(
        text.equals(KARRAS) ? Optional.empty() : Optional.of(TimestepSpacing.parse(text)));
  }

  /** The name. */
  @Override
  public String toString() {
    return timesteps.map(TimestepSpacing::toString).orElse(KARRAS);
  }
}
