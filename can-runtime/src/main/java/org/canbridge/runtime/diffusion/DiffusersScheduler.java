package org.canbridge.runtime.diffusion;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.published.SchedulerFields;
import org.canbridge.importers.published.SchedulerFile;
import org.canbridge.importers.published.SchedulerTraining;
import org.canbridge.runtime.objective.Respacing;
import org.canbridge.tensors.files.InputFileException;

/**
 * A scheduler of diffusers, as its {@code scheduler_config.json} describes it: DDIMScheduler,
 * DDPMScheduler, DPMSolverMultistepScheduler, UniPCMultistepScheduler or
 * FlowMatchEulerDiscreteScheduler. The file is read strictly: a switch for something that is not
 * followed here must be off, and a field that none of them has is refused. Fields that are missing
 * have the defaults of diffusers 0.40.
 *
 * <pre>{@code
 * TrainedSchedule trained = DiffusersScheduler.trained(objective, configuration);
 * DiffusersScheduler scheduler = DiffusersScheduler.of(configuration);
 * sampler.trainedOn(trained).draw(SamplingSettings.of(scheduler, Respacing.even(50)), labels);
 * }</pre>
 */
public final class DiffusersScheduler implements SolverChoice {
  private final SchedulerType type;
  private final SchedulerFields fields;
  private final SchedulerSteps steps;

  private DiffusersScheduler(SchedulerType type, SchedulerFields fields, SchedulerSteps steps) {
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
    known.addAll(SchedulerTraining.names());
    fields.refuseUnknown(known);
    SchedulerSteps steps = type.read(fields);
    fields.finish();
    return new DiffusersScheduler(type, fields, steps);
  }

  private static JsonNode className(ObjectNode configuration) {
    return configuration.path("_class_name").isMissingNode()
        ? JsonNodeFactory.instance.nullNode()
        : configuration.get("_class_name");
  }

  /**
   * The solver that a file describes.
   *
   * @throws InputFileException if it is of another scheduler than those that are followed, or asks
   *     for something that is not
   */
  public static DiffusersScheduler of(SchedulerFile file) {
    try {
      return of(file.configuration());
    } catch (IllegalArgumentException e) {
      throw file.refused("the scheduler's configuration asks for what is not followed here", e)
          .expected("one of " + names())
          .next(
              "choose a solver with --sampler "
                  + SolverName.names("|")
                  + ", which takes only the training schedule from this file")
          .build();
    }
  }

  /**
   * The schedule that a model was trained on, which any scheduler's configuration tells, if it has
   * one of betas. Only the schedulers of {@link #names()} have defaults.
   *
   * @param model what is said of the model otherwise
   * @throws IllegalArgumentException if it tells none, or one that is not followed here; one reason
   *     a line
   */
  public static TrainedSchedule trained(Objective model, ObjectNode configuration) {
    return inFloat32(TrainedSchedule.of(model.with(SchedulerTraining.objective(configuration))));
  }

  /** A schedule as diffusers computes it. */
  public static TrainedSchedule inFloat32(TrainedSchedule schedule) {
    return schedule
        .discrete()
        .map(steps -> TrainedSchedule.of(steps.float32(), schedule.prediction()))
        .orElse(schedule);
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
    text.putAll(fields.describe());
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
