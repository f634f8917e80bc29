package org.canbridge.runtime.diffusion;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.canbridge.runtime.objective.LinearPath;
import org.canbridge.runtime.objective.NoiseSchedule;
import org.canbridge.runtime.objective.Parameterization;
import org.canbridge.runtime.objective.Respacing;
import org.canbridge.runtime.objective.TimeScale;

/**
 * A scheduler of diffusers, as its {@code scheduler_config.json} describes it: DDIMScheduler,
 * DDPMScheduler, DPMSolverMultistepScheduler, UniPCMultistepScheduler or
 * FlowMatchEulerDiscreteScheduler. The file is read strictly: a switch for something that is not
 * followed here must be off, and a field that none of them has is refused. Fields that are missing
 * have the defaults of diffusers 0.40.
 *
 * <pre>{@code
 * TrainedSchedule trained = DiffusersScheduler.trained(configuration);
 * DiffusersScheduler scheduler = DiffusersScheduler.of(configuration);
 * sampler.trainedOn(trained).draw(SamplingSettings.of(scheduler, Respacing.even(50)), labels);
 * }</pre>
 */
public final class DiffusersScheduler implements SolverChoice {
  /** Far above any real one (1000). */
  static final int MAX_TIMESTEPS = 100_000;

  private static final ObjectNode TRAINING =
      JsonNodeFactory.instance
          .objectNode()
          .put("num_train_timesteps", 1000)
          .put("beta_start", 0.0001)
          .put("beta_end", 0.02)
          .put("beta_schedule", "linear")
          .put("prediction_type", "epsilon");

  private static final ObjectNode FLOW_TRAINING =
      JsonNodeFactory.instance.objectNode().put("num_train_timesteps", 1000);

  private static final ObjectNode TRAINED_OTHERWISE =
      JsonNodeFactory.instance
          .objectNode()
          .putNull("trained_betas")
          .put("rescale_betas_zero_snr", false);

  private final SchedulerType type;
  private final ObjectNode fields;
  private final SchedulerSteps steps;

  private DiffusersScheduler(SchedulerType type, ObjectNode fields, SchedulerSteps steps) {
    this.type = type;
    this.fields = fields;
    this.steps = steps;
  }

  /** The class names of the schedulers that are followed, separated by commas. */
  public static String names() {
    return SchedulerType.names();
  }

  /** Whether the configuration is that of a scheduler that is followed here. */
  public static boolean isKnown(ObjectNode configuration) {
    return type(configuration).isPresent();
  }

  private static Optional<SchedulerType> type(ObjectNode configuration) {
    return SchedulerType.named(configuration.path("_class_name").asText());
  }

  /**
   * The solver that a configuration describes.
   *
   * @throws IllegalArgumentException if it is of no class in {@link #names()}, or asks for
   *     something that is not followed here; one reason a line
   */
  public static DiffusersScheduler of(ObjectNode configuration) {
    SchedulerType type =
        type(configuration)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "_class_name must be one of "
                            + names()
                            + ", is "
                            + className(configuration)));
    SchedulerFields fields = new SchedulerFields(configuration, type.fields());
    fields.require(type.off());
    Set<String> known = SchedulerType.knownFields();
    TRAINING.fieldNames().forEachRemaining(known::add);
    TRAINED_OTHERWISE.fieldNames().forEachRemaining(known::add);
    fields.refuseUnknown(known);
    SchedulerSteps steps = type.read(fields);
    fields.finish();
    return new DiffusersScheduler(type, fields.values(), steps);
  }

  private static JsonNode className(ObjectNode configuration) {
    return configuration.path("_class_name").isMissingNode()
        ? JsonNodeFactory.instance.nullNode()
        : configuration.get("_class_name");
  }

  /**
   * The schedule that the network was trained on, which any scheduler's configuration tells, if it
   * has one of betas; in float32. Only the schedulers of {@link #names()} have defaults.
   *
   * @throws IllegalArgumentException if it tells none, or one that is not followed here; one reason
   *     a line
   */
  public static TrainedSchedule trained(ObjectNode configuration) {
    if (isFlow(configuration)) {
      SchedulerFields fields = new SchedulerFields(configuration, FLOW_TRAINING);
      double timesteps = fields.integer("num_train_timesteps", 2, MAX_TIMESTEPS);
      fields.finish();
      return TrainedSchedule.flow(
          new LinearPath(new TimeScale(0, timesteps)), Parameterization.VELOCITY_TO_NOISE);
    }
    SchedulerFields fields = training(configuration);
    fields.require(TRAINED_OTHERWISE);
    int timesteps = fields.integer("num_train_timesteps", 2, MAX_TIMESTEPS);
    double first = fields.share("beta_start");
    double last = fields.share("beta_end");
    String form = fields.word("beta_schedule", "linear", "scaled_linear", "squaredcos_cap_v2");
    Parameterization prediction =
        switch (fields.word("prediction_type", "epsilon", "v_prediction", "sample")) {
          case "v_prediction" -> Parameterization.V;
          case "sample" -> Parameterization.CLEAN;
          default -> Parameterization.EPSILON;
        };
    fields.finish();
    NoiseSchedule schedule =
        switch (form) {
          case "linear" -> NoiseSchedule.linear(timesteps, first, last);
          case "scaled_linear" -> NoiseSchedule.scaledLinear(timesteps, first, last);
          default -> NoiseSchedule.cosine(timesteps);
        };
    return TrainedSchedule.of(schedule.float32(), prediction);
  }

  /** What {@link #trained} reads, as text by name. */
  public static Map<String, String> describeTrained(ObjectNode configuration) {
    return text(training(configuration).values());
  }

  private static boolean isFlow(ObjectNode configuration) {
    return type(configuration).filter(SchedulerType.FLOW_EULER::equals).isPresent();
  }

  private static SchedulerFields training(ObjectNode configuration) {
    if (isFlow(configuration)) {
      return new SchedulerFields(configuration, FLOW_TRAINING);
    }
    ObjectNode defaults = TRAINING.deepCopy();
    if (!isKnown(configuration)) {
      TRAINING.fieldNames().forEachRemaining(defaults::putNull);
    }
    return new SchedulerFields(configuration, defaults);
  }

  private static Map<String, String> text(ObjectNode fields) {
    Map<String, String> text = new LinkedHashMap<>();
    fields
        .properties()
        .forEach(
            field ->
                text.put(
                    field.getKey(),
                    field.getValue().isTextual()
                        ? field.getValue().textValue()
                        : field.getValue().toString()));
    return text;
  }

  @Override
  public Solver create(TrainedSchedule schedule, SamplingSettings settings) {
    return steps.solver(schedule, settings.respacing().plainSteps(), settings);
  }

  @Override
  public Denoiser clipped(Denoiser denoiser) {
    return type == SchedulerType.DDIM
        ? Thresholding.ofImageAlone(denoiser)
        : SolverChoice.super.clipped(denoiser);
  }

  @Override
  public void describe(SolverOptions options, Map<String, String> text) {
    text.putAll(text(fields));
    if (type == SchedulerType.DDIM) {
      text.put("eta", Double.toString(options.eta()));
    }
  }

  @Override
  public Respacing usualSteps() {
    return type.solver().usualSteps();
  }

  /** The class name. */
  @Override
  public String toString() {
    return type.toString();
  }
}
