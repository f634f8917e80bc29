package org.canbridge.runtime.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SeededNoiseTest {
  private static final ImageShape SHAPE = new ImageShape(3, 5, 7);

  @Test
  void anImagesNoiseDoesNotDependOnItsBatch() {
    SeededNoise together = SeededNoise.ofRange(42, 0, 6);
    SeededNoise shuffled = new SeededNoise(42, 4, 1);
    SeededNoise alone = new SeededNoise(42, 4);
    for (int draw = 0; draw < 3; draw++) {
      Latents all = together.next(SHAPE);
      Latents pair = shuffled.next(SHAPE);
      assertArrayEquals(all.rows(4, 5).values(), alone.next(SHAPE).values());
      assertArrayEquals(all.rows(4, 5).values(), pair.rows(0, 1).values());
      assertArrayEquals(all.rows(1, 2).values(), pair.rows(1, 2).values());
    }
  }

  @Test
  void theFirstValuesStayAsTheyAre() {
    // Whoever changes these changes every picture that people drew with a seed.
    assertArrayEquals(
        new double[] {
          0.36015929075492986, 0.4313621423310198, 0.571064215613296, -0.8222457157674155
        },
        new SeededNoise(0, 0).next(new ImageShape(1, 1, 4)).values());
    assertArrayEquals(
        new double[] {
          0.439248462814432, 0.5779306435152844, -2.5494233942306836, -3.3834051971686994
        },
        new SeededNoise(-7, 49_999).next(new ImageShape(1, 1, 4)).values());
  }

  @Test
  void theNumbersAreStandardNormal() {
    double[] values = SeededNoise.ofRange(1, 0, 4).next(new ImageShape(1, 250, 1000)).values();
    int n = values.length;
    // Five standard errors each.
    assertEquals(0, moment(values, 1), 5 * Math.sqrt(1.0 / n));
    assertEquals(1, moment(values, 2), 5 * Math.sqrt(2.0 / n));
    assertEquals(0, moment(values, 3), 5 * Math.sqrt(15.0 / n));
    assertEquals(3, moment(values, 4), 5 * Math.sqrt(96.0 / n));
    double withinOne = Arrays.stream(values).filter(v -> Math.abs(v) < 1).count() / (double) n;
    assertEquals(0.682689492137, withinOne, 5 * Math.sqrt(0.22 / n));
    double beyondThree = Arrays.stream(values).filter(v -> Math.abs(v) > 3).count() / (double) n;
    assertEquals(0.002699796063, beyondThree, 5 * Math.sqrt(0.0027 / n));
  }

  @Test
  void neighbouringImagesSeedsAndValuesAreUncorrelated() {
    ImageShape shape = new ImageShape(1, 100, 1000);
    double[] one = new SeededNoise(5, 0).next(shape).values();
    double limit = 5 / Math.sqrt(one.length);
    assertEquals(0, product(one, new SeededNoise(5, 1).next(shape).values()), limit);
    assertEquals(0, product(one, new SeededNoise(6, 0).next(shape).values()), limit);
    double[] shifted = Arrays.copyOfRange(one, 1, one.length);
    assertEquals(0, product(Arrays.copyOf(one, one.length - 1), shifted), limit);
  }

  private static double moment(double[] values, int order) {
    return Arrays.stream(values).map(v -> Math.pow(v, order)).average().orElseThrow();
  }

  private static double product(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum / a.length;
  }
}
