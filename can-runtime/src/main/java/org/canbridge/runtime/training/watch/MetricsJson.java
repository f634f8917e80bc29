package org.canbridge.runtime.training.watch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.canbridge.tensors.files.JsonFields;

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

  private static final String HELD_OUT = "held_out";

  private static final List<String> NOT_FINITE = List.of("NaN", "Infinity", "-Infinity");

  private MetricsJson() {}

  /** The line in UTF-8, with its line feed. */
  static byte[] line(StepMetrics metrics) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put(STEP, metrics.step());
    if (metrics.step() > 0) {
      put(node, LOSS, metrics.loss());
      ObjectNode terms = node.putObject(TERMS);
      metrics.terms().forEach((name, value) -> put(terms, name, value));
      put(node, LEARNING_RATE, metrics.learningRate());
      put(node, GRADIENT_NORM, metrics.gradientNorm());
      put(node, IMAGES_PER_SECOND, metrics.imagesPerSecond());
    }
    put(node, SECONDS, metrics.seconds());
    metrics.heldOut().ifPresent(loss -> put(node, HELD_OUT, loss));
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
   * @throws IOException if it is no JSON object
   * @throws IllegalArgumentException if a field is missing, unknown or wrong
   */
  static StepMetrics parse(byte[] line) throws IOException {
    if (!(MAPPER.readTree(line) instanceof ObjectNode node)) {
      throw new IOException("not a JSON object");
    }
    JsonFields fields = JsonFields.of("", node);
    long step = fields.required(STEP, fields.whole(STEP, 0, Long.MAX_VALUE));
    StepMetrics metrics =
        step == 0
            ? StepMetrics.start(number(fields, HELD_OUT), number(fields, SECONDS))
            : new StepMetrics(
                step,
                number(fields, LOSS),
                terms(fields.required(TERMS, fields.fields(TERMS))),
                number(fields, LEARNING_RATE),
                number(fields, GRADIENT_NORM),
                number(fields, IMAGES_PER_SECOND),
                number(fields, SECONDS),
                fields.has(HELD_OUT)
                    ? OptionalDouble.of(number(fields, HELD_OUT))
                    : OptionalDouble.empty());
    fields.finish();
    return metrics;
  }

  private static Map<String, Double> terms(JsonFields fields) {
    Map<String, Double> terms = new TreeMap<>();
    fields.names().forEach(name -> terms.put(name, number(fields, name)));
    return terms;
  }

  /** A number, or the name of one that is not finite. */
  private static double number(JsonFields fields, String name) {
    return fields.required(name, fields.any(name)).isTextual()
        ? switch (fields.word(name, NOT_FINITE).orElseThrow()) {
          case "NaN" -> Double.NaN;
          case "Infinity" -> Double.POSITIVE_INFINITY;
          default -> Double.NEGATIVE_INFINITY;
        }
        : fields.number(name).orElseThrow();
  }
}
