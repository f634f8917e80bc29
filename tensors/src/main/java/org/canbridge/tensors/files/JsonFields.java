package org.canbridge.tensors.files;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The fields of a JSON object, each read as what it is: a field of another type or out of its range
 * is refused, and so, by {@link #finish()}, is one that nobody asked for. A field that is not there
 * is empty.
 *
 * <pre>{@code
 * JsonFields fields = JsonFields.of("can", object);
 * int width = fields.required("width", fields.integer("width", 1, 4096));
 * boolean bias = fields.flag("bias").orElse(true);
 * fields.finish();
 * }</pre>
 */
public final class JsonFields {
  private final String path;
  private final ObjectNode object;
  private final Function<Wrong, ? extends RuntimeException> refusal;

  /** What was asked for, and what it should be. */
  private final Map<String, String> asked = new HashMap<>();

  /** What can be wrong with a field. */
  public enum Fault {
    /** It is not there. */
    MISSING,
    /** Nobody knows it. */
    UNKNOWN,
    /** It has another type or value. */
    VALUE
  }

  /**
   * A field that is refused.
   *
   * @param path its name, after those of the objects that it is in: {@code can.generators[0].bias}
   * @param fault what is wrong
   * @param expected what it should be, e.g. {@code a text}; empty if nobody knows it
   * @param actual what it is; a missing node if it is not there
   */
  public record Wrong(String path, Fault fault, String expected, JsonNode actual) {
    /** One clause, e.g. {@code depth must be a whole number from 1 to 9, is 3.5}. */
    @Override
    public String toString() {
      return switch (fault) {
        case MISSING -> path + " is missing";
        case UNKNOWN -> path + " is unknown";
        case VALUE -> path + " must be " + expected + ", is " + actual;
      };
    }
  }

  private JsonFields(
      String path, ObjectNode object, Function<Wrong, ? extends RuntimeException> refusal) {
    this.path = path;
    this.object = object;
    this.refusal = refusal;
  }

  /**
   * The fields of an object; a wrong one throws what {@code refusal} makes of it.
   *
   * @param path the object's own name, for messages; may be empty
   */
  public static JsonFields of(
      String path, ObjectNode object, Function<Wrong, ? extends RuntimeException> refusal) {
    return new JsonFields(path, object, refusal);
  }

  /** The same; a wrong field throws {@link IllegalArgumentException} with its clause. */
  public static JsonFields of(String path, ObjectNode object) {
    return of(path, object, wrong -> new IllegalArgumentException(wrong.toString()));
  }

  /** Whether there is such a field. */
  public boolean has(String name) {
    return object.has(name);
  }

  /** The names of all fields, in order. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  /** A text. */
  public Optional<String> text(String name) {
    return value(name, "a text", JsonNode::isTextual, JsonNode::textValue);
  }

  /**
   * A text that has a reader of its own.
   *
   * @param parser throws {@link IllegalArgumentException} with what is wrong
   */
  public <V> Optional<V> parsed(String name, Function<String, V> parser) {
    Optional<String> text = text(name);
    try {
      return text.map(parser);
    } catch (IllegalArgumentException e) {
      throw wrong(name, "another value: " + e.getMessage(), object.get(name));
    }
  }

  /** One of several words. */
  public Optional<String> word(String name, List<String> words) {
    return value(
        name, "one of " + words, node -> words.contains(node.textValue()), JsonNode::textValue);
  }

  /** A whole number from {@code min} to {@code max}. */
  public Optional<Long> whole(String name, long min, long max) {
    return value(
        name,
        "a whole number" + range(min, max),
        node -> isWhole(node, min, max),
        JsonNode::longValue);
  }

  /** The same, where 32 bits hold it. */
  public Optional<Integer> integer(String name, int min, int max) {
    return whole(name, min, max).map(Long::intValue);
  }

  /** A limit that is only that of the type is not worth telling. */
  private static String range(long min, long max) {
    if (max < Integer.MAX_VALUE) {
      return " from " + min + " to " + max;
    }
    return min == Long.MIN_VALUE ? "" : ", " + min + " or more";
  }

  private static boolean isWhole(JsonNode node, long min, long max) {
    return node.isIntegralNumber()
        && node.canConvertToLong()
        && node.longValue() >= min
        && node.longValue() <= max;
  }

  /** A finite number. */
  public Optional<Double> number(String name) {
    return number(name, "a number", -Double.MAX_VALUE, Double.MAX_VALUE);
  }

  /** A finite number greater than 0. */
  public Optional<Double> positive(String name) {
    return number(name, "a positive number", Double.MIN_VALUE, Double.MAX_VALUE);
  }

  /** A number from {@code min} to {@code max}. */
  public Optional<Double> number(String name, double min, double max) {
    return number(name, "a number from " + min + " to " + max, min, max);
  }

  private Optional<Double> number(String name, String expected, double min, double max) {
    return value(
        name,
        expected,
        node -> node.isNumber() && node.doubleValue() >= min && node.doubleValue() <= max,
        JsonNode::doubleValue);
  }

  /** True or false. */
  public Optional<Boolean> flag(String name) {
    return value(name, "true or false", JsonNode::isBoolean, JsonNode::booleanValue);
  }

  /** A list of texts, at least {@code least} of them: 0 or 1. */
  public Optional<List<String>> texts(String name, int least) {
    return list(name, least, "texts", JsonNode::isTextual, JsonNode::textValue);
  }

  /** A list of whole numbers, at least one. */
  public Optional<List<Integer>> integers(String name, int min, int max) {
    return list(
        name,
        1,
        "whole numbers" + range(min, max),
        node -> isWhole(node, min, max),
        JsonNode::intValue);
  }

  private <V> Optional<List<V>> list(
      String name,
      int least,
      String elements,
      Predicate<JsonNode> right,
      Function<JsonNode, V> value) {
    Optional<JsonNode> list =
        value(name, "a list of " + elements, node -> all(node, right), node -> node);
    if (list.isPresent() && list.get().size() < least) {
      throw wrong(name, "a list that is not empty", list.get());
    }
    return list.map(
        array -> {
          List<V> values = new ArrayList<>();
          array.forEach(node -> values.add(value.apply(node)));
          return List.copyOf(values);
        });
  }

  private static boolean all(JsonNode list, Predicate<JsonNode> right) {
    boolean all = list.isArray();
    for (JsonNode element : list) {
      all &= right.test(element);
    }
    return all;
  }

  /** A list of objects whose fields are read alike; there may be none. */
  public Optional<List<JsonFields>> each(String name) {
    return list(name, 0, "objects", JsonNode::isObject, ObjectNode.class::cast)
        .map(
            objects -> {
              List<JsonFields> all = new ArrayList<>();
              for (ObjectNode inner : objects) {
                all.add(new JsonFields(full(name + "[" + all.size() + "]"), inner, refusal));
              }
              return all;
            });
  }

  /** An object as it is. */
  public Optional<ObjectNode> object(String name) {
    return value(name, "an object", JsonNode::isObject, ObjectNode.class::cast);
  }

  /** An object whose fields are read alike. */
  public Optional<JsonFields> fields(String name) {
    return object(name).map(inner -> new JsonFields(full(name), inner, refusal));
  }

  /** Whatever it is. */
  public Optional<JsonNode> any(String name) {
    return value(name, "", node -> true, node -> node);
  }

  /** What must be there. */
  public <V> V required(String name, Optional<V> value) {
    return value.orElseThrow(
        () ->
            refusal.apply(
                new Wrong(
                    full(name),
                    Fault.MISSING,
                    asked.getOrDefault(name, ""),
                    MissingNode.getInstance())));
  }

  /** The names of the fields that were not asked for. */
  public List<String> unread() {
    List<String> names = names();
    names.removeAll(asked.keySet());
    return names;
  }

  /** Refuses fields that were not asked for. */
  public void finish() {
    for (String name : unread()) {
      throw refusal.apply(new Wrong(full(name), Fault.UNKNOWN, "", object.get(name)));
    }
  }

  private <V> Optional<V> value(
      String name, String expected, Predicate<JsonNode> right, Function<JsonNode, V> value) {
    asked.put(name, expected);
    JsonNode node = object.get(name);
    if (node == null) {
      return Optional.empty();
    }
    if (!right.test(node)) {
      throw wrong(name, expected, node);
    }
    return Optional.of(value.apply(node));
  }

  private RuntimeException wrong(String name, String expected, JsonNode actual) {
    return refusal.apply(new Wrong(full(name), Fault.VALUE, expected, actual));
  }

  private String full(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }
}
