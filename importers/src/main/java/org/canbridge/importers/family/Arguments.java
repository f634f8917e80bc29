package org.canbridge.importers.family;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import org.canbridge.tensors.files.JsonFields;

/**
 * The arguments of a network's constructor under the names its authors published, e.g. {@code
 * hidden_size = 1152}: what stands in the {@code config} of a model directory. Immutable; the order
 * is kept.
 */
public final class Arguments {
  private static final Arguments NONE = new Arguments(JsonNodeFactory.instance.objectNode());

  private final ObjectNode values;

  private Arguments(ObjectNode values) {
    this.values = values;
  }

  /** No arguments. */
  public static Arguments none() {
    return NONE;
  }

  /** The fields of a JSON object. */
  public static Arguments of(ObjectNode values) {
    return new Arguments((ObjectNode) normal(values));
  }

  /** These and one more; an argument that is there already takes the new value. */
  public Arguments with(String name, long value) {
    return with(name, JsonNodeFactory.instance.numberNode(value));
  }

  /** These and one more. */
  public Arguments with(String name, double value) {
    return with(name, JsonNodeFactory.instance.numberNode(value));
  }

  /** These and one more. */
  public Arguments with(String name, boolean value) {
    return with(name, JsonNodeFactory.instance.booleanNode(value));
  }

  /** These and one more. */
  public Arguments with(String name, String value) {
    return with(name, JsonNodeFactory.instance.textNode(value));
  }

  /** These and a list of whole numbers. */
  public Arguments with(String name, List<Integer> values) {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    values.forEach(list::add);
    return with(name, list);
  }

  /** These and one more, of any JSON type. */
  public Arguments with(String name, JsonNode value) {
    ObjectNode extended = values.deepCopy();
    extended.set(name, normal(value));
    return new Arguments(extended);
  }

  /** A copy in which equal numbers are equal nodes, however they were parsed or made. */
  private static JsonNode normal(JsonNode value) {
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      return JsonNodeFactory.instance.numberNode(value.longValue());
    }
    if (value.isFloatingPointNumber()) {
      return JsonNodeFactory.instance.numberNode(value.doubleValue());
    }
    if (value.isArray()) {
      ArrayNode copy = JsonNodeFactory.instance.arrayNode();
      value.forEach(element -> copy.add(normal(element)));
      return copy;
    }
    if (value.isObject()) {
      ObjectNode copy = JsonNodeFactory.instance.objectNode();
      value.properties().forEach(field -> copy.set(field.getKey(), normal(field.getValue())));
      return copy;
    }
    return value;
  }

  /** These and one more if it is known. */
  public Arguments with(String name, OptionalLong value) {
    return value.isPresent() ? with(name, value.getAsLong()) : this;
  }

  /**
   * The named ones alone, in the order of {@code names}.
   *
   * @throws java.util.NoSuchElementException if one is not there
   */
  public Arguments only(List<String> names) {
    Arguments chosen = NONE;
    for (String name : names) {
      chosen = chosen.with(name, get(name).orElseThrow());
    }
    return chosen;
  }

  /** The names, in order. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    values.fieldNames().forEachRemaining(names::add);
    return names;
  }

  /** The value of an argument. */
  public Optional<JsonNode> get(String name) {
    return Optional.ofNullable(values.get(name)).map(JsonNode::deepCopy);
  }

  /** The value of an argument if it is there and a whole number. */
  public OptionalLong integer(String name) {
    JsonNode value = values.get(name);
    return value != null && value.isIntegralNumber() && value.canConvertToLong()
        ? OptionalLong.of(value.longValue())
        : OptionalLong.empty();
  }

  /** Whether every argument of {@code other} is here with the same value. */
  public boolean includes(Arguments other) {
    return other.names().stream().allMatch(values::has) && contradictions(other).isEmpty();
  }

  /**
   * The names of arguments that are in both with different values. Numbers that are not whole count
   * as equal within 2 %: what a file tells about a ratio is rounded, {@code int(width * ratio)}. A
   * {@code null}, with which libraries leave an argument at its default, contradicts nothing.
   */
  public Set<String> contradictions(Arguments other) {
    Set<String> found = new LinkedHashSet<>();
    for (Map.Entry<String, JsonNode> entry : other.values.properties()) {
      JsonNode mine = values.get(entry.getKey());
      boolean said = mine != null && !mine.isNull() && !entry.getValue().isNull();
      if (said && !equal(mine, entry.getValue())) {
        found.add(entry.getKey());
      }
    }
    return found;
  }

  private static boolean equal(JsonNode a, JsonNode b) {
    if (!a.isNumber() || !b.isNumber()) {
      return a.equals(b);
    }
    if (a.isIntegralNumber() && b.isIntegralNumber()) {
      return a.bigIntegerValue().equals(b.bigIntegerValue());
    }
    double difference = Math.abs(a.doubleValue() - b.doubleValue());
    return difference <= 0.02 * Math.max(Math.abs(a.doubleValue()), Math.abs(b.doubleValue()));
  }

  /** The arguments as a JSON object. */
  public ObjectNode toJson() {
    return values.deepCopy();
  }

  /** Reads every argument strictly, collecting what is wrong. */
  public Reader reader() {
    return new Reader(values);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Arguments arguments && values.equals(arguments.values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  @Override
  public String toString() {
    return values.toString();
  }

  /**
   * Reads arguments one by one. A wrong one gives a placeholder, and {@link #finish()} then throws
   * with all that was wrong; so must be called before the values are used.
   */
  public static final class Reader {
    private final ObjectNode values;
    private final JsonFields fields;
    private final List<String> problems = new ArrayList<>();

    private Reader(ObjectNode values) {
      this.values = values;
      this.fields = JsonFields.of("", values);
    }

    /** A whole number from {@code least} to {@code most}. */
    public int integer(String name, int least, int most) {
      return read(name, () -> fields.integer(name, least, most), least);
    }

    /** A positive, finite number. */
    public double positive(String name) {
      return read(name, () -> fields.positive(name), 1.0);
    }

    /** A finite number; {@code null}, as Python's libraries write "none", is 0. */
    public double finite(String name) {
      boolean none = values.path(name).isNull();
      return read(name, () -> none ? fields.any(name).map(any -> 0.0) : fields.number(name), 0.0);
    }

    /** True or false. */
    public boolean flag(String name) {
      return read(name, () -> fields.flag(name), false);
    }

    /** One of several words. */
    public String word(String name, List<String> words) {
      return read(name, () -> fields.word(name, words), words.get(0));
    }

    /** One or more whole numbers from {@code least} to {@code most}. */
    public List<Integer> integers(String name, int least, int most) {
      return read(name, () -> fields.integers(name, least, most), List.of(least));
    }

    /**
     * Checks that nothing was wrong and nothing is left over.
     *
     * @throws IllegalArgumentException with all problems, one a line
     */
    public void finish() {
      fields.unread().forEach(name -> problems.add(name + " is unknown"));
      if (!problems.isEmpty()) {
        throw new IllegalArgumentException(String.join("\n", problems));
      }
    }

    private <V> V read(String name, Supplier<Optional<V>> value, V placeholder) {
      try {
        return fields.required(name, value.get());
      } catch (IllegalArgumentException e) {
        problems.add(e.getMessage());
        return placeholder;
      }
    }
  }
}
