package org.canbridge.importers.published;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.family.PathKind;

/**
 * What the configuration of a scheduler of diffusers tells of the training, whatever its class: the
 * path, and what the network predicts there.
 */
public final class SchedulerTraining {
  /** Its path is straight, and of its training it tells the number of timesteps alone. */
  public static final String FLOW = "FlowMatchEulerDiscreteScheduler";

  /** The classes whose defaults are known, those of diffusers 0.40. */
  public static final List<String> CLASSES =
      List.of(
          "DDIMScheduler",
          "DDPMScheduler",
          "DPMSolverMultistepScheduler",
          "UniPCMultistepScheduler",
          FLOW);

  /** Far above any real one (1000). */
  public static final int MAX_TIMESTEPS = 100_000;

  private static final String TIMESTEPS = "num_train_timesteps";
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private static final ObjectNode OF_BETAS =
      NODES
          .objectNode()
          .put(TIMESTEPS, 1000)
          .put("beta_start", 0.0001)
          .put("beta_end", 0.02)
          .put("beta_schedule", "linear")
          .put("prediction_type", "epsilon");

  private static final ObjectNode OF_FLOW = NODES.objectNode().put(TIMESTEPS, 1000);

  private static final ObjectNode OTHERWISE =
      NODES.objectNode().putNull("trained_betas").put("rescale_betas_zero_snr", false);

  private SchedulerTraining() {}

  /** The names of all fields that tell of training. */
  public static Set<String> names() {
    Set<String> names = new TreeSet<>();
    OF_BETAS.fieldNames().forEachRemaining(names::add);
    OTHERWISE.fieldNames().forEachRemaining(names::add);
    return names;
  }

  /** The fields that {@link #objective} reads; those that are missing have their defaults. */
  public static SchedulerFields fields(ObjectNode configuration) {
    String name = configuration.path("_class_name").asText();
    if (name.equals(FLOW)) {
      return new SchedulerFields(configuration, OF_FLOW);
    }
    ObjectNode defaults = OF_BETAS.deepCopy();
    if (!CLASSES.contains(name)) {
      OF_BETAS.fieldNames().forEachRemaining(defaults::putNull);
    }
    return new SchedulerFields(configuration, defaults);
  }

  /**
   * What is told, as settings of {@link Objective#with}.
   *
   * @throws IllegalArgumentException if that is nothing, or something that is not followed here;
   *     one reason a line
   */
  public static ObjectNode objective(ObjectNode configuration) {
    SchedulerFields fields = fields(configuration);
    ObjectNode settings = NODES.objectNode().put("time_scale.clean", 0);
    if (configuration.path("_class_name").asText().equals(FLOW)) {
      settings
          .put("path", PathKind.FLOW_LINEAR.toString())
          .put("prediction", Objective.Prediction.VELOCITY.toString())
          .put("time_scale.noise", fields.integer(TIMESTEPS, 2, MAX_TIMESTEPS));
      fields.finish();
      return settings;
    }
    fields.require(OTHERWISE);
    int timesteps = fields.integer(TIMESTEPS, 2, MAX_TIMESTEPS);
    settings
        .put("path", PathKind.VP_DISCRETE.toString())
        .put("steps", timesteps)
        .put("beta_start", fields.share("beta_start"))
        .put("beta_end", fields.share("beta_end"))
        .put("betas", fields.word("beta_schedule", "linear", "scaled_linear", "squaredcos_cap_v2"))
        .put("time_scale.noise", timesteps - 1)
        .put(
            "prediction",
            switch (fields.word("prediction_type", "epsilon", "v_prediction", "sample")) {
              case "v_prediction" -> Objective.Prediction.V.toString();
              case "sample" -> Objective.Prediction.X0.toString();
              default -> Objective.Prediction.EPS.toString();
            });
    fields.finish();
    return settings;
  }
}
