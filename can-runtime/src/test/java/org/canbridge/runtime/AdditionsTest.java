package org.canbridge.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.family.PathKind;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.Origin;
import org.canbridge.importers.model.Provenance;
import org.canbridge.importers.model.Trained;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.diffusion.DenoisingNetwork;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.NetworkDenoiser;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.diffusion.StepListener;
import org.canbridge.runtime.diffusion.TrainedSchedule;
import org.canbridge.runtime.engine.AdamW;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.family.TrainingRecipe;
import org.canbridge.runtime.graph.ElementwiseOp;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Initializer;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.LookupOp;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Role;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.NoisePath;
import org.canbridge.runtime.objective.Parameterization;
import org.canbridge.runtime.objective.Respacing;
import org.canbridge.runtime.objective.TimeScale;
import org.canbridge.runtime.training.Ema;
import org.canbridge.runtime.training.LearningRate;
import org.canbridge.runtime.training.Trainer;
import org.canbridge.runtime.training.TrainingSettings;
import org.canbridge.runtime.training.data.TrainingBatch;
import org.junit.jupiter.api.Test;

/** A family and an objective as CONTRIBUTING counts them, added in memory: all else runs them. */
class AdditionsTest {
  private static final int SIDE = 4;
  private static final int CLASSES = 3;
  private static final int WIDTH = 8;
  private static final Objective OBJECTIVE =
      new Objective(
          PathKind.VP_DISCRETE,
          PathKind.VP_DISCRETE.usual(),
          Objective.Prediction.EPS,
          false,
          0,
          999,
          CLASSES,
          true,
          Objective.Guided.of(2),
          1);

  private static final AdamW OPTIMIZER = new AdamW(0.9, 0.999, 1e-8, 0, 0);

  private record PatchesConfig(int width) implements ModelConfig {
    @Override
    public String architecture() {
      return "patches";
    }

    @Override
    public Arguments arguments() {
      return Arguments.none().with("width", width);
    }
  }

  /** Patches of 2x2, embedded, moved by time and label, and given back. */
  private record Patches(PatchesConfig config) implements RuntimeFamily {
    @Override
    public Graph graph() {
      int width = config.width();
      GraphBuilder g = new GraphBuilder();
      Node x = g.input("x", Kind.FLOAT, Shape.batched(1, SIDE, SIDE));
      Node t = g.input("t", Kind.FLOAT, Shape.batched());
      Node y = g.input("y", Kind.INT, Shape.batched());
      Node time =
          g.in("time")
              .linear(
                  "0",
                  g.add(new LookupOp.TimestepEmbedding(WIDTH, 100, 0), null, t),
                  width,
                  Role.TIME_EMBED);
      Node table = g.in("label").parameter("weight", CLASSES + 1L, width);
      Node label = g.add(new LookupOp.Embedding(), Role.LABEL_EMBED, y, table);
      Node condition =
          g.in("condition").returns(g.add(new ElementwiseOp.Add(), Role.CONDITION, time, label));
      Node map = g.conv2d("patches", x, width, 2, 2, 0, 1, Role.PATCH_EMBED);
      Node tokens = g.permute(g.reshape(map, Shape.batched(width, 4)), 0, 2, 1);
      Node moved = g.add(tokens, g.reshape(condition, Shape.batched(1, width)));
      Node back = g.reshape(g.linear("head", moved, 4, Role.HEAD), Shape.batched(2, 2, 2, 2));
      g.output("output", g.reshape(g.permute(back, 0, 1, 3, 2, 4), Shape.batched(1, SIDE, SIDE)));
      return g.build();
    }

    @Override
    public ImageShape image() {
      return new ImageShape(1, SIDE, SIDE);
    }

    @Override
    public TrainingRecipe training() {
      return new TrainingRecipe(1e-3, OPTIMIZER, 0.1, Set.of());
    }
  }

  private static Model patches() {
    Patches family = new Patches(new PatchesConfig(WIDTH));
    return Model.generated(
        Checkpoint.read(
            family.config(),
            Initializer.draw(family.graph().parameters(), 1),
            Optional.empty(),
            Optional.of(new Trained(OBJECTIVE, "this test")),
            Origin.made(Provenance.generated(8)),
            List.of(),
            List.of()),
        family);
  }

