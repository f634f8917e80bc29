package org.canbridge.runtime.diffusion;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Everything that decides what a run of a given network draws, but the labels. Start from {@link
 * #of} and change what differs:
 *
 * <pre>{@code
 * SamplingSettings.of(SolverName.DDIM, Respacing.even(50)).withGuidance(4).withSeed(7)
 * }</pre>
 *
 * @param solver the solver
 * @param respacing which timesteps are visited
 * @param eta noise of {@link Ddim}, 0..1; other solvers do not look at it
 * @param fixedVariance variance of {@link Ddpm} for networks that learned none
 * @param clipDenoised whether the estimate of the clean image is limited to -1..1 at each step
 * @param guidanceScale scale of {@link ClassifierFreeGuidance}; 1 is no guidance
 * @param guidedChannels the channels that guidance acts on
 * @param seed seed of the start and of the steps' noise
 */
public record SamplingSettings(
    SolverName solver,
    Respacing respacing,
    double eta,
    Ddpm.FixedVariance fixedVariance,
    boolean clipDenoised,
    double guidanceScale,
    GuidedChannels guidedChannels,
    long seed) {

  /**
   * Checks what can be checked without a schedule.
   *
   * @throws IllegalArgumentException if eta leaves 0..1 or the guidance scale is not finite
   */
  public SamplingSettings {
    Objects.requireNonNull(solver);
    Objects.requireNonNull(respacing);
    Objects.requireNonNull(fixedVariance);
    Objects.requireNonNull(guidedChannels);
    if (!(eta >= 0 && eta <= 1)) {
      throw new IllegalArgumentException("eta must lie in 0..1, not " + eta);
    }
    if (!Double.isFinite(guidanceScale)) {
      throw new IllegalArgumentException("the guidance scale must be finite, not " + guidanceScale);
    }
  }

  /**
   * The DiT code's choices: eta 0, the large variance, nothing clipped, no guidance (but on all
   * channels if there is), seed 0.
   */
  public static SamplingSettings of(SolverName solver, Respacing respacing) {
    return new SamplingSettings(
        solver, respacing, 0, Ddpm.FixedVariance.LARGE, false, 1, GuidedChannels.ALL, 0);
  }

  /** With another eta. */
  public SamplingSettings withEta(double value) {
    return new SamplingSettings(
        solver, respacing, value, fixedVariance, clipDenoised, guidanceScale, guidedChannels, seed);
  }

  /** With another fixed variance. */
  public SamplingSettings withFixedVariance(Ddpm.FixedVariance value) {
    return new SamplingSettings(
        solver, respacing, eta, value, clipDenoised, guidanceScale, guidedChannels, seed);
  }

  /** With or without clipping. */
  public SamplingSettings withClipDenoised(boolean value) {
    return new SamplingSettings(
        solver, respacing, eta, fixedVariance, value, guidanceScale, guidedChannels, seed);
  }

  /** With guidance of another scale. */
  public SamplingSettings withGuidance(double scale) {
    return new SamplingSettings(
        solver, respacing, eta, fixedVariance, clipDenoised, scale, guidedChannels, seed);
  }

  /** With guidance on other channels. */
  public SamplingSettings withGuidedChannels(GuidedChannels value) {
    return new SamplingSettings(
        solver, respacing, eta, fixedVariance, clipDenoised, guidanceScale, value, seed);
  }

  /** With another seed. */
  public SamplingSettings withSeed(long value) {
    return new SamplingSettings(
        solver, respacing, eta, fixedVariance, clipDenoised, guidanceScale, guidedChannels, value);
  }

  /** Whether a step needs the null condition, too. */
  public boolean isGuided() {
    return guidanceScale != 1;
  }

  /** The settings as text by name, in the order in which people read them: for picture files. */
  public Map<String, String> describe() {
    Map<String, String> text = new LinkedHashMap<>();
    text.put("sampler", solver.toString());
    text.put("steps", respacing.toString());
    solver.describe(this, text);
    text.put("clip_denoised", Boolean.toString(clipDenoised));
    text.put("cfg_scale", Double.toString(guidanceScale));
    text.put("cfg_channels", guidedChannels.toString());
    text.put("seed", Long.toString(seed));
    return text;
  }
}
