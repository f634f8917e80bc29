package org.canbridge.importers.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Fields of an {@link Objective} from what others write: an option, the arguments of a training
 * script.
 */
public final class ObjectiveSettings {
  private static final String ARGUMENTS = "args.";
  private static final String SIT = "sit";

  /** {@code train.py} and {@code sample.py} of SiT. */
  private static final int SIT_GUIDANCE = 4;

  private ObjectiveSettings() {}

  /**
   * The settings in a text: {@code sit}, the name of a path, {@code field=value}, or several of
   * them with commas between, e.g. {@code
   * flow-linear,prediction=velocity,time_scale.clean=1,time_scale.noise=0}.
   *
   * @throws IllegalArgumentException if a part is neither
   */
  public static ObjectNode parse(String text) {
    ObjectNode settings = JsonNodeFactory.instance.objectNode();
    for (String part : text.split(",", -1)) {
      int equals = part.indexOf('=');
      if (part.equals(SIT)) {
        settings.setAll(sit());
      } else if (equals > 0) {
        settings.set(part.substring(0, equals), value(part.substring(equals + 1)));
      } else if (PathKind.named(part).isPresent()) {
        settings.put("path", part);
      } else {
        throw new IllegalArgumentException(
            "'"
                + part
                + "' is neither field=value nor sit nor a path: "
                + String.join(", ", PathKind.names()));
      }
    }
    return settings;
  }

  /**
   * What SiT's training makes of any network: the velocity on the linear path, with time from 0
   * (noise) to 1 (image), and guidance in its plain form.
   */
  public static ObjectNode sit() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("path", PathKind.FLOW_LINEAR.toString())
        .put("prediction", Objective.Prediction.VELOCITY.toString())
        .put("learned_variance", false)
        .put("time_scale.clean", 1)
        .put("time_scale.noise", 0)
        .put("guidance.form", "interpolated")
        .put("guidance.scale", SIT_GUIDANCE);
  }

  private static JsonNode value(String text) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    if (text.equals("none")) {
      return nodes.nullNode();
    }
    if (text.equals("true") || text.equals("false")) {
      return nodes.booleanNode(text.equals("true"));
    }
    try {
      double number = Double.parseDouble(text);
      return number == (int) number ? nodes.numberNode((int) number) : nodes.numberNode(number);
    } catch (NumberFormatException e) {
      return nodes.textNode(text);
    }
  }

  /**
   * An argument of the training script that wrote a file: {@code args.NAME} of its values, else the
   * only value that bears the name anywhere, as in {@code hyper_parameters.model.NAME}.
   */
  public static Optional<String> argument(Map<String, Object> values, String name) {
    return value(values, name).map(Object::toString);
  }

  private static Optional<Object> value(Map<String, Object> values, String name) {
    if (values.containsKey(ARGUMENTS + name)) {
      return Optional.of(values.get(ARGUMENTS + name));
    }
    List<Object> found =
        values.entrySet().stream()
            .filter(entry -> ("." + entry.getKey()).endsWith("." + name))
            .<Object>map(Map.Entry::getValue)
            .distinct()
            .toList();
    return found.size() == 1 ? Optional.of(found.get(0)) : Optional.empty();
  }

  /**
   * What a training script's arguments say about the rows of the label table: as many as classes,
   * or one more for the null class, which there is if labels are dropped in training.
   *
   * @param rows of the table
   */
  static ObjectNode labels(Map<String, Object> values, int rows) {
    ObjectNode settings = JsonNodeFactory.instance.objectNode();
    Optional<Object> classes = value(values, "num_classes").filter(Long.class::isInstance);
    Optional<Object> dropped = value(values, "class_dropout_prob").filter(Number.class::isInstance);
    boolean all =
        classes.isPresent()
            ? classes.get().equals((long) rows)
            : dropped.isPresent() && ((Number) dropped.get()).doubleValue() == 0;
    if (rows > 0 && all) {
      settings.putNull("null_class");
    } else if (rows > 0 && classes.filter(number -> number.equals(rows - 1L)).isPresent()) {
      settings.put("null_class", rows - 1);
    }
    return settings;
  }
}
