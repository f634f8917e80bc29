package org.canbridge.runtime.diffusion;

import java.util.Optional;

/**
 * A network that predicts the noise, with or without a learned variance in the second half of its
 * channels; which of the two is read off the size of its output.
 */
public final class EpsilonDenoiser implements Denoiser {
  private final DenoisingNetwork network;

  /** Adapts the network, which the caller closes. */
  public EpsilonDenoiser(DenoisingNetwork network) {
    this.network = network;
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalStateException if the network gives neither C nor 2C channels
   */
  @Override
  public Prediction predict(Latents x, double timestep) {
    double[] output = network.forward(x, timestep);
    int values = x.values().length;
    if (output.length == values) {
      return new Prediction(new Latents(x.shape(), output), Optional.empty());
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
    return new Prediction(half(x, output, 0), Optional.of(half(x, output, 1)));
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
