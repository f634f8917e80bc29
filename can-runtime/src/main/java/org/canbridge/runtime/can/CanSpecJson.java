package org.canbridge.runtime.can;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.canbridge.runtime.family.Control;

/**
 * {@link CanSpec} as the {@code can} section of {@code config.json}, and back: docs/can-format.md.
 */
public final class CanSpecJson {
  private static final Set<String> FIELDS =
      Set.of(
          "condition",
          "control",
          "method",
          "targets",
          "embedder",
          "inserted",
          "removed",
          "generators");
  private static final Set<String> EMBEDDER_FIELDS = Set.of("width", "classes");
  private static final Set<String> COMMON_FIELDS = Set.of("name", "target");
  private static final Set<String> LINEAR_FIELDS = Set.of("input_width", "bias", "rank");
  private static final Set<String> SELECT_FIELDS = Set.of("kernels");

  private CanSpecJson() {}

  /**
   * The section for {@code spec}.
   *
   * @param removed names of the source's tensors that the network does without
   */
  public static ObjectNode write(CanSpec spec, List<String> removed) {
    ObjectNode can = JsonNodeFactory.instance.objectNode();
    can.put("condition", spec.condition().label());
    can.put("control", spec.control().label());
    can.put("method", spec.method().label());
    strings(can.putArray("targets"), spec.targets().stream().map(CanTarget::label).toList());
    spec.embedder()
        .ifPresent(
            e -> can.putObject("embedder").put("width", e.width()).put("classes", e.classes()));
    strings(can.putArray("inserted"), spec.inserted());
    if (!removed.isEmpty()) {
      strings(can.putArray("removed"), removed);
    }
    ArrayNode generators = can.putArray("generators");
    for (CanSpec.Generator generator : spec.generators()) {
      ObjectNode entry = generators.addObject().put("name", generator.name());
      strings(entry.putArray("target"), generator.layers());
      write(entry, generator.form());
    }
    return can;
  }

  private static void write(ObjectNode entry, CanSpec.Form form) {
    if (form instanceof CanSpec.Select select) {
      entry.put("kernels", select.kernels());
    } else if (form instanceof CanSpec.LowRank low) {
      entry.put("input_width", low.inputWidth()).put("bias", low.bias()).put("rank", low.rank());
    } else {
      CanSpec.Linear linear = (CanSpec.Linear) form;
      entry.put("input_width", linear.inputWidth()).put("bias", linear.bias());
    }
  }

  private static void strings(ArrayNode array, List<String> values) {
    values.forEach(array::add);
  }

  /**
   * Reads a section. What it says of removed tensors follows from the rest and is not kept.
   *
   * @throws IllegalArgumentException if a field is missing, unknown or wrong; the message names it
   */
  public static CanSpec read(JsonNode can) {
    known(can, FIELDS, "can");
    CanMethod method = CanMethod.of(text(can, "method"));
    List<CanSpec.Generator> generators = new ArrayList<>();
    for (JsonNode entry : field(can, "generators", JsonNode::isArray, "an array")) {
      Set<String> fields = new HashSet<>(COMMON_FIELDS);
      fields.addAll(method == CanMethod.SELECT ? SELECT_FIELDS : LINEAR_FIELDS);
      known(entry, fields, "can.generators[" + generators.size() + "]");
      generators.add(
          new CanSpec.Generator(text(entry, "name"), texts(entry, "target"), form(entry, method)));
    }
    return new CanSpec(
        CanCondition.of(text(can, "condition")),
        control(text(can, "control")),
        method,
        texts(can, "targets").stream().map(CanTarget::of).toList(),
        can.has("embedder") ? Optional.of(embedder(can.get("embedder"))) : Optional.empty(),
        texts(can, "inserted"),
        generators);
  }

  private static CanSpec.Embedder embedder(JsonNode embedder) {
    known(embedder, EMBEDDER_FIELDS, "can.embedder");
    return new CanSpec.Embedder(integer(embedder, "width"), integer(embedder, "classes"));
  }

  private static CanSpec.Form form(JsonNode entry, CanMethod method) {
    if (method == CanMethod.SELECT) {
      return new CanSpec.Select(integer(entry, "kernels"));
    }
    int inputWidth = integer(entry, "input_width");
    boolean bias = field(entry, "bias", JsonNode::isBoolean, "true or false").asBoolean();
    return entry.has("rank")
        ? new CanSpec.LowRank(inputWidth, bias, integer(entry, "rank"))
        : new CanSpec.Linear(inputWidth, bias);
  }

  private static Control control(String label) {
    return Arrays.stream(Control.values())
        .filter(c -> c.label().equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "'control' must be 'keep' or 'can-only' but is '" + label + "'"));
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

  private static int integer(JsonNode object, String name) {
    return field(object, name, JsonNode::isInt, "an integer").asInt();
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
