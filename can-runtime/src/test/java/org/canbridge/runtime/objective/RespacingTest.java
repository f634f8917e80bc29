package org.canbridge.runtime.objective;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RespacingTest {

  @Test
  void halvesRoundToEven() {
    int[] visited = Respacing.even(667).timesteps(1000);
    // The stride is 1.5.
    assertArrayEquals(new int[] {0, 2, 3, 4, 6, 8, 9, 10}, Arrays.copyOf(visited, 8));
    assertEquals(999, visited[666]);
  }

  @Test
  void theSumAccumulatesItsRounding() {
    // Of 2..1000 steps, how many visit other timesteps than a rounded multiple of the stride would.
    long differing =
        IntStream.rangeClosed(2, 1000)
            .filter(
                steps -> {
                  double stride = 999 / (steps - 1.0);
                  int[] multiples =
                      IntStream.range(0, steps).map(i -> (int) Math.rint(i * stride)).toArray();
                  return !Arrays.equals(multiples, Respacing.even(steps).timesteps(1000));
                })
            .count();
    assertTrue(differing > 0, "no case tells the two apart");
  }

  @Test
  void ddimTakesAWholeStride() {
    assertArrayEquals(
        IntStream.range(0, 25).map(i -> 40 * i).toArray(),
        Respacing.parse("ddim25").timesteps(1000));
    assertArrayEquals(new int[] {0, 334, 668}, Respacing.parse("ddim3").timesteps(1000));
  }

  @Test
  void sectionsShareTheRemainder() {
    // 11 timesteps in sections of 4, 4 and 3.
    assertArrayEquals(new int[] {0, 3, 4, 8, 10}, Respacing.parse("2,1,2").timesteps(11));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"250|250", "10,15,20|45", "ddim25|25"})
  void textIsReadAndWritten(String text, int steps) {
    Respacing respacing = Respacing.parse(text);
    assertEquals(text, respacing.toString());
    assertEquals(respacing, Respacing.parse(text));
    assertEquals(steps, respacing.steps());
    assertEquals(steps, respacing.timesteps(1000).length);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "0", "-5", "ddim", "ddim0", "5,", "5,,5", "5, 5", "1e3", "9999999999", "x"})
  void refusesOtherText(String text) {
    assertThrows(IllegalArgumentException.class, () -> Respacing.parse(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1001", "1,501", "ddim1", "ddim600"})
  void refusesWhatTheScheduleCannotGive(String text) {
    Respacing respacing = Respacing.parse(text);
    assertThrows(IllegalArgumentException.class, () -> respacing.timesteps(1000));
  }
}
