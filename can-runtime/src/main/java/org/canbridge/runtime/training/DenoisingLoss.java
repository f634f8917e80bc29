package org.canbridge.runtime.training;

import java.util.ArrayList;
import java.util.List;
import org.canbridge.runtime.diffusion.TrainedSchedule;
import org.canbridge.runtime.family.Diffusion;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Loss;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.NoisePath;
import org.canbridge.runtime.objective.NoiseSchedule;
import org.canbridge.runtime.objective.Parameterization;

/**
 * What a denoising network is trained for: to tell the noise in a noisy image, or what else it
 * predicts. Given the clean image {@code (B, C, H, W)}, the noise of the same shape and the
 * coefficients {@code (B, K)} of each sample's noise level ({@link #at}); K is 2 for the simple
 * loss, 5 for the regression, 9 for the hybrid one.
 *
 * <ul>
 *   <li>{@code mse}: mean square error of the noise, L_simple of DDPM (Ho et al. 2020, equation
 *       14); U-ViT's only loss.
 *   <li>{@code vb}: for networks that learn the variance, the variational bound of one step in bits
 *       per dimension, whose gradient reaches the variance alone (Nichol and Dhariwal 2021, section
 *       3.1). The sum of both is the hybrid loss, with weight 1 for each, as DiT's script sets it.
 * </ul>
 */
public final class DenoisingLoss implements Loss {
  private final Levels levels;
  private final List<String> names;
  private final Terms terms;

  /** Noise levels by a number that training draws. */
  private interface Levels {
    Level at(double uniform);
  }

  /** The parts of the loss. */
  private interface Terms {
    /** In the order of their names, {@code (B)} each. */
    List<Node> of(GraphBuilder g, NoisedBatch batch, Node x, Node output);
  }

  /**
   * The noise level of one training example.
   *
   * @param timestep what the network is given
   * @param coefficients what the loss is given
   */
  public record Level(double timestep, List<Double> coefficients) {
    /** Keeps its own copy. */
    public Level {
      coefficients = List.copyOf(coefficients);
    }
  }

  private DenoisingLoss(Levels levels, List<String> names, Terms terms) {
    this.levels = levels;
    this.names = names;
    this.terms = terms;
  }

  /** The loss that a network's family is trained with. */
  public static DenoisingLoss of(Diffusion diffusion) {
    TrainedSchedule schedule = diffusion.schedule();
    if (diffusion.learnedVariance()) {
      if (schedule.prediction() != Parameterization.EPSILON) {
        throw new IllegalArgumentException(
            "a learned variance is trained beside the noise alone, which this model does not"
                + " predict");
      }
      return schedule
          .discrete()
          .map(steps -> hybrid(steps, diffusion.shape().channels()))
          .orElseThrow(
              () ->
                  new IllegalArgumentException(
                      "a learned variance is trained on discrete timesteps alone, which this model"
                          + " does not know"));
    }
    if (schedule.prediction() != Parameterization.EPSILON || schedule.flow()) {
      return regression(schedule);
    }
    return schedule.discrete().map(DenoisingLoss::simple).orElseGet(() -> simple(schedule.path()));
  }

  /**
   * The hybrid loss of a network with {@code channels} channels of noise and as many of variance.
   */
  public static DenoisingLoss hybrid(NoiseSchedule schedule, int channels) {
    return new DenoisingLoss(
        u -> {
          int i = index(schedule, u);
          List<Double> coefficients = new ArrayList<>(forward(schedule, i));
          coefficients.addAll(VariationalBound.coefficients(schedule, i));
          return new Level(schedule.timestep(i), coefficients);
        },
        List.of("mse", "vb"),
        (g, batch, x, output) -> {
          Node eps = g.slice(output, 1, 0, channels);
          Node variance = g.slice(output, 1, channels, 2L * channels);
          Node fixed = g.add(new ElementwiseOp.Detach(), null, eps);
          return List.of(
              NoisedBatch.squaredError(g, batch.noise(), eps),
              VariationalBound.of(g, batch, x, fixed, variance));
        });
  }

  /** The simple loss over the steps of a schedule. */
  public static DenoisingLoss simple(NoiseSchedule schedule) {
    return simple(
        u -> {
          int i = index(schedule, u);
          return new Level(schedule.timestep(i), forward(schedule, i));
        });
  }

  /** The simple loss over a schedule in continuous time, all of it: U-ViT's pixel models. */
  public static DenoisingLoss simple(NoisePath schedule) {
    return simple(
        time -> {
          NoiseLevel level = schedule.at(time);
          return new Level(level.timestep(), List.of(level.alpha(), level.sigma()));
        });
  }

  /**
   * The mean square error of whatever the network predicts: {@code training_losses} of the SiT code
   * without weighting (Ma et al. 2024), flow matching where that is the velocity. Times are equally
   * likely; the error of a score is multiplied by the noise's factor, as there.
   */
  public static DenoisingLoss regression(TrainedSchedule schedule) {
    Parameterization prediction = schedule.prediction();
    return new DenoisingLoss(
        uniform -> {
          NoiseLevel level = schedule.level(uniform);
          Parameterization.Target target = prediction.target(level);
          double weight = prediction == Parameterization.SCORE ? level.sigma() : 1;
          return new Level(
              level.timestep(),
              List.of(
                  level.alpha(),
                  level.sigma(),
                  weight * target.clean(),
                  weight * target.noise(),
                  weight));
        },
        List.of("mse"),
        (g, batch, x, output) -> {
          List<Node> level = batch.level();
          Node target =
              g.add(g.mul(level.get(2), batch.clean()), g.mul(level.get(3), batch.noise()));
          return List.of(NoisedBatch.squaredError(g, target, g.mul(level.get(4), output)));
        });
  }

  private static DenoisingLoss simple(Levels levels) {
    return new DenoisingLoss(
        levels,
        List.of("mse"),
        (g, batch, x, output) -> List.of(NoisedBatch.squaredError(g, batch.noise(), output)));
  }

  /**
   * The noise level that a uniform random number chooses; all are equally likely.
   *
   * @param uniform in [0, 1)
   */
  public Level at(double uniform) {
    return levels.at(uniform);
  }

  private static int index(NoiseSchedule schedule, double uniform) {
    return (int) (uniform * schedule.steps());
  }

  private static List<Double> forward(NoiseSchedule schedule, int i) {
    double signal = schedule.alphaCumprod(i);
    return List.of(Math.sqrt(signal), Math.sqrt(1 - signal));
  }

  /** Names of the parts of the loss. */
  public List<String> terms() {
    return names;
  }

  @Override
  public Graph before(Graph network) {
    GraphBuilder g = new GraphBuilder();
    g.output(MADE, batch(g, network).noisy(g));
    return g.build();
  }

  @Override
  public Graph after(Graph network) {
    GraphBuilder g = new GraphBuilder();
    NoisedBatch batch = batch(g, network);
    Node x = g.input(MADE, Kind.FLOAT, image(network));
    Node output = g.input(OUTPUT, Kind.FLOAT, network.value("output").shape());
    List<Node> parts = terms.of(g, batch, x, output);
    for (int i = 0; i < parts.size(); i++) {
      g.output(names.get(i), parts.get(i));
    }
    return g.build();
  }

  private NoisedBatch batch(GraphBuilder g, Graph network) {
    return NoisedBatch.in(g, image(network), levels.at(0).coefficients().size());
  }

  private static Shape image(Graph network) {
    return network.inputs().stream()
        .filter(input -> input.name().equals(MADE))
        .map(Op.Input::shape)
        .findFirst()
        .orElseThrow();
  }
}
