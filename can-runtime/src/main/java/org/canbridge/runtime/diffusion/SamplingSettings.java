package org.canbridge.runtime.diffusion;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.apiguardian.api.API;
import org.canbridge.runtime.objective.Respacing;

/**
 * Everything that decides what a run of a given network draws, but the labels. Start from {@link
 * #of} and change what differs:
 *
 * <pre>{@code
 * SamplingSettings.of(SolverName.DDIM, Respacing.even(50)).withGuidance(4).withSeed(7)
 * }</pre>
 *
 * @param solver the solver, by name or as a scheduler's configuration describes it
 * @param respacing which timesteps are visited; for solvers other than DDPM and DDIM a plain number
 *     of steps ({@code dpm-solver}: of calls)
 * @param options what only some solvers look at
 * @param clipDenoised whether the estimate of the clean image is limited to -1..1 at each step
 * @param guidance classifier-free guidance
 * @param seed seed of the start and of the steps' noise
 */
@API(status = API.Status.STABLE)
public record SamplingSettings(
    SolverChoice solver,
    Respacing respacing,
    SolverOptions options,
    boolean clipDenoised,
    Guidance guidance,
    long seed) {

  /** Refuses null. */
  public SamplingSettings {
    Objects.requireNonNull(solver);
    Objects.requireNonNull(respacing);
    Objects.requireNonNull(options);
    Objects.requireNonNull(guidance);
  }

  /**
   * The usual choices: {@link SolverOptions#DEFAULTS}, nothing clipped, no guidance (but on all
   * channels if there is), seed 0.
   */
  public static SamplingSettings of(SolverChoice solver, Respacing respacing) {
    return new SamplingSettings(solver, respacing, SolverOptions.DEFAULTS, false, Guidance.NONE, 0);
  }

  /** With other options. */
  public SamplingSettings withOptions(SolverOptions value) {
    return new SamplingSettings(solver, respacing, value, clipDenoised, guidance, seed);
  }

  /** With or without clipping. */
  public SamplingSettings withClipDenoised(boolean value) {
    return new SamplingSettings(solver, respacing, options, value, guidance, seed);
  }

  /** With other guidance. */
  public SamplingSettings withGuidance(Guidance value) {
    return new SamplingSettings(solver, respacing, options, clipDenoised, value, seed);
  }

  /** With guidance of another scale. */
  public SamplingSettings withGuidance(double scale) {
    return withGuidance(guidance.withScale(scale));
  }

  /** With another seed. */
  public SamplingSettings withSeed(long value) {
    return new SamplingSettings(solver, respacing, options, clipDenoised, guidance, value);
  }

  /** The settings as text by name, in the order in which people read them: for picture files. */
  public Map<String, String> describe() {
    Map<String, String> text = new LinkedHashMap<>();
    text.put("sampler", solver.toString());
    text.put("steps", respacing.toString());
    solver.describe(options, text);
    text.put("clip_denoised", Boolean.toString(clipDenoised));
    text.put("cfg_scale", Double.toString(guidance.scale()));
    text.put("cfg_channels", guidance.channels().toString());
    if (!guidance.interval().equals(GuidanceInterval.ALWAYS)) {
      text.put("cfg_interval", guidance.interval().toString());
    }
    text.put("seed", Long.toString(seed));
    return text;
  }
}
