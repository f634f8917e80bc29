package org.canbridge.importers.published;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.importers.family.Arguments;

/**
 * The fields of a scheduler's configuration, read one by one. One that is missing or null has its
 * class's default. What is wrong is collected, and {@link #finish()} throws with all of it; so must
 * be called before the values are used.
 */
public final class SchedulerFields {
  private final ObjectNode given;
  private final ObjectNode values;
  private final Arguments.Reader reader;
  private final List<String> problems = new ArrayList<>();

  /**
   * Completes a configuration.
   *
   * @param given what the file says
   * @param defaults the fields that will be read; nulls are fields without a default
   */
  public SchedulerFields(ObjectNode given, ObjectNode defaults) {
    this.given = given;
    this.values = JsonNodeFactory.instance.objectNode();
    defaults
        .properties()
        .forEach(
            field -> {
              JsonNode value =
                  given.hasNonNull(field.getKey()) ? given.get(field.getKey()) : field.getValue();
              if (!value.isNull()) {
                values.set(field.getKey(), value);
              }
            });
    ObjectNode told = values.deepCopy();
    told.properties().removeIf(field -> isEmptyList(field.getValue()));
    this.reader = Arguments.of(told).reader();
  }

  /** The reader of arguments takes no empty list; here it means none. */
  private static boolean isEmptyList(JsonNode value) {
    return value.isArray() && value.isEmpty();
  }

  /** All fields with their values. */
  public ObjectNode values() {
    return values;
  }

  /** The same as text by name. */
  public Map<String, String> describe() {
    Map<String, String> text = new LinkedHashMap<>();
    values
        .properties()
        .forEach(
            field ->
                text.put(
                    field.getKey(),
                    field.getValue().isTextual()
                        ? field.getValue().textValue()
                        : field.getValue().toString()));
    return text;
  }

  /** Whether two configurations say the same about one field; 1 and 1.0 are the same. */
  private static boolean same(JsonNode a, JsonNode b) {
    boolean numbers = a.isNumber() && b.isNumber();
    return numbers ? a.doubleValue() == b.doubleValue() : a.equals(b);
  }

  /** Demands that fields which are not followed here have the values that switch them off. */
  public void require(ObjectNode only) {
    only.properties()
        .forEach(
            field -> {
              JsonNode value = given.path(field.getKey());
              if (!value.isMissingNode() && !value.isNull() && !same(value, field.getValue())) {
                problems.add(field.getKey() + " must be " + field.getValue() + ", is " + value);
              }
            });
  }

  /** Refuses fields that no scheduler is known to have. Names with an underscore are remarks. */
  public void refuseUnknown(Set<String> known) {
    Set<String> names = new HashSet<>(known);
    given
        .fieldNames()
        .forEachRemaining(
            name -> {
              if (!name.startsWith("_") && names.add(name)) {
                problems.add(name + " is unknown");
              }
            });
  }

  /** Adds a problem unless the condition holds. */
  public void check(boolean holds, String problem) {
    if (!holds) {
      problems.add(problem);
    }
  }

  /** A whole number in this range. */
  public int integer(String name, int least, int most) {
    return reader.integer(name, least, most);
  }

  /** A positive number. */
  public double positive(String name) {
    return reader.positive(name);
  }

  /** A number between 0 and 1, both excluded. */
  double share(String name) {
    double value = reader.positive(name);
    check(
        value < 1 || !values.path(name).isNumber(),
        name + " must be less than 1, is " + values.path(name));
    return value;
  }

  /** True or false. */
  public boolean flag(String name) {
    return reader.flag(name);
  }

  /** One of these words. */
  public String word(String name, String... words) {
    return reader.word(name, List.of(words));
  }

  /** Whole numbers from 0; there may be none. */
  public List<Integer> indexes(String name) {
    return isEmptyList(values.path(name))
        ? List.of()
        : reader.integers(name, 0, Integer.MAX_VALUE - 1);
  }

  /**
   * Checks that nothing was wrong.
   *
   * @throws IllegalArgumentException with all problems, one a line
   */
  public void finish() {
    try {
      reader.finish();
    } catch (IllegalArgumentException e) {
      problems.addAll(0, e.getMessage().lines().toList());
    }
    if (!problems.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", problems));
    }
  }
}
