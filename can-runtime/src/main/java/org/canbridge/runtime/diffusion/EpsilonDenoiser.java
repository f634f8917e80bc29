package org.canbridge.runtime.diffusion;

import java.util.Optional;

/**
 * The noise, whatever it is that the network predicts. A learned variance may stand in the second
 * half of the network's channels; whether it does is read off the size of its output.
 */
public final class EpsilonDenoiser implements Denoiser {
  private final DenoisingNetwork network;
  private final Parameterization parameterization;

  /** Adapts a network that predicts the noise itself; the caller closes it. */
  public EpsilonDenoiser(DenoisingNetwork network) {
    this(network, Parameterization.EPSILON);
  }

  /** Adapts a network, which the caller closes. */
  public EpsilonDenoiser(DenoisingNetwork network, Parameterization parameterization) {
    this.network = network;
    this.parameterization = parameterization;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalStateException if the network gives neither C nor 2C channels
   */
  @Override
  public Prediction predict(Latents x, NoiseLevel level) {
    double[] output = network.forward(x, level.timestep());
    int values = x.values().length;
    if (output.length == values) {
      Latents all = new Latents(x.shape(), output);
      return new Prediction(parameterization.epsilon(x, all, level), Optional.empty());
    }
    if (output.length != 2L * values) {
      throw new IllegalStateException(
          "the network gave "
              + output.length
              + " values for "
              + x
              + ", not "
              + values
              + " or twice");
    }
    return new Prediction(
        parameterization.epsilon(x, half(x, output, 0), level), Optional.of(half(x, output, 1)));
  }

  private static Latents half(Latents x, double[] output, int which) {
    int size = x.shape().size();
    double[] half = new double[x.values().length];
    for (int row = 0; row < x.batch(); row++) {
      System.arraycopy(output, (2 * row + which) * size, half, row * size, size);
    }
    return new Latents(x.shape(), half);
  }
}
