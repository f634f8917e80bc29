package org.canbridge.runtime.objective;

/**
 * What a network predicts about a state {@code x = alpha x_0 + sigma eps}: a linear function of
 * image and noise, so that with the state it tells both.
 */
public enum Parameterization {
  /** The noise eps (Ho et al. 2020). */
  EPSILON {
    @Override
    public Target target(NoiseLevel level) {
      return new Target(0, 1);
    }

    @Override
    public Estimate estimate(NoiseLevel level) {
      return level.single()
          ? new Estimate((float) (1 / level.alpha()), -(float) level.ratio(), 0, 1)
          : new Estimate(1 / level.alpha(), -level.sigma() / level.alpha(), 0, 1);
    }
  },
  /** The clean image x_0. */
  CLEAN {
    @Override
    public Target target(NoiseLevel level) {
      return new Target(1, 0);
    }

    @Override
    public Estimate estimate(NoiseLevel level) {
      if (level.single()) {
        float scale = (float) (1 / level.alpha());
        float ratio = (float) level.ratio();
        return new Estimate(0, 1, (double) scale / ratio, -1.0 / ratio);
      }
      return new Estimate(0, 1, 1 / level.sigma(), -level.alpha() / level.sigma());
    }
  },
  /** {@code v = alpha eps - sigma x_0} on a variance-preserving path (Salimans and Ho 2022). */
  V {
    @Override
    public Target target(NoiseLevel level) {
      return new Target(-level.sigma(), level.alpha());
    }

    @Override
    public Estimate estimate(NoiseLevel level) {
      return new Estimate(level.alpha(), -level.sigma(), level.sigma(), level.alpha());
    }
  },
  /** The velocity {@code dx / dtime} of the path: diffusers' flow models. */
  VELOCITY_TO_NOISE {
    @Override
    public Target target(NoiseLevel level) {
      return new Target(level.alphaRate(), level.sigmaRate());
    }

    @Override
    public Estimate estimate(NoiseLevel level) {
      return velocity(level, 1);
    }
  },
  /** The velocity in a time that runs from noise to the image: SiT. */
  VELOCITY_TO_IMAGE {
    @Override
    public Target target(NoiseLevel level) {
      return new Target(-level.alphaRate(), -level.sigmaRate());
    }

    @Override
    public Estimate estimate(NoiseLevel level) {
      return velocity(level, -1);
    }
  },
  /** The score, {@code -eps / sigma}. */
  SCORE {
    @Override
    public Target target(NoiseLevel level) {
      return new Target(0, -1 / level.sigma());
    }

    @Override
    public Estimate estimate(NoiseLevel level) {
      double sigma = level.sigma();
      return new Estimate(1 / level.alpha(), sigma * sigma / level.alpha(), 0, -sigma);
    }
  };

  /**
   * The right output for an image and a noise, {@code clean x_0 + noise eps}.
   *
   * @param clean the image's factor
   * @param noise the noise's factor
   */
  public record Target(double clean, double noise) {}

  /**
   * Image and noise from a state and an output: {@code x_0 = cleanOfState x + cleanOfOutput out},
   * {@code eps = noiseOfState x + noiseOfOutput out}. The only place where a factor may be divided
   * by alpha; where alpha is 0, a network that predicts the noise cannot tell the image.
   *
   * @param cleanOfState the state's factor in the image
   * @param cleanOfOutput the output's factor in the image
   * @param noiseOfState the state's factor in the noise
   * @param noiseOfOutput the output's factor in the noise
   */
  public record Estimate(
      double cleanOfState, double cleanOfOutput, double noiseOfState, double noiseOfOutput) {}

  /** What the network is trained to give at a level. */
  public abstract Target target(NoiseLevel level);

  /** What an output stands for at a level. */
  public abstract Estimate estimate(NoiseLevel level);

  /** Solves {@code x = alpha x_0 + sigma eps, sign out = alpha' x_0 + sigma' eps}. */
  private static Estimate velocity(NoiseLevel level, double sign) {
    double determinant = level.alpha() * level.sigmaRate() - level.sigma() * level.alphaRate();
    return new Estimate(
        level.sigmaRate() / determinant,
        -sign * level.sigma() / determinant,
        -level.alphaRate() / determinant,
        sign * level.alpha() / determinant);
  }
}
