package org.canbridge.runtime.diffusion;

import org.canbridge.importers.family.GuidedChannels;

/**
 * Classifier-free guidance (Ho and Salimans 2022) of a network's output in the form {@code null +
 * scale * (conditional - null)}: scale 1 is no guidance. Both outputs come from ONE call with 2B
 * rows, the conditional ones first. Channels that are not guided, the learned variance among them,
 * are the conditional rows'. What a network predicts is linear in image and noise, so that guiding
 * its output guides both.
 *
 * @param twice a network of 2B rows: B conditions, then the null condition B times; the caller
 *     closes it
 * @param scale guidance scale, finite
 * @param channels what it acts on
 */
public record GuidedNetwork(DenoisingNetwork twice, double scale, GuidedChannels channels)
    implements DenoisingNetwork {

  /**
   * Checks the scale.
   *
   * @throws IllegalArgumentException if it is not finite
   */
  public GuidedNetwork {
    if (!Double.isFinite(scale)) {
      throw new IllegalArgumentException("the guidance scale must be finite, not " + scale);
    }
  }

  @Override
  public double[] forward(Latents x, double timestep) {
    double[] both = twice.forward(x.twice(), timestep);
    double[] guided = new double[both.length / 2];
    int row = guided.length / x.batch();
    int channels = x.shape().channels();
    int limit = this.channels.of(channels, row / x.shape().plane()) * x.shape().plane();
    for (int i = 0; i < guided.length; i++) {
      double conditional = both[i];
      double unconditional = both[guided.length + i];
      guided[i] =
          i % row < limit ? unconditional + scale * (conditional - unconditional) : conditional;
    }
    return guided;
  }
}
