package org.canbridge.runtime.can;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.canbridge.runtime.family.Control;
import org.canbridge.tensors.files.JsonFields;

/**
 * {@link CanSpec} as the {@code can} section of {@code config.json}, and back: docs/can-format.md.
 */
public final class CanSpecJson {
  /** A generator that serves all output projections of one width. */
  private static final Pattern SHARED = Pattern.compile("out_proj\\.[1-9][0-9]*");

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
   * Reads a section. What it says of removed tensors follows from the rest and is not kept; see
   * {@link #removed}.
   *
   * @throws IllegalArgumentException if a field is missing, unknown or wrong; the message names it
   */
  public static CanSpec read(ObjectNode can) {
    JsonFields fields = JsonFields.of("can", can);
    CanMethod method = CanMethod.of(text(fields, "method"));
    List<CanSpec.Generator> generators = new ArrayList<>();
    for (JsonFields entry : fields.required("generators", fields.each("generators"))) {
      generators.add(named(text(entry, "name"), texts(entry, "target"), form(entry, method)));
      entry.finish();
    }
    CanSpec spec =
        new CanSpec(
            CanCondition.of(text(fields, "condition")),
            control(text(fields, "control")),
            method,
            texts(fields, "targets").stream().map(CanTarget::of).toList(),
            fields.fields("embedder").map(CanSpecJson::embedder),
            distinct("inserted", texts(fields, "inserted")),
            generators);
    fields.texts("removed", 0);
    fields.finish();
    return spec;
  }

  private static CanSpec.Generator named(String name, List<String> layers, CanSpec.Form form) {
    if (!SHARED.matcher(name).matches() && !layers.isEmpty() && !layers.equals(List.of(name))) {
      throw new IllegalArgumentException(
          "generator "
              + name
              + " must bear the name of the one layer that it serves, not "
              + layers);
    }
    return new CanSpec.Generator(name, layers, form);
  }

  /**
   * The tensors that a section says the network does without.
   *
   * @throws IllegalArgumentException if one is named twice
   */
  public static List<String> removed(ObjectNode can) {
    return distinct("removed", JsonFields.of("can", can).texts("removed", 0).orElse(List.of()));
  }

  private static List<String> distinct(String field, List<String> names) {
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      if (!seen.add(name)) {
        throw new IllegalArgumentException("'" + field + "' names " + name + " twice");
      }
    }
    return names;
  }

  private static CanSpec.Embedder embedder(JsonFields fields) {
    CanSpec.Embedder embedder =
        new CanSpec.Embedder(
            integer(fields, "width"),
            fields.required("classes", fields.integer("classes", 0, Integer.MAX_VALUE)));
    fields.finish();
    return embedder;
  }

  private static CanSpec.Form form(JsonFields entry, CanMethod method) {
    if (method == CanMethod.SELECT) {
      return new CanSpec.Select(integer(entry, "kernels"));
    }
    int inputWidth = integer(entry, "input_width");
    boolean bias = entry.required("bias", entry.flag("bias"));
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

  private static int integer(JsonFields fields, String name) {
    return fields.required(name, fields.integer(name, 1, Integer.MAX_VALUE));
  }

  private static String text(JsonFields fields, String name) {
    return fields.required(name, fields.text(name));
  }

  private static List<String> texts(JsonFields fields, String name) {
    return fields.required(name, fields.texts(name, 0));
  }
}
