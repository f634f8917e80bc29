package org.canbridge.importers.graph;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.tensors.files.JsonFields;

/**
 * A network as data: its nodes in execution order, each an object with {@code op}, {@code in}
 * (numbers of earlier nodes), {@code path}, {@code role} and the operation's own fields; {@code
 * outputs}, and the {@code token_grid} of a transformer. {@code docs/can-format.md} describes the
 * fields. What the operations make of each other is checked by whoever builds the network.
 *
 * @param arguments those fields
 */
public record GraphConfig(Arguments arguments) implements ModelConfig {
  static final String ARCHITECTURE = "graph";

  private static final String NODES = "nodes";
  private static final int MAX_NODES = 1 << 16;
  private static final int MAX_RANK = 8;

  /** The inputs by which a diffusion model is recognised, and its labels. */
  private static final List<String> DIFFUSION = List.of("x", "t");

  private static final String LABEL = "y";

  /**
   * Reads the fields.
   *
   * @throws IllegalArgumentException if one is missing, unknown or of another type
   */
  static GraphConfig of(Arguments arguments) {
    GraphConfig config = new GraphConfig(arguments);
    JsonFields fields = JsonFields.of("", arguments.toJson());
    fields.required("outputs", fields.fields("outputs"));
    fields.fields("token_grid");
    List<JsonFields> nodes = fields.required(NODES, fields.each(NODES));
    fields.finish();
    if (nodes.size() > MAX_NODES) {
      throw new IllegalArgumentException("nodes are more than " + MAX_NODES);
    }
    for (int i = 0; i < nodes.size(); i++) {
      JsonFields node = nodes.get(i);
      node.required("op", node.text("op"));
      if (i > 0) {
        node.integers("in", 0, i - 1);
      }
      node.text("path");
      node.text("role");
    }
    config.parameters();
    return config;
  }

  @Override
  public String architecture() {
    return ARCHITECTURE;
  }

  /** The inputs, how many nodes there are, and which of them play which role. */
  @Override
  public Arguments shown() {
    Map<String, ArrayNode> roles = new LinkedHashMap<>();
    ObjectNode inputs = JsonNodeFactory.instance.objectNode();
    ArrayNode nodes = nodes();
    for (int i = 0; i < nodes.size(); i++) {
      JsonNode node = nodes.get(i);
      String op = node.path("op").asText();
      if (op.equals("input")) {
        inputs.set(node.path("name").asText(), node.path("shape"));
      }
      if (node.has("role")) {
        String path = node.path("path").asText();
        roles
            .computeIfAbsent(
                node.get("role").textValue(), r -> JsonNodeFactory.instance.arrayNode())
            .add(path.isEmpty() ? op + " (node " + i + ")" : path);
      }
    }
    Arguments shown = Arguments.none().with("inputs", inputs).with(NODES, nodes.size());
    for (Map.Entry<String, ArrayNode> role : roles.entrySet()) {
      shown = shown.with("role." + role.getKey(), role.getValue());
    }
    return shown;
  }

  @Override
  public Optional<String> unpublished() {
    return Optional.of(
        "a network that was read from its graph has no published layout; export it as onnx or"
            + " torchscript");
  }

  /** The shapes of the tensors, by name. */
  Map<String, List<Long>> parameters() {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    for (JsonNode node : nodes()) {
      if (node.path("op").asText().equals("parameter")) {
        JsonFields fields = JsonFields.of("parameter", (ObjectNode) node);
        String name = fields.required("name", fields.text("name"));
        List<Long> sizes = new ArrayList<>();
        for (JsonNode size : fields.required("shape", fields.any("shape"))) {
          if (!size.isIntegralNumber() || size.longValue() < 1) {
            throw new IllegalArgumentException(
                "the shape of " + name + " must be positive whole numbers");
          }
          sizes.add(size.longValue());
        }
        if (sizes.size() > MAX_RANK || shapes.put(name, sizes) != null) {
          throw new IllegalArgumentException(
              "parameter " + name + " is there twice or has more than " + MAX_RANK + " axes");
        }
      }
    }
    return Collections.unmodifiableMap(shapes);
  }

  /** Whether it takes an image and a timestep. */
  boolean isDiffusion() {
    return DIFFUSION.stream().allMatch(name -> inputNumber(name) >= 0);
  }

  /** Rows of the table that labels pick from; 0 without labels. */
  int labelRows() {
    int label = inputNumber(LABEL);
    for (JsonNode node : nodes()) {
      if (node.path("op").asText().equals("embedding")
          && node.path("in").path(0).asInt() == label) {
        JsonNode table = nodes().path(node.path("in").path(1).asInt());
        return table.path("shape").path(0).asInt();
      }
    }
    return 0;
  }

  private int inputNumber(String name) {
    ArrayNode nodes = nodes();
    for (int i = 0; i < nodes.size(); i++) {
      JsonNode node = nodes.get(i);
      if (node.path("op").asText().equals("input") && node.path("name").asText().equals(name)) {
        return i;
      }
    }
    return -1;
  }

  private ArrayNode nodes() {
    return (ArrayNode) arguments.get(NODES).orElseThrow();
  }
}
