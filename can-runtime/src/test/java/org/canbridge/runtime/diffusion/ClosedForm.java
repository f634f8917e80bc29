package org.canbridge.runtime.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;

/**
 * The function that stood for a network when most reference runs were recorded: {@code eps_c} and
 * {@code v_c} of their reference.json.
 */
final class ClosedForm {
  private ClosedForm() {}

  /**
   * The network.
   *
   * @param labels the rows' classes y, 0 where the run had none
   * @param learnsVariance whether {@code v_c} follows in the second half of the channels
   */
  static DenoisingNetwork network(long[] labels, boolean learnsVariance) {
    return (x, timestep) -> {
      assertEquals(labels.length, x.batch());
      int size = x.shape().size();
      int halves = learnsVariance ? 2 : 1;
      double u = timestep / 1000;
      double w = (1 - u) * (1 - u);
      double[] output = new double[halves * x.values().length];
      for (int i = 0; i < x.values().length; i++) {
        int row = i / size;
        int c = i / x.shape().plane() % x.shape().channels();
        double value = x.get(i);
        double y = labels[row];
        int at = i + row * (halves - 1) * size;
        output[at] =
            (1 - 0.5 * w) * value + 0.6 * w * Math.sin(1.5 * value + 6 * u + 0.4 * c + 0.3 * y);
        if (learnsVariance) {
          output[at + size] = 0.8 * Math.cos(value + 3 * u - 0.3 * c + 0.2 * y);
        }
      }
      return output;
    };
  }
}
