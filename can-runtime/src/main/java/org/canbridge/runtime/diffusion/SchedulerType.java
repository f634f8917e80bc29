package org.canbridge.runtime.diffusion;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.canbridge.importers.published.SchedulerFields;
import org.canbridge.importers.published.SchedulerTraining;
import org.canbridge.runtime.objective.NoiseSchedule;

/**
 * The schedulers of diffusers that are followed here: the fields that each looks at, with the
 * defaults of diffusers 0.40, and the solver that they describe. All of them compute betas and
 * their products in float32.
 */
enum SchedulerType {
  /** {@link Ddim}; clipping leaves the noise as predicted. */
  DDIM("DDIMScheduler", SolverName.DDIM) {
    @Override
    ObjectNode fields() {
      return oneStep().put("set_alpha_to_one", true);
    }

    @Override
    SchedulerSteps read(SchedulerFields fields) {
      Spacing spacing = Spacing.read(fields);
      boolean clip = clips(fields);
      boolean toClean = fields.flag("set_alpha_to_one");
      return SchedulerSteps.of(
          (schedule, steps, settings) ->
              clipped(
                  clip,
                  new Ddim(spacing.strided(schedule, steps, toClean), settings.options().eta())));
    }
  },
  /** {@link Ddpm}; a fixed variance is taken even where the network has learned one. */
  DDPM("DDPMScheduler", SolverName.DDPM) {
    @Override
    ObjectNode fields() {
      return oneStep().put("variance_type", "fixed_small");
    }

    @Override
    SchedulerSteps read(SchedulerFields fields) {
      Spacing spacing = Spacing.read(fields);
      boolean clip = clips(fields);
      String variance = fields.word("variance_type", "fixed_small", "fixed_large", "learned_range");
      Ddpm.FixedVariance fixed =
          variance.equals("fixed_large") ? Ddpm.FixedVariance.LARGE : Ddpm.FixedVariance.SMALL;
      return SchedulerSteps.of(
          (schedule, steps, settings) -> {
            Solver ddpm = clipped(clip, new Ddpm(spacing.strided(schedule, steps, true), fixed));
            return variance.equals("learned_range") ? ddpm : withoutLearnedVariance(ddpm);
          });
    }
  },
  /** {@link DpmSolverMultistep}. */
  DPM_SOLVER("DPMSolverMultistepScheduler", SolverName.DPM_SOLVER_PP) {
    @Override
    ObjectNode fields() {
      return multistep()
          .put("algorithm_type", "dpmsolver++")
          .put("solver_type", "midpoint")
          .put("euler_at_final", false);
    }

    @Override
    ObjectNode off() {
      return gridsElsewhere(super.off())
          .put("use_lu_lambdas", false)
          .put("lambda_min_clipped", Double.NEGATIVE_INFINITY);
    }

    @Override
    SchedulerSteps read(SchedulerFields fields) {
      Grid grid = Grid.read(fields);
      Integrand integrand =
          switch (fields.word(
              "algorithm_type", "dpmsolver++", "dpmsolver", "sde-dpmsolver++", "deis")) {
            case "dpmsolver" -> Integrand.NOISE;
            case "sde-dpmsolver++" -> Integrand.DATA_SDE;
            default -> Integrand.DATA;
          };
      int order = fields.integer("solver_order", 1, integrand == Integrand.DATA_SDE ? 2 : 3);
      boolean taylor =
          fields.word("solver_type", "midpoint", "heun", "logrho", "bh1", "bh2").equals("heun");
      Expansion expansion = taylor ? Expansion.TAYLOR : Expansion.DPM_SOLVER;
      boolean lowered = fields.flag("lower_order_final");
      boolean first = fields.flag("euler_at_final");
      fields.check(
          lowered || !first, "lower_order_final must be true where euler_at_final is, is false");
      grid.checkEnd(fields, integrand);
      DpmSolverMultistep.FinalOrder last =
          first
              ? DpmSolverMultistep.FinalOrder.FIRST
              : lowered
                  ? DpmSolverMultistep.FinalOrder.LOWERED_WHEN_SHORT
                  : DpmSolverMultistep.FinalOrder.KEPT;
      return SchedulerSteps.of(
          (schedule, steps, settings) ->
              new DpmSolverMultistep(grid.of(schedule, steps), order, integrand, expansion, last));
    }
  },
  /** {@link UniPc}. */
  UNIPC("UniPCMultistepScheduler", SolverName.UNIPC) {
    @Override
    ObjectNode fields() {
      return multistep()
          .put("predict_x0", true)
          .put("solver_type", "bh2")
          .set("disable_corrector", JsonNodeFactory.instance.arrayNode());
    }

    @Override
    ObjectNode off() {
      return gridsElsewhere(super.off())
          .putNull("solver_p")
          .putNull("sigma_min")
          .putNull("sigma_max")
          .putNull("shift_terminal");
    }

    @Override
    SchedulerSteps read(SchedulerFields fields) {
      Grid grid = Grid.read(fields);
      int order = fields.integer("solver_order", 1, 3);
      boolean bh1 =
          fields.word("solver_type", "bh2", "bh1", "midpoint", "heun", "logrho").equals("bh1");
      UniPc.Variant variant = bh1 ? UniPc.Variant.BH1 : UniPc.Variant.BH2;
      Integrand integrand = fields.flag("predict_x0") ? Integrand.DATA : Integrand.NOISE;
      boolean lowered = fields.flag("lower_order_final");
      Set<Integer> uncorrected =
          fields.indexes("disable_corrector").stream()
              .map(step -> step + 1)
              .collect(Collectors.toUnmodifiableSet());
      grid.checkEnd(fields, integrand);
      return SchedulerSteps.of(
          (schedule, steps, settings) ->
              new UniPc(grid.of(schedule, steps), order, variant, integrand, lowered, uncorrected));
    }
  },
  /**
   * {@link PathOde}: Euler's method on a flow's straight path, at noise levels that {@code shift}
   * crowds towards noise, once for the ends and once for all, as that code does.
   */
  FLOW_EULER(SchedulerTraining.FLOW, SolverName.EULER) {
    @Override
    ObjectNode fields() {
      ObjectNode named = JsonNodeFactory.instance.objectNode().put("_class_name", toString());
      return SchedulerTraining.fields(named).values().put("shift", 1.0);
    }

    @Override
    ObjectNode off() {
      return JsonNodeFactory.instance
          .objectNode()
          .put("use_dynamic_shifting", false)
          .put("use_karras_sigmas", false)
          .put("use_exponential_sigmas", false)
          .put("use_beta_sigmas", false)
          .put("invert_sigmas", false)
          .put("stochastic_sampling", false)
          .putNull("shift_terminal");
    }

    @Override
    SchedulerSteps read(SchedulerFields fields) {
      double shift = fields.positive("shift");
      double first =
          1.0 / fields.integer("num_train_timesteps", 2, SchedulerTraining.MAX_TIMESTEPS);
      return (schedule, steps, settings) -> {
        if (!schedule.flow()) {
          throw new IllegalArgumentException(
              this + " needs a path of flow matching, which this model does not have");
        }
        double least = shifted(first, shift);
        double[] times = new double[steps + 1];
        for (int i = 0; i < steps; i++) {
          double even = steps == 1 ? 1 : 1 + (least - 1) * i / (steps - 1);
          times[i] = shifted(even, shift);
        }
        return new PathOde(schedule.path(), times, PathOde.Method.EULER);
      };
    }
  };