  @Test
  void aFamilyIsDrawnFrom() {
    try (Model model = patches();
        Session session = model.session(Target.F32)) {
      Latents drawn =
          ModelSampler.of(model, session)
              .draw(SamplingSettings.of(SolverName.UNIPC, Respacing.even(3)).withGuidance(2), 0, 2);
      assertEquals(new ImageShape(1, SIDE, SIDE), drawn.shape());
      assertTrue(Arrays.stream(drawn.values()).allMatch(Double::isFinite));
    }
  }

  @Test
  void aFamilyIsMadeConditionAware() {
    try (Model model = patches()) {
      CanConversion can =
          CanConversion.convert(
              model,
              CanPreset.paper(model.graph(), List.of(CanTarget.PATCH_EMBED), CanCondition.ALL),
              1,
              Target.F32);
      assertTrue(can.promised() && can.check().holds());
      assertEquals("patches", can.changes().get(0).layer());
    }
  }

  @Test
  void aFamilyIsTrained() {
    TrainingSettings settings =
        new TrainingSettings(
            2,
            1,
            new LearningRate(1e-3, 0, 0),
            OPTIMIZER,
            new Ema(0, 0),
            0.1,
            Target.F32,
            7,
            List.of(Trainer.ALL));
    try (Model model = patches();
        Trainer trainer = Trainer.open(model, settings, new float[0])) {
      float[] images = new float[2 * SIDE * SIDE];
      assertTrue(
          trainer.step(new TrainingBatch(0, images, new long[] {0, 2}, new float[0])).moved());
    }
  }

  @Test
  void whatAFamilyDoesNotImplementIsRefusedWithTheReason() {
    Patches family = new Patches(new PatchesConfig(WIDTH));
    assertEquals(
        "the architecture 'patches' takes no image of a size of its own",
        assertThrows(IllegalArgumentException.class, () -> family.ofSide(8)).getMessage());
    assertEquals(
        "no network for the architecture 'patches'",
        assertThrows(
                IllegalArgumentException.class, () -> RuntimeFamilies.of(new PatchesConfig(WIDTH)))
            .getMessage());
  }

  /** The image fades with the square of time. */
  private record SquarePath(TimeScale scale) implements NoisePath {
    @Override
    public NoiseLevel at(double time) {
      return new NoiseLevel(scale.timestep(time), 1 - time * time, time, -2 * time, 1);
    }

    @Override
    public double timeOf(double lambda) {
      double signal = Math.exp(lambda);
      return (Math.sqrt(signal * signal + 4) - signal) / 2;
    }
  }

  /** A network that knows its one image gives it back, by the velocity of a path that is new. */
  @Test
  void anObjectiveIsSolved() {
    NoisePath path = new SquarePath(new TimeScale(0, 1));
    assertEquals(0.3, path.timeOf(path.lambda(0.3)), 1e-12);
    TrainedSchedule trained = TrainedSchedule.flow(path, Parameterization.VELOCITY_TO_NOISE);
    Latents image = new Latents(new ImageShape(1, 1, 3), new double[] {-0.5, 0.5, 1.5});
    DenoisingNetwork network =
        (x, time) -> {
          double[] velocity = new double[3];
          for (int i = 0; i < 3; i++) {
            double noise = (x.get(i) - (1 - time * time) * image.get(i)) / time;
            velocity[i] = noise - 2 * time * image.get(i);
          }
          return velocity;
        };
    Latents start = new Latents(image.shape(), new double[] {0.7, -0.3, -1.3});
    SamplingSettings settings = SamplingSettings.of(SolverName.EULER, Respacing.even(400));
    Latents end =
        settings
            .solver()
            .create(trained, settings)
            .solve(
                new NetworkDenoiser(network, trained.prediction()),
                start,
                shape -> start,
                StepListener.NONE);
    assertArrayEquals(image.values(), end.values(), 5e-3);
  }
}
