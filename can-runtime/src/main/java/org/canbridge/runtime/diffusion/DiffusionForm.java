package org.canbridge.runtime.diffusion;

import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.tensors.files.Words;

/**
 * How much noise a stochastic run replaces at each time, w in {@code dx = (v + w score) dt + sqrt(2
 * w) dW}: every w leads to the same images in the end (Ma et al. 2024, section 3.4). Time t is the
 * authors' there, from noise to the image.
 */
public enum DiffusionForm {
  /** The norm everywhere. */
  CONSTANT("constant") {
    @Override
    double of(NoiseLevel level, double time, double norm) {
      return norm;
    }
  },
  /**
   * Half the square of the noise that the path itself adds: the reverse equation of its process.
   */
  SBDM("sbdm") {
    @Override
    double of(NoiseLevel level, double time, double norm) {
      double sigma = level.sigma();
      return norm * sigma * (level.sigmaRate() - sigma * level.alphaRate() / level.alpha());
    }
  },
  /** The noise's factor. */
  SIGMA("sigma") {
    @Override
    double of(NoiseLevel level, double time, double norm) {
      return norm * level.sigma();
    }
  },
  /** {@code 1 - t}. */
  LINEAR("linear") {
    @Override
    double of(NoiseLevel level, double time, double norm) {
      return norm * time;
    }
  },
  /** {@code (cos(pi t) + 1)^2 / 4}; the norm stands at the cosine. */
  DECREASING("decreasing") {
    @Override
    double of(NoiseLevel level, double time, double norm) {
      return 0.25 * Math.pow(norm * Math.cos(Math.PI * (1 - time)) + 1, 2);
    }
  },
  /** {@code sin(pi t)^2}. */
  INCREASING_DECREASING("increasing-decreasing") {
    @Override
    double of(NoiseLevel level, double time, double norm) {
      return norm * Math.pow(Math.sin(Math.PI * (1 - time)), 2);
    }
  };

  private final String text;

  DiffusionForm(String text) {
    this.text = text;
  }

  /**
   * The share w.
   *
   * @param time the path's, 0 (clean) to 1 (noise)
   * @param norm scales it
   */
  abstract double of(NoiseLevel level, double time, double norm);

  /** The name on the command line. */
  @Override
  public String toString() {
    return text;
  }

  /**
   * The constant of this name.
   *
   * @throws IllegalArgumentException if there is none; the message lists the names
   */
  public static DiffusionForm parse(String text) {
    return Words.constant(
        values(), DiffusionForm::toString, text, "there is no diffusion form '%s'; there are %s");
  }
}
