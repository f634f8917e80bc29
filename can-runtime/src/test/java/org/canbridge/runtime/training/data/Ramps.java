package org.canbridge.runtime.training.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.canbridge.runtime.diffusion.RandomStream;

/** The values in {@code fixtures/data/features}: element j of array i is (1000 i + j) / 64. */
final class Ramps {
  private Ramps() {}

  static float[] of(int index, int count) {
    float[] values = new float[count];
    for (int j = 0; j < count; j++) {
      values[j] = (1000 * index + j) / 64f;
    }
    return values;
  }

  /** Checks what is sampled from moments (mean, logvar): by the formula, in float64. */
  static void assertSampled(float[] moments, double scale, ExampleRandom random, float[] found) {
    assertEquals(moments.length / 2, found.length);
    RandomStream noise = random.noise();
    for (int i = 0; i < found.length; i++) {
      double logVariance = Math.max(-30, Math.min(20, moments[found.length + i]));
      double value = (moments[i] + Math.exp(0.5 * logVariance) * noise.normal()) * scale;
      assertEquals(value, found[i], 1e-6 * Math.max(1, Math.abs(value)));
    }
  }
}
