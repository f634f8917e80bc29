package org.canbridge.runtime.diffusion;

/** Standard normal numbers for the rows of one batch, a fresh set with every call. */
@FunctionalInterface
public interface NoiseSource {

  /**
   * The next standard normal numbers, independent of all before.
   *
   * @param shape the shape of one row; the number of rows is the source's
   * @return {@code (B, C, H, W)}
   */
  Latents next(ImageShape shape);
}
