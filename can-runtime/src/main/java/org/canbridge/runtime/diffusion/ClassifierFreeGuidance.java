package org.canbridge.runtime.diffusion;

/**
 * Classifier-free guidance (Ho and Salimans 2022) in the form {@code null + scale * (conditional -
 * null)}: scale 1 is no guidance. Both predictions come from ONE call with 2B rows, the conditional
 * ones first. Channels that are not guided, the learned variance among them, are the conditional
 * rows'.
 */
public final class ClassifierFreeGuidance implements Denoiser {
  private final Denoiser twice;
  private final double scale;
  private final GuidedChannels channels;

  /**
   * Guides a denoiser.
   *
   * @param twice a denoiser of 2B rows: B conditions, then the null condition B times
   * @param scale guidance scale, finite
   * @param channels what it acts on
   */
  public ClassifierFreeGuidance(Denoiser twice, double scale, GuidedChannels channels) {
    if (!Double.isFinite(scale)) {
      throw new IllegalArgumentException("the guidance scale must be finite, not " + scale);
    }
    this.twice = twice;
    this.scale = scale;
    this.channels = channels;
  }

  @Override
  public Prediction predict(Latents x, NoiseLevel level) {
    Prediction both = twice.predict(x.twice(), level);
    int count = x.shape().channels();
    return new Prediction(
        guide(both.epsilon(), channels.ofEpsilon(count)),
        both.variance().map(v -> guide(v, channels.ofVariance(count))));
  }

  /** The guided rows {@code (B, C, H, W)} of {@code (2B, C, H, W)}. */
  private Latents guide(Latents both, int guided) {
    int batch = both.batch() / 2;
    int size = both.shape().size();
    int limit = guided * both.shape().plane();
    return Latents.generate(
        batch,
        both.shape(),
        i -> {
          double conditional = both.get(i);
          double unconditional = both.get(batch * size + i);
          return i % size < limit
              ? unconditional + scale * (conditional - unconditional)
              : conditional;
        });
  }
}
