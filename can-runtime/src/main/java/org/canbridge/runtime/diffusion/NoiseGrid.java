package org.canbridge.runtime.diffusion;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.NoisePath;
import org.canbridge.runtime.objective.NoiseSchedule;

/**
 * The noise levels that a run passes through, from pure noise to the image: what multistep and
 * sigma-form solvers know of a schedule.
 *
 * @param levels at least two, each less noisy than the one before; the last one is where the run
 *     ends, and no network is asked there unless a solver's corrector does
 */
record NoiseGrid(List<NoiseLevel> levels) {
  private static final double KARRAS_RHO = 7;

  /** Where the grid of a discrete schedule ends. */
  public enum End {
    /** At the clean image: {@code final_sigmas_type} zero. */
    CLEAN,
    /** At the schedule's least noisy level: {@code final_sigmas_type} sigma_min. */
    LEAST_NOISY
  }

  /**
   * Checks the levels.
   *
   * @throws IllegalArgumentException if there are fewer than two or they do not fall
   */
  public NoiseGrid {
    levels = List.copyOf(levels);
    if (levels.size() < 2) {
      throw new IllegalArgumentException("a grid needs at least 2 noise levels");
    }
    for (int i = 1; i < levels.size(); i++) {
      if (!(levels.get(i).ratio() < levels.get(i - 1).ratio())) {
        throw new IllegalArgumentException(
            "noise level " + i + " is not below the one before: " + levels);
      }
    }
  }

  /** Number of steps, one less than levels. */
  public int steps() {
    return levels.size() - 1;
  }

  NoiseLevel level(int i) {
    return levels.get(i);
  }

  /** The levels of a continuous schedule at some times, falling. */
  static NoiseGrid ofTimes(NoisePath schedule, double[] times) {
    return new NoiseGrid(Arrays.stream(times).mapToObj(schedule::at).toList());
  }

  /**
   * The levels at timesteps of a discrete schedule, as diffusers' multistep schedulers choose them.
   *
   * @param schedule the full schedule
   * @param indexes the visited indexes, falling: {@link TimestepSpacing#multistep}
   * @param end where the run ends
   */
  public static NoiseGrid ofIndexes(NoiseSchedule schedule, int[] indexes, End end) {
    List<NoiseLevel> levels = new ArrayList<>();
    for (int i : indexes) {
      levels.add(schedule.level(i));
    }
    levels.add(end(schedule, end));
    return new NoiseGrid(levels);
  }

  /**
   * The levels of Karras et al. (2022, eq. 5, rho 7) between a schedule's noisiest and least noisy
   * one. The network is given the nearest timestep, as in diffusers ({@code use_karras_sigmas}).
   *
   * @param schedule the full schedule
   * @param steps number of levels before the last one, at least 2
   * @param end where the run ends
   */
  public static NoiseGrid karras(NoiseSchedule schedule, int steps, End end) {
    double least = Math.pow(schedule.level(0).ratio(), 1 / KARRAS_RHO);
    double most = Math.pow(schedule.level(schedule.steps() - 1).ratio(), 1 / KARRAS_RHO);
    List<NoiseLevel> levels = new ArrayList<>();
    for (int i = 0; i < steps; i++) {
      double ramp = (double) i / (steps - 1);
      double ratio = Math.pow(most + ramp * (least - most), KARRAS_RHO);
      levels.add(NoiseLevel.ofRatio(nearestTimestep(schedule, ratio), ratio));
    }
    if (end == End.CLEAN) {
      levels.add(NoiseLevel.CLEAN);
    }
    return new NoiseGrid(levels);
  }

  private static NoiseLevel end(NoiseSchedule schedule, End end) {
    return end == End.CLEAN ? NoiseLevel.CLEAN : schedule.level(0);
  }

  /** The timestep whose noise level is nearest in the logarithm. */
  private static double nearestTimestep(NoiseSchedule schedule, double ratio) {
    double log = Math.log(ratio);
    int below = 0;
    while (below < schedule.steps() - 2 && Math.log(schedule.level(below + 1).ratio()) <= log) {
      below++;
    }
    double from = Math.log(schedule.level(below).ratio());
    double to = Math.log(schedule.level(below + 1).ratio());
    double share = Math.max(0, Math.min(1, (log - from) / (to - from)));
    return schedule.timestep(0) + Math.rint(below + share);
  }
}
