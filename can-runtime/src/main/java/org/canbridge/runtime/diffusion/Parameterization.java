package org.canbridge.runtime.diffusion;

import java.util.Arrays;
import java.util.stream.Collectors;

/** What a network predicts about a state {@code x = alpha x_0 + sigma eps}. */
public enum Parameterization {
  /** The noise eps (Ho et al. 2020); diffusers calls it {@code epsilon}. */
  EPSILON("epsilon") {
    @Override
    Latents epsilon(Latents x, Latents output, NoiseLevel level) {
      return output;
    }
  },
  /**
   * The velocity {@code alpha eps - sigma x_0} (Salimans and Ho 2022); diffusers calls it {@code
   * v_prediction}.
   */
  VELOCITY("v_prediction") {
    @Override
    Latents epsilon(Latents x, Latents output, NoiseLevel level) {
      return Combination.of(level.alpha(), output).plus(level.sigma(), x).sum();
    }
  },
  /** The clean image x_0; diffusers calls it {@code sample}. */
  CLEAN("sample") {
    @Override
    Latents epsilon(Latents x, Latents output, NoiseLevel level) {
      return level.epsilon(x, output);
    }
  };

  private final String text;

  Parameterization(String text) {
    this.text = text;
  }

  /** The noise that an output stands for, {@code (B, C, H, W)} like x and the output. */
  abstract Latents epsilon(Latents x, Latents output, NoiseLevel level);

  /** The name in diffusers' scheduler configurations. */
  @Override
  public String toString() {
    return text;
  }

  /**
   * The constant of a name in diffusers' scheduler configurations.
   *
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static Parameterization parse(String text) {
    for (Parameterization each : values()) {
      if (each.text.equals(text)) {
        return each;
      }
    }
    throw new IllegalArgumentException(
        "there is no prediction type '"
            + text
            + "'; there are "
            + Arrays.stream(values())
                .map(Parameterization::toString)
                .collect(Collectors.joining(", ")));
  }
}
