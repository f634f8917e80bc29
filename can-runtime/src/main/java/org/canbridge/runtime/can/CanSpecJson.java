package org.canbridge.runtime.can;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/**
 * {@link CanSpec} as the {@code can} section of {@code config.json}, and back: docs/can-format.md.
 */
public final class CanSpecJson {
  private static final Set<String> FIELDS =
      Set.of("condition", "control", "method", "targets", "inserted", "generators");
  private static final Set<String> GENERATOR_FIELDS =
      Set.of("name", "target", "input_width", "bias");

  /** Existing control (adaLN, condition tokens) stays in place beside the generated weights. */
  private static final String KEEP = "keep";

  /** Weights come out of linear generators. */
  private static final String GENERATE = "generate";

  private CanSpecJson() {}

  /** The section for {@code spec}. */
  public static ObjectNode write(CanSpec spec) {
    ObjectNode can = JsonNodeFactory.instance.objectNode();
    can.put("condition", spec.condition().label());
    can.put("control", KEEP);
    can.put("method", GENERATE);
    strings(can.putArray("targets"), spec.targets().stream().map(CanTarget::label).toList());
    strings(can.putArray("inserted"), spec.inserted());
    ArrayNode generators = can.putArray("generators");
    for (CanSpec.Generator generator : spec.generators()) {
      ObjectNode entry = generators.addObject().put("name", generator.name());
      strings(entry.putArray("target"), generator.layers());
      entry.put("input_width", generator.inputWidth()).put("bias", generator.bias());
    }
    return can;
  }

  private static void strings(ArrayNode array, List<String> values) {
    values.forEach(array::add);
  }

  /**
   * Reads a section.
   *
   * @throws IllegalArgumentException if a field is missing, unknown or wrong; the message names it
   */
  public static CanSpec read(JsonNode can) {
    known(can, FIELDS, "can");
    only(can, "control", KEEP);
    only(can, "method", GENERATE);
    List<CanSpec.Generator> generators = new ArrayList<>();
    for (JsonNode entry : field(can, "generators", JsonNode::isArray, "an array")) {
      known(entry, GENERATOR_FIELDS, "can.generators[" + generators.size() + "]");
      generators.add(
          new CanSpec.Generator(
              text(entry, "name"),
              texts(entry, "target"),
              field(entry, "input_width", JsonNode::isInt, "an integer").asInt(),
              field(entry, "bias", JsonNode::isBoolean, "true or false").asBoolean()));
    }
    return new CanSpec(
        CanCondition.of(text(can, "condition")),
        texts(can, "targets").stream().map(CanTarget::of).toList(),
        texts(can, "inserted"),
        generators);
  }

  private static void known(JsonNode object, Set<String> fields, String where) {
    if (!object.isObject()) {
      throw new IllegalArgumentException("'" + where + "' must be an object");
    }
    for (Iterator<String> names = object.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!fields.contains(name)) {
        throw new IllegalArgumentException("'" + where + "' has the unknown field '" + name + "'");
      }
    }
  }

  private static void only(JsonNode object, String name, String supported) {
    String value = text(object, name);
    if (!value.equals(supported)) {
      throw new IllegalArgumentException(
          "'" + name + "' must be '" + supported + "' but is '" + value + "'");
    }
  }

  private static String text(JsonNode object, String name) {
    return field(object, name, JsonNode::isTextual, "a string").asText();
  }

  private static List<String> texts(JsonNode object, String name) {
    List<String> texts = new ArrayList<>();
    for (JsonNode element : field(object, name, JsonNode::isArray, "an array")) {
      if (!element.isTextual()) {
        throw new IllegalArgumentException("'" + name + "' must hold strings but has " + element);
      }
      texts.add(element.asText());
    }
    return texts;
  }

  private static JsonNode field(
      JsonNode object, String name, Predicate<JsonNode> type, String wanted) {
    JsonNode value = object.path(name);
    if (!type.test(value)) {
      throw new IllegalArgumentException(
          "'"
              + name
              + "' must be "
              + wanted
              + " but is "
              + (value.isMissingNode() ? "missing" : value));
    }
    return value;
  }
}
