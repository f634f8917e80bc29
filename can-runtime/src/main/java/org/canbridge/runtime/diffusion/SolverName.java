package org.canbridge.runtime.diffusion;

import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/** The solvers by the names they have on the command line; a new solver is one constant more. */
public enum SolverName {
  /** {@link Ddpm}. */
  DDPM("ddpm") {
    @Override
    Solver create(NoiseSchedule respaced, SamplingSettings settings) {
      return new Ddpm(respaced, settings.fixedVariance(), settings.clipDenoised());
    }

    @Override
    void describe(SamplingSettings settings, Map<String, String> text) {
      boolean large = settings.fixedVariance() == Ddpm.FixedVariance.LARGE;
      text.put("fixed_variance", large ? "large" : "small");
    }
  },
  /** {@link Ddim}. */
  DDIM("ddim") {
    @Override
    Solver create(NoiseSchedule respaced, SamplingSettings settings) {
      return new Ddim(respaced, settings.eta(), settings.clipDenoised());
    }

    @Override
    void describe(SamplingSettings settings, Map<String, String> text) {
      text.put("eta", Double.toString(settings.eta()));
    }
  };

  private final String text;

  SolverName(String text) {
    this.text = text;
  }

  /** The solver on a schedule that was respaced to the run's steps. */
  abstract Solver create(NoiseSchedule respaced, SamplingSettings settings);

  /** Adds the settings that this solver alone looks at. */
  abstract void describe(SamplingSettings settings, Map<String, String> text);

  /** The name on the command line. */
  @Override
  public String toString() {
    return text;
  }

  /**
   * The constant of this name.
   *
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static SolverName parse(String text) {
    for (SolverName each : values()) {
      if (each.text.equals(text)) {
        return each;
      }
    }
    throw new IllegalArgumentException(
        "there is no sampler '"
            + text
            + "'; there are "
            + Arrays.stream(values()).map(SolverName::toString).collect(Collectors.joining(", ")));
  }
}
