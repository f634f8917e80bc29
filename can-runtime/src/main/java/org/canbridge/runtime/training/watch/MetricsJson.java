package org.canbridge.runtime.training.watch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A step's metrics as one line of JSON, and back; the layout is {@link MetricsFile}'s. */
final class MetricsJson {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final String STEP = "step";
  private static final String LOSS = "loss";
  private static final String TERMS = "terms";
  private static final String LEARNING_RATE = "learning_rate";
  private static final String GRADIENT_NORM = "gradient_norm";
  private static final String IMAGES_PER_SECOND = "images_per_second";
  private static final String SECONDS = "seconds";

  private static final List<String> FIELDS =
      List.of(STEP, LOSS, TERMS, LEARNING_RATE, GRADIENT_NORM, IMAGES_PER_SECOND, SECONDS);

  private MetricsJson() {}

  /** The line in UTF-8, with its line feed. */
  static byte[] line(StepMetrics metrics) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put(STEP, metrics.step());
    put(node, LOSS, metrics.loss());
    ObjectNode terms = node.putObject(TERMS);
    metrics.terms().forEach((name, value) -> put(terms, name, value));
    put(node, LEARNING_RATE, metrics.learningRate());
    put(node, GRADIENT_NORM, metrics.gradientNorm());
    put(node, IMAGES_PER_SECOND, metrics.imagesPerSecond());
    put(node, SECONDS, metrics.seconds());
    try {
      return (MAPPER.writeValueAsString(node) + "\n").getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain nodes cannot fail to be written", e);
    }
  }

  private static void put(ObjectNode node, String name, double value) {
    if (Double.isFinite(value)) {
      node.put(name, value);
    } else {
      node.put(name, Double.toString(value));
    }
  }

  /**
   * Reads a line.
   *
   * @throws IOException if it is something else; the message says what
   */
  static StepMetrics parse(byte[] line) throws IOException {
    JsonNode node = MAPPER.readTree(line);
    if (!node.isObject()) {
      throw new IOException("not a JSON object");
    }
    List<String> names = new ArrayList<>();
    node.fieldNames().forEachRemaining(names::add);
    for (String field : FIELDS) {
      if (!names.remove(field)) {
        throw new IOException("no field " + field);
      }
    }
    if (!names.isEmpty()) {
      throw new IOException("unknown field " + names.get(0));
    }
    return new StepMetrics(
        step(node.get(STEP)),
        number(node, LOSS),
        terms(node.get(TERMS)),
        number(node, LEARNING_RATE),
        number(node, GRADIENT_NORM),
        number(node, IMAGES_PER_SECOND),
        number(node, SECONDS));
  }

  private static long step(JsonNode node) throws IOException {
    if (!node.isIntegralNumber() || !node.canConvertToLong() || node.longValue() < 1) {
      throw new IOException("step is " + node);
    }
    return node.longValue();
  }

  private static Map<String, Double> terms(JsonNode node) throws IOException {
    if (!node.isObject()) {
      throw new IOException("terms is " + node);
    }
    Map<String, Double> terms = new TreeMap<>();
    for (Map.Entry<String, JsonNode> term : node.properties()) {
      terms.put(term.getKey(), number(node, term.getKey()));
    }
    return terms;
  }

  private static double number(JsonNode parent, String name) throws IOException {
    JsonNode node = parent.get(name);
    if (node.isNumber()) {
      return node.doubleValue();
    }
    return switch (node.asText()) {
      case "NaN" -> Double.NaN;
      case "Infinity" -> Double.POSITIVE_INFINITY;
      case "-Infinity" -> Double.NEGATIVE_INFINITY;
      default -> throw new IOException(name + " is " + node);
    };
  }
}
