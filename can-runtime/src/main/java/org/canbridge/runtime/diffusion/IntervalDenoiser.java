package org.canbridge.runtime.diffusion;

import org.canbridge.runtime.objective.NoiseLevel;

/**
 * One denoiser at the noise levels of an interval, another elsewhere: guidance where it helps, half
 * the rows where it does not.
 *
 * @param interval the levels
 * @param inside asked there
 * @param outside asked elsewhere
 */
record IntervalDenoiser(GuidanceInterval interval, Denoiser inside, Denoiser outside)
    implements Denoiser {

  @Override
  public Prediction predict(Latents x, NoiseLevel level) {
    return (interval.contains(level) ? inside : outside).predict(x, level);
  }
}
