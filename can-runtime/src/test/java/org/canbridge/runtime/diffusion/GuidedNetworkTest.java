package org.canbridge.runtime.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.canbridge.importers.family.GuidedChannels;
import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.Parameterization;
import org.junit.jupiter.api.Test;

class GuidedNetworkTest {
  private static final double NULL_EPSILON = 1;
  private static final double EPSILON = 3;
  private static final double NULL_VARIANCE = -0.5;
  private static final double VARIANCE = 0.5;

  @Test
  void allChannelsOfTheNoiseAndNoneOfTheVariance() {
    Prediction guided = guide(4, 2, GuidedChannels.ALL);
    assertChannels(new double[] {5, 5, 5, 5}, guided.noise());
    assertChannels(new double[] {.5, .5, .5, .5}, guided.variance().orElseThrow());
  }

  @Test
  void firstThreeChannelsAsPublished() {
    Prediction guided = guide(4, 2, GuidedChannels.FIRST_THREE);
    assertChannels(new double[] {5, 5, 5, 3}, guided.noise());
    assertChannels(new double[] {.5, .5, .5, .5}, guided.variance().orElseThrow());
  }

  @Test
  void firstThreeChannelsReachIntoTheVarianceOfAGreyModelAsPublished() {
    Prediction guided = guide(1, 2, GuidedChannels.FIRST_THREE);
    assertChannels(new double[] {5}, guided.noise());
    assertChannels(new double[] {1.5}, guided.variance().orElseThrow());
  }

  @Test
  void scaleOneIsTheConditionalAndZeroTheNullPrediction() {
    assertChannels(new double[] {3, 3, 3, 3}, guide(4, 1, GuidedChannels.ALL).noise());
    assertChannels(new double[] {1, 1, 1, 1}, guide(4, 0, GuidedChannels.ALL).noise());
  }

  @Test
  void oneCallWithTheBatchTwice() {
    AtomicInteger calls = new AtomicInteger();
    Latents x = Latents.generate(2, new ImageShape(1, 1, 2), i -> i);
    DenoisingNetwork twice =
        (both, timestep) -> {
          calls.incrementAndGet();
          assertEquals(17, timestep);
          assertArrayEquals(new double[] {0, 1, 2, 3, 0, 1, 2, 3}, both.values());
          return both.values();
        };
    Prediction guided = predict(new GuidedNetwork(twice, 4, GuidedChannels.ALL), x, 17);
    assertEquals(1, calls.get());
    assertEquals(Optional.empty(), guided.variance());
    assertArrayEquals(x.values(), guided.noise().values());
  }

  @Test
  void refusesAScaleThatIsNoNumber() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new GuidedNetwork(null, Double.NaN, GuidedChannels.ALL));
  }

  @Test
  void aNetworkOfAnotherWidthIsRefused() {
    Latents x = Latents.generate(1, new ImageShape(2, 1, 2), i -> i);
    assertThrows(
        IllegalStateException.class, () -> predict((state, timestep) -> new double[6], x, 0));
  }

  /** Three rows through a network that tells conditional from null rows by their place. */
  private static Prediction guide(int channels, double scale, GuidedChannels guidedChannels) {
    ImageShape shape = new ImageShape(channels, 2, 2);
    Latents x = Latents.generate(3, shape, i -> 0);
    DenoisingNetwork twice =
        (both, timestep) -> {
          double[] output = new double[6 * 2 * shape.size()];
          for (int i = 0; i < output.length; i++) {
            boolean conditional = i < output.length / 2;
            boolean variance = i / shape.size() % 2 == 1;
            output[i] =
                variance
                    ? conditional ? VARIANCE : NULL_VARIANCE
                    : conditional ? EPSILON : NULL_EPSILON;
          }
          return output;
        };
    return predict(new GuidedNetwork(twice, scale, guidedChannels), x, 0);
  }

  private static Prediction predict(DenoisingNetwork network, Latents x, double timestep) {
    return new NetworkDenoiser(network, Parameterization.EPSILON)
        .predict(x, NoiseLevel.ofAlphaCumprod(timestep, 0.5));
  }

  private static void assertChannels(double[] expected, Latents actual) {
    int plane = actual.shape().plane();
    assertEquals(3, actual.batch());
    double[] all = new double[actual.values().length];
    Arrays.setAll(all, i -> expected[i / plane % expected.length]);
    assertArrayEquals(all, actual.values(), 1e-15);
  }
}
