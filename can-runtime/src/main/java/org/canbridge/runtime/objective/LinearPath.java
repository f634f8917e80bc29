package org.canbridge.runtime.objective;

/**
 * The straight path of flow matching and rectified flows (Lipman et al. 2023; Liu et al. 2023):
 * {@code alpha = 1 - time, sigma = time}.
 *
 * @param scale what the network is given
 */
public record LinearPath(TimeScale scale) implements NoisePath {

  @Override
  public NoiseLevel at(double time) {
    return new NoiseLevel(scale.timestep(time), 1 - time, time, -1, 1);
  }

  @Override
  public double timeOf(double lambda) {
    return 1 / (1 + Math.exp(lambda));
  }
}
