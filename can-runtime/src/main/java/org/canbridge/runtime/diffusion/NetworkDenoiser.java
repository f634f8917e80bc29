package org.canbridge.runtime.diffusion;

import java.util.Optional;
import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.Parameterization;

/**
 * Image and noise, whatever it is that the network predicts. A learned variance may stand in the
 * second half of the network's channels; whether it does is read off the size of its output.
 *
 * @param network the network; the caller closes it
 * @param parameterization what it predicts
 */
public record NetworkDenoiser(DenoisingNetwork network, Parameterization parameterization)
    implements Denoiser {

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
      return Prediction.of(parameterization, x, all, level, Optional.empty());
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
    return Prediction.of(
        parameterization, x, half(x, output, 0), level, Optional.of(half(x, output, 1)));
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
