package org.canbridge.runtime.objective;

/**
 * What a network is given for the time on a path, linear between its ends: the authors' way of
 * counting.
 *
 * @param clean for time 0, the clean image
 * @param noise for time 1, pure noise
 */
public record TimeScale(double clean, double noise) {

  /** What the network is given at a time. */
  public double timestep(double time) {
    return clean + time * (noise - clean);
  }

  /** Whether the authors' time runs from noise to the image. */
  public boolean runsToTheImage() {
    return noise < clean;
  }
}
