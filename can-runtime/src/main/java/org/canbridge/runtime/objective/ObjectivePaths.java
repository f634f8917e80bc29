package org.canbridge.runtime.objective;

import java.util.Optional;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.family.PathKind;

/** The paths and predictions that an {@link Objective} names. A new path is one line here. */
public final class ObjectivePaths {
  private ObjectivePaths() {}

  /**
   * The path.
   *
   * @throws IllegalArgumentException if its parameters make none
   */
  public static NoisePath path(Objective objective) {
    TimeScale scale = scale(objective);
    return switch (objective.path()) {
      case VP_DISCRETE -> new InterpolatedSchedule(discrete(objective).orElseThrow());
      case VP_CONTINUOUS, FLOW_VP -> linearVp(objective.parameters(), scale);
      case FLOW_LINEAR -> new LinearPath(scale);
      case FLOW_GVP -> new GvpPath(scale);
    };
  }

  private static TimeScale scale(Objective objective) {
    return new TimeScale(objective.cleanTime(), objective.noiseTime());
  }

  private static NoisePath linearVp(Arguments parameters, TimeScale scale) {
    return new LinearVp(number(parameters, "beta_min"), number(parameters, "beta_max"), scale);
  }

  /** The schedule of a path in steps; empty for one in continuous time. */
  public static Optional<NoiseSchedule> discrete(Objective objective) {
    if (objective.path() != PathKind.VP_DISCRETE) {
      return Optional.empty();
    }
    Arguments parameters = objective.parameters();
    int steps = Math.toIntExact(parameters.integer("steps").orElseThrow());
    double first = number(parameters, "beta_start");
    double last = number(parameters, "beta_end");
    NoiseSchedule schedule =
        switch (parameters.get("betas").orElseThrow().textValue()) {
          case "linear" -> NoiseSchedule.linear(steps, first, last);
          case "scaled_linear" -> NoiseSchedule.scaledLinear(steps, first, last);
          default -> NoiseSchedule.cosine(steps);
        };
    int firstTimestep = (int) objective.cleanTime();
    return Optional.of(firstTimestep == 0 ? schedule : schedule.withFirstTimestep(firstTimestep));
  }

  private static double number(Arguments parameters, String name) {
    return parameters.get(name).orElseThrow().doubleValue();
  }

  /** What the network's output is. */
  public static Parameterization prediction(Objective objective) {
    return switch (objective.prediction()) {
      case EPS -> Parameterization.EPSILON;
      case X0 -> Parameterization.CLEAN;
      case V -> Parameterization.V;
      case SCORE -> Parameterization.SCORE;
      case VELOCITY ->
          scale(objective).runsToTheImage()
              ? Parameterization.VELOCITY_TO_IMAGE
              : Parameterization.VELOCITY_TO_NOISE;
    };
  }
}
