package org.canbridge.runtime.bulk;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.canbridge.tensors.files.InputFileException;

/** The fields of an object in a job's file, each read as what it is; what nobody reads is wrong. */
final class JobFields {
  private final Path file;
  private final String prefix;
  private final ObjectNode object;
  private final Set<String> read = new HashSet<>();

  JobFields(Path file, ObjectNode object) {
    this(file, "", object);
  }

  private JobFields(Path file, String prefix, ObjectNode object) {
    this.file = file;
    this.prefix = prefix;
    this.object = object;
  }

  private Optional<JsonNode> field(String name) {
    read.add(name);
    return Optional.ofNullable(object.get(name));
  }

  Optional<String> text(String name) {
    Optional<JsonNode> field = field(name);
    return field.isEmpty() ? Optional.empty() : Optional.of(text(name, field.get()));
  }

  private String text(String name, JsonNode node) {
    if (!node.isTextual()) {
      throw wrong(name, node.toString(), "a text");
    }
    return node.textValue();
  }

  /** A path, as on a command line. */
  Optional<Path> path(String name) {
    return parsed(name, Path::of);
  }

  /**
   * A text that has a reader of its own.
   *
   * @param parser throws {@link IllegalArgumentException} with what is wrong
   */
  <V> Optional<V> parsed(String name, Function<String, V> parser) {
    Optional<String> text = text(name);
    try {
      return text.map(parser);
    } catch (IllegalArgumentException e) {
      throw wrong(name, "\"" + text.orElseThrow() + "\"", "another value: " + e.getMessage());
    }
  }

  Optional<Long> whole(String name, long min, long max) {
    Optional<JsonNode> field = field(name);
    return field.isEmpty() ? Optional.empty() : Optional.of(whole(name, field.get(), min, max));
  }

  private long whole(String name, JsonNode node, long min, long max) {
    if (!node.isIntegralNumber()
        || !node.canConvertToLong()
        || node.longValue() < min
        || node.longValue() > max) {
      throw wrong(name, node.toString(), "a whole number from " + min + " to " + max);
    }
    return node.longValue();
  }

  Optional<Double> number(String name, double min, double max) {
    Optional<JsonNode> field = field(name);
    if (field.isPresent()
        && !(field.get().isNumber()
            && field.get().doubleValue() >= min
            && field.get().doubleValue() <= max)) {
      throw wrong(name, field.get().toString(), "a number from " + min + " to " + max);
    }
    return field.map(JsonNode::doubleValue);
  }

  Optional<Boolean> flag(String name) {
    Optional<JsonNode> field = field(name);
    if (field.isPresent() && !field.get().isBoolean()) {
      throw wrong(name, field.get().toString(), "true or false");
    }
    return field.map(JsonNode::booleanValue);
  }

  /** Texts; at least one. */
  Optional<List<String>> texts(String name) {
    return list(name, node -> text(name, node));
  }

  /** Whole numbers; at least one. */
  Optional<List<Integer>> integers(String name, int min, int max) {
    return list(name, node -> (int) whole(name, node, min, max));
  }

  private <V> Optional<List<V>> list(String name, Function<JsonNode, V> element) {
    Optional<JsonNode> field = field(name);
    if (field.isPresent() && (!field.get().isArray() || field.get().isEmpty())) {
      throw wrong(name, field.get().toString(), "a list that is not empty");
    }
    return field.map(
        array -> {
          List<V> values = new ArrayList<>();
          array.forEach(node -> values.add(element.apply(node)));
          return List.copyOf(values);
        });
  }

  /** An object as it is. */
  Optional<ObjectNode> object(String name) {
    Optional<JsonNode> field = field(name);
    if (field.isPresent() && !field.get().isObject()) {
      throw wrong(name, field.get().toString(), "an object");
    }
    return field.map(ObjectNode.class::cast);
  }

  /** An object whose fields are read alike. */
  Optional<JobFields> fields(String name) {
    return object(name).map(inner -> new JobFields(file, prefix + name + ".", inner));
  }

  /** What must be there. */
  <V> V required(String name, Optional<V> value) {
    return value.orElseThrow(() -> wrong(name, "no such field", "it to be there"));
  }

  /** Refuses fields that were not asked for. */
  void finish() {
    for (String name : (Iterable<String>) object::fieldNames) {
      if (!read.contains(name)) {
        throw wrong(name, object.get(name).toString(), "no such field");
      }
    }
  }

  private InputFileException wrong(String name, String actual, String expected) {
    return InputFileException.of(BulkProblem.JOB_FIELD, file)
        .key(prefix + name)
        .what("the sampling job has a field that cannot be followed")
        .expected(expected)
        .actual(actual)
        .next("mend the field, or write the job anew with sample --save-job")
        .build();
  }
}
