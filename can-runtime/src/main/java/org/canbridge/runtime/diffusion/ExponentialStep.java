package org.canbridge.runtime.diffusion;

/**
 * One step of an exponential integrator: {@code x_t = ratio x - scale (phi1(e) m + phi2(e) D1 +
 * phi3(e) D2 + ...)}, where m is the integrand at the start and {@code D_k} its k-th derivative
 * times {@code h^k}. The noise and the data form are one formula here, with {@code e = h} and
 * {@code e = -h}.
 *
 * @param ratio the state's factor
 * @param scale the integrals' factor
 * @param exponent e; minus infinity for a step to the clean image
 * @param noise the factor of fresh noise, 0 for the ordinary equation
 */
record ExponentialStep(double ratio, double scale, double exponent, double noise) {

  /** {@code exp(e) - 1}. */
  double phi1() {
    return Math.expm1(exponent);
  }

  /** {@code phi1 / e - 1}. */
  double phi2() {
    return phi1() / exponent - 1;
  }

  /** {@code phi2 / e - 1/2}. */
  double phi3() {
    return phi2() / exponent - 0.5;
  }

  /** The step for a constant integrand, to which further terms are added. */
  Combination first(Latents x, Latents m) {
    return Combination.of(ratio, x).plus(-scale * phi1(), m);
  }

  /** Refuses the noise form on a grid that ends at the clean image, where e is infinite. */
  static void checkEnd(Integrand integrand, NoiseGrid grid) {
    if (integrand == Integrand.NOISE && grid.level(grid.steps()).sigma() == 0) {
      throw new IllegalArgumentException(
          "the noise form cannot end at the clean image; end at the least noisy level");
    }
  }
}