  /** Fields that say nothing to a scheduler whose switches for them are off, or to none here. */
  private static final List<String> WITHOUT_EFFECT =
      List.of(
          "clip_sample_range",
          "dynamic_thresholding_ratio",
          "sample_max_value",
          "flow_shift",
          "time_shift_type",
          "skip_prk_steps",
          "base_shift",
          "max_shift",
          "base_image_seq_len",
          "max_image_seq_len");

  private final String text;
  private final SolverName solver;

  SchedulerType(String text, SolverName solver) {
    this.text = text;
    this.solver = solver;
  }

  private static ObjectNode oneStep() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("timestep_spacing", "leading")
        .put("steps_offset", 0)
        .put("clip_sample", true);
  }

  private static ObjectNode multistep() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("solver_order", 2)
        .put("timestep_spacing", "linspace")
        .put("steps_offset", 0)
        .put("use_karras_sigmas", false)
        .put("final_sigmas_type", "zero")
        .put("lower_order_final", true);
  }

  /** Adds the switches of noise levels that are not followed here. */
  private static ObjectNode gridsElsewhere(ObjectNode off) {
    return off.put("use_exponential_sigmas", false)
        .put("use_beta_sigmas", false)
        .put("use_flow_sigmas", false)
        .put("use_dynamic_shifting", false);
  }

  /**
   * Reads this type's own fields.
   *
   * @param fields made of {@link #fields()}
   */
  abstract SchedulerSteps read(SchedulerFields fields);

  /** The fields that are read, with their defaults. */
  abstract ObjectNode fields();

  /** The fields that must have these values. */
  ObjectNode off() {
    return JsonNodeFactory.instance.objectNode().put("thresholding", false);
  }

  /** The solver of the same algorithm. */
  SolverName solver() {
    return solver;
  }

  /** Every field that a configuration may hold; a saved one keeps those of other schedulers. */
  static Set<String> knownFields() {
    Set<String> known = new HashSet<>(WITHOUT_EFFECT);
    for (SchedulerType each : values()) {
      each.fields().fieldNames().forEachRemaining(known::add);
      each.off().fieldNames().forEachRemaining(known::add);
    }
    return known;
  }

  /** The type of this class name. */
  static Optional<SchedulerType> named(String className) {
    return Arrays.stream(values()).filter(each -> each.text.equals(className)).findFirst();
  }

  /** The class names, separated by commas. */
  static String names() {
    return Arrays.stream(values()).map(SchedulerType::toString).collect(Collectors.joining(", "));
  }

  /** The class name. */
  @Override
  public String toString() {
    return text;
  }

  /** Reads whether the clean image is limited, to -1..1. */
  private static boolean clips(SchedulerFields fields) {
    boolean clip = fields.flag("clip_sample");
    if (clip) {
      fields.require(JsonNodeFactory.instance.objectNode().put("clip_sample_range", 1));
    }
    return clip;
  }

  /** A noise level moved towards noise. */
  private static double shifted(double sigma, double shift) {
    return shift * sigma / (1 + (shift - 1) * sigma);
  }

  private static Solver clipped(boolean clip, Solver solver) {
    return clip
        ? (denoiser, start, noise, listener) ->
            solver.solve(Thresholding.ofImageAlone(denoiser), start, noise, listener)
        : solver;
  }

  private static Solver withoutLearnedVariance(Solver solver) {
    return (denoiser, start, noise, listener) ->
        solver.solve(
            (x, level) -> {
              Prediction prediction = denoiser.predict(x, level);
              return new Prediction(prediction.clean(), prediction.noise(), Optional.empty());
            },
            start,
            noise,
            listener);
  }

  /**
   * Which timesteps are visited.
   *
   * @param spacing {@code timestep_spacing}
   * @param offset {@code steps_offset}
   */
  private record Spacing(TimestepSpacing spacing, int offset) {
    static Spacing read(SchedulerFields fields) {
      String word = fields.word("timestep_spacing", "linspace", "leading", "trailing");
      return new Spacing(
          TimestepSpacing.parse(word),
          fields.integer("steps_offset", 0, SchedulerTraining.MAX_TIMESTEPS));
    }

    NoiseSchedule strided(NoiseSchedule schedule, int steps, boolean toClean) {
      int[] falling = spacing.oneStep(schedule.steps(), steps, offset);
      int[] rising = IntStream.range(0, steps).map(i -> falling[steps - 1 - i]).toArray();
      return schedule.strided(rising, toClean);
    }
  }

  /**
   * The noise levels of a multistep scheduler.
   *
   * @param spacing its timesteps
   * @param karras {@code use_karras_sigmas}
   * @param end {@code final_sigmas_type}
   */
  private record Grid(Spacing spacing, boolean karras, NoiseGrid.End end) {
    static Grid read(SchedulerFields fields) {
      boolean clean = fields.word("final_sigmas_type", "zero", "sigma_min").equals("zero");
      return new Grid(
          Spacing.read(fields),
          fields.flag("use_karras_sigmas"),
          clean ? NoiseGrid.End.CLEAN : NoiseGrid.End.LEAST_NOISY);
    }

    /** The noise form's integral diverges at the clean image. */
    void checkEnd(SchedulerFields fields, Integrand integrand) {
      fields.check(
          integrand != Integrand.NOISE || end != NoiseGrid.End.CLEAN,
          "final_sigmas_type must be \"sigma_min\" where the noise is integrated, is \"zero\"");
    }

    NoiseGrid of(NoiseSchedule schedule, int steps) {
      return karras
          ? NoiseGrid.karras(schedule, steps, end)
          : NoiseGrid.ofIndexes(
              schedule, spacing.spacing.multistep(schedule.steps(), steps, spacing.offset), end);
    }
  }
}
