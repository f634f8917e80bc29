package org.canbridge.runtime.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.canbridge.importers.family.GuidedChannels;
import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.objective.NoiseSchedule;
import org.canbridge.runtime.objective.Respacing;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SamplerTest {
  private static final ImageShape SHAPE = new ImageShape(4, 2, 3);
  private static final int NULL_LABEL = 10;

  private static final Guidance FIRST_THREE =
      Guidance.NONE.withScale(2).withChannels(GuidedChannels.FIRST_THREE);

  private final FakeNetwork network = new FakeNetwork();
  private final Sampler sampler =
      new Sampler(network, SHAPE, PublishedSchedules.dit(), ClassLabels.withNull(NULL_LABEL));

  @ParameterizedTest
  @EnumSource
  void theBatchDoesNotMatter(SolverName solver) {
    SamplingSettings settings = withEta(settings(solver), 0.5).withGuidance(3).withSeed(99);
    Latents together = sample(settings, new long[] {1, 2, 3, 4}, 20);
    for (int image = 0; image < 4; image++) {
      Latents alone = sample(settings, new long[] {image + 1}, 20 + image);
      assertArrayEquals(together.rows(image, image + 1).values(), alone.values());
    }
  }

  @Test
  void labelsSeedGuidanceAndSolverMatter() {
    SamplingSettings settings = settings(SolverName.DDIM);
    double[] base = sample(settings, new long[] {1}, 0).values();
    assertArrayEquals(base, sample(settings, new long[] {1}, 0).values());
    List<double[]> others =
        List.of(
            sample(settings, new long[] {2}, 0).values(),
            sample(settings, new long[] {1}, 1).values(),
            sample(settings.withSeed(1), new long[] {1}, 0).values(),
            sample(withEta(settings, 1), new long[] {1}, 0).values(),
            sample(settings.withClipDenoised(true), new long[] {1}, 0).values(),
            sample(settings.withGuidance(2), new long[] {1}, 0).values(),
            sample(settings.withGuidance(FIRST_THREE), new long[] {1}, 0).values(),
            sample(settings(SolverName.DDPM), new long[] {1}, 0).values());
    for (int i = 0; i < others.size(); i++) {
      assertFalse(Arrays.equals(base, others.get(i)), "change " + i);
    }
    assertFalse(Arrays.equals(others.get(5), others.get(6)), "guided channels");
  }

  @Test
  void withoutGuidanceThereIsNoNullRow() {
    sample(settings(SolverName.DDPM), new long[] {3, 4}, 0);
    assertEquals(List.of("[3, 4]"), network.bound);
    assertEquals(5, network.calls);
    assertEquals(1, network.closed);
  }

  @Test
  void withGuidanceNullRowsFollowInTheSameCall() {
    sample(settings(SolverName.DDPM).withGuidance(1.5), new long[] {3, 4}, 0);
    assertEquals(List.of("[3, 4, 10, 10]"), network.bound);
    assertEquals(5, network.calls);
  }

  @Test
  void everyStepIsTold() {
    List<String> told = new ArrayList<>();
    sampler.sample(
        settings(SolverName.DDIM),
        new long[] {0},
        0,
        step -> told.add(step.done() + "/" + step.of() + " t=" + (int) step.timestep()),
        () -> false);
    assertEquals(List.of("1/5 t=999", "2/5 t=749", "3/5 t=500", "4/5 t=250", "5/5 t=0"), told);
  }

  @Test
  void cancellingStopsBeforeTheNextCallAndClosesTheNetwork() {
    assertThrows(
        CancellationException.class,
        () ->
            sampler.sample(
                settings(SolverName.DDIM),
                new long[] {0},
                0,
                StepListener.NONE,
                () -> network.calls == 2));
    assertEquals(2, network.calls);
    assertEquals(1, network.closed);
  }

  @Test
  void refusesLabelsOutOfRange() {
    for (long[] labels : new long[][] {{}, {-1}, {0, 11}}) {
      assertThrows(
          IllegalArgumentException.class, () -> sample(settings(SolverName.DDPM), labels, 0));
    }
    assertEquals(List.of(), network.bound);
  }

  @Test
  void refusesSettingsThatMakeNoSense() {
    SamplingSettings settings = settings(SolverName.DDIM);
    assertThrows(IllegalArgumentException.class, () -> withEta(settings, 2));
    assertThrows(IllegalArgumentException.class, () -> settings.withGuidance(Double.NaN));
  }

  @Test
  void settingsDescribeThemselves() {
    SamplingSettings settings =
        SamplingSettings.of(SolverName.DDIM, Respacing.parse("ddim25"))
            .withGuidance(FIRST_THREE.withScale(4))
            .withSeed(-3);
    assertEquals(
        "{sampler=ddim, steps=ddim25, eta=0.0, clip_denoised=false, cfg_scale=4.0,"
            + " cfg_channels=first-three, seed=-3}",
        settings.describe().toString());
    assertEquals(
        "small",
        settings(SolverName.DDPM)
            .withOptions(SolverOptions.DEFAULTS.withFixedVariance(Ddpm.FixedVariance.SMALL))
            .describe()
            .get("fixed_variance"));
  }

  @Test
  void namesAreReadBack() {
    for (SolverName name : SolverName.values()) {
      assertEquals(name, SolverName.parse(name.toString()));
    }
    for (GuidedChannels name : GuidedChannels.values()) {
      assertEquals(name, GuidedChannels.parse(name.toString()));
    }
    String message =
        assertThrows(IllegalArgumentException.class, () -> SolverName.parse("plms")).getMessage();
    assertTrue(message.contains("'plms'") && message.contains("ddpm, ddim"), message);
    assertThrows(IllegalArgumentException.class, () -> GuidedChannels.parse("4"));
  }

  @Test
  void outsideItsIntervalGuidanceIsNotAskedFor() {
    NoiseSchedule schedule = PublishedSchedules.linear(1000);
    GuidanceInterval middle =
        new GuidanceInterval(schedule.level(250).ratio(), schedule.level(500).ratio());
    sample(
        settings(SolverName.DDIM).withGuidance(FIRST_THREE.withInterval(middle)),
        new long[] {3, 4},
        0);
    assertEquals(List.of("[3, 4, 10, 10]", "[3, 4]"), network.bound);
    assertEquals(List.of(2, 2, 4, 2, 2), network.rows);
    assertEquals(2, network.closed);
    for (double[] ends : new double[][] {{-1, 2}, {2, 2}, {Double.NaN, 1}}) {
      assertThrows(IllegalArgumentException.class, () -> new GuidanceInterval(ends[0], ends[1]));
    }
  }

  @Test
  void anUnconditionalNetworkIsNotGuided() {
    Sampler free = new Sampler(network, SHAPE, PublishedSchedules.uvitPixel(), ClassLabels.NONE);
    SamplingSettings settings = settings(SolverName.HEUN);
    assertEquals(2, draw(free, settings, new long[2]).batch());
    assertThrows(
        IllegalArgumentException.class, () -> draw(free, settings.withGuidance(2), new long[2]));
    assertThrows(IllegalArgumentException.class, () -> draw(free, settings, new long[] {1}));
  }

  @Test
  void solversThatNeedDiscreteTimestepsSaySo() {
    Sampler continuous =
        new Sampler(network, SHAPE, PublishedSchedules.uvitPixel(), ClassLabels.withNull(1));
    for (SolverName solver : SolverName.values()) {
      if (EnumSet.of(SolverName.DDPM, SolverName.DDIM).contains(solver)) {
        assertThrows(
            IllegalArgumentException.class, () -> draw(continuous, settings(solver), new long[1]));
        draw(sampler, SamplingSettings.of(solver, Respacing.parse("ddim25")), new long[1]);
      } else {
        draw(continuous, settings(solver), new long[1]);
        assertThrows(
            IllegalArgumentException.class,
            () ->
                draw(sampler, SamplingSettings.of(solver, Respacing.parse("ddim25")), new long[1]));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void clippingKeepsTheImageInRange(SolverName solver) {
    double[] plain = sample(settings(solver), new long[] {1}, 0).values();
    double[] clipped = sample(settings(solver).withClipDenoised(true), new long[] {1}, 0).values();
    assertTrue(Arrays.stream(plain).anyMatch(v -> Math.abs(v) > 1.5));
    assertFalse(Arrays.equals(plain, clipped));
  }

  @ParameterizedTest
  @EnumSource(names = {"DPM_SOLVER", "DPM_SOLVER_PP", "UNIPC"})
  void theOrderMatters(SolverName solver) {
    SamplingSettings settings = settings(solver);
    SamplingSettings first = settings.withOptions(SolverOptions.DEFAULTS.withOrder(1));
    assertFalse(
        Arrays.equals(
            sample(settings, new long[] {1}, 0).values(),
            sample(first, new long[] {1}, 0).values()));
    assertThrows(IllegalArgumentException.class, () -> SolverOptions.DEFAULTS.withOrder(4));
  }

  @Test
  void imagesOfAnotherRangeComeOutInTheUsualOne() {
    SamplingSettings settings = settings(SolverName.DDIM);
    double[] network = draw(sampler, settings, new long[] {1}).values();
    double[] drawn = draw(sampler.of(Objective.Range.UNIT), settings, new long[] {1}).values();
    assertArrayEquals(Arrays.stream(network).map(v -> 2 * v - 1).toArray(), drawn);
  }

  private static Latents draw(Sampler sampler, SamplingSettings settings, long[] labels) {
    return sampler.sample(settings, labels, 0, StepListener.NONE, () -> false);
  }

  private static SamplingSettings withEta(SamplingSettings settings, double eta) {
    return settings.withOptions(settings.options().withEta(eta));
  }

  private static SamplingSettings settings(SolverName solver) {
    return SamplingSettings.of(solver, Respacing.even(5));
  }

  private Latents sample(SamplingSettings settings, long[] labels, long firstImage) {
    return sampler.sample(settings, labels, firstImage, StepListener.NONE, () -> false);
  }

  /** A row-wise function of state, timestep and label; with learned variance. */
  private static final class FakeNetwork implements ClassConditionalNetwork {
    final List<String> bound = new ArrayList<>();
    final List<Integer> rows = new ArrayList<>();
    int calls;
    int closed;

    @Override
    public DenoisingNetwork bind(long[] labels) {
      bound.add(Arrays.toString(labels));
      return new DenoisingNetwork() {
        @Override
        public double[] forward(Latents x, double timestep) {
          calls++;
          rows.add(x.batch());
          assertEquals(labels.length, x.batch());
          int size = x.shape().size();
          double[] output = new double[2 * x.values().length];
          for (int i = 0; i < x.values().length; i++) {
            int row = i / size;
            output[i + row * size] = Math.sin(x.get(i) + timestep / 1000 + labels[row]);
            output[i + (row + 1) * size] = Math.cos(x.get(i) - labels[row]);
          }
          return output;
        }

        @Override
        public void close() {
          closed++;
        }
      };
    }
  }
}
