package org.canbridge.runtime.engine;

/**
 * Settings of the optimizer: AdamW (Loshchilov and Hutter, ICLR 2019).
 *
 * @param beta1 decay of the gradients' average
 * @param beta2 decay of their squares' average
 * @param eps added to the root of the latter
 * @param weightDecay share of a weight that goes at each step, times the learning rate
 * @param clip largest norm of all gradients together; larger ones are scaled down; 0 for no limit
 */
public record AdamW(double beta1, double beta2, double eps, double weightDecay, double clip) {
  /** What PyTorch's {@code clip_grad_norm_} adds to the norm. */
  private static final double CLIP_EPS = 1e-6;

  /** Checks the numbers. */
  public AdamW {
    boolean betas = beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1;
    if (!betas || !(eps > 0) || !(weightDecay >= 0) || !(clip >= 0)) {
      throw new IllegalArgumentException(
          "AdamW cannot run with betas "
              + beta1
              + ", "
              + beta2
              + ", eps "
              + eps
              + ", weight decay "
              + weightDecay
              + ", clip "
              + clip);
    }
  }

  /** By what gradients of this norm are divided: 1 if they are within the limit. */
  public double divisor(double norm) {
    return clip == 0 ? 1 : Math.max(1, (norm + CLIP_EPS) / clip);
  }
}
