package org.canbridge.runtime.graph.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.canbridge.runtime.graph.Dim;
import org.canbridge.runtime.graph.Initializer;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.tensors.files.JsonFields;

/**
 * An operation as data: its record's name and components in lower case with underscores. Records
 * are all that can be made: what a file says is the name of one of them, or is refused.
 */
final class OpJson {
  private static final Map<String, Class<?>> RECORDS = records();

  private OpJson() {}

  private static Map<String, Class<?>> records() {
    Map<String, Class<?>> records = new TreeMap<>();
    for (Class<?> kind : Op.class.getPermittedSubclasses()) {
      Stream<Class<?>> each =
          kind.isRecord() ? Stream.of(kind) : Arrays.stream(kind.getPermittedSubclasses());
      each.forEach(record -> records.put(snake(record.getSimpleName()), record));
    }
    return records;
  }

  /** The names of all operations. */
  static List<String> names() {
    return List.copyOf(RECORDS.keySet());
  }

  static String name(Op op) {
    return snake(op.getClass().getSimpleName());
  }

  private static String snake(String camel) {
    return camel.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "_").toLowerCase(Locale.ROOT);
  }

  /** Adds the operation's fields. */
  static void write(Op op, ObjectNode json) {
    for (RecordComponent component : op.getClass().getRecordComponents()) {
      if (component.getType() == Initializer.class) {
        continue; // Start values are for networks that begin; this one has its own.
      }
      Object value;
      try {
        value = component.getAccessor().invoke(op);
      } catch (IllegalAccessException | InvocationTargetException e) {
        throw new IllegalStateException(op + " cannot be written", e);
      }
      write(snake(component.getName()), value, json);
    }
  }

  private static void write(String name, Object value, ObjectNode json) {
    if (value instanceof Integer number) {
      json.put(name, number);
    } else if (value instanceof Long number) {
      json.put(name, number);
    } else if (value instanceof Double number) {
      json.put(name, number);
    } else if (value instanceof Enum<?> constant) {
      json.put(name, constant.name().toLowerCase(Locale.ROOT));
    } else if (value instanceof Shape shape) {
      ArrayNode sizes = json.putArray(name);
      shape.dims().forEach(dim -> add(sizes, dim));
    } else if (value instanceof List<?> numbers) {
      ArrayNode list = json.putArray(name);
      numbers.forEach(number -> list.add((Integer) number));
    } else if (value instanceof OptionalLong number) {
      number.ifPresent(n -> json.put(name, n));
    } else if (value instanceof String text) {
      json.put(name, text);
    } else {
      throw new IllegalStateException("no way to write " + value);
    }
  }

  private static void add(ArrayNode sizes, Dim dim) {
    if (dim.batch()) {
      sizes.add(dim.toString());
    } else {
      sizes.add(dim.size());
    }
  }

  /**
   * Makes an operation.
   *
   * @throws IllegalArgumentException if there is none of this name, or a field is not as it wants
   */
  static Op read(String name, JsonFields fields) {
    Class<?> record = RECORDS.get(name);
    if (record == null) {
      throw new IllegalArgumentException("there is no operation '" + name + "'");
    }
    RecordComponent[] components = record.getRecordComponents();
    Object[] values = new Object[components.length];
    Class<?>[] types = new Class<?>[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      values[i] = read(snake(components[i].getName()), types[i], fields);
    }
    try {
      return (Op) record.getDeclaredConstructor(types).newInstance(values);
    } catch (InvocationTargetException e) {
      throw new IllegalArgumentException(e.getCause().getMessage(), e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(name + " cannot be made", e);
    }
  }

  private static Object read(String name, Class<?> type, JsonFields fields) {
    if (type == int.class) {
      return fields.required(name, fields.integer(name, Integer.MIN_VALUE, Integer.MAX_VALUE));
    }
    if (type == long.class) {
      return fields.required(name, fields.whole(name, Long.MIN_VALUE, Long.MAX_VALUE));
    }
    if (type == double.class) {
      return fields.required(name, fields.number(name));
    }
    if (type.isEnum()) {
      String word = fields.required(name, fields.text(name));
      return Arrays.stream(type.getEnumConstants())
          .filter(constant -> ((Enum<?>) constant).name().toLowerCase(Locale.ROOT).equals(word))
          .findFirst()
          .orElseThrow(() -> new IllegalArgumentException("unknown " + name + " '" + word + "'"));
    }
    if (type == Shape.class) {
      return shape(name, fields.required(name, fields.any(name)));
    }
    if (type == List.class) {
      return fields.required(name, fields.integers(name, Integer.MIN_VALUE, Integer.MAX_VALUE));
    }
    if (type == OptionalLong.class) {
      return fields
          .whole(name, Long.MIN_VALUE, Long.MAX_VALUE)
          .map(OptionalLong::of)
          .orElse(OptionalLong.empty());
    }
    if (type == String.class) {
      return fields.required(name, fields.text(name));
    }
    if (type == Initializer.class) {
      return Initializer.Usual.FAN_IN;
    }
    throw new IllegalStateException("no way to read " + type);
  }

  private static Shape shape(String name, JsonNode sizes) {
    List<Dim> dims = new ArrayList<>();
    for (JsonNode size : sizes) {
      String text = size.asText();
      boolean batch = size.isTextual() && text.matches("[0-9]{0,9}B");
      if (!batch && !size.canConvertToLong()) {
        throw new IllegalArgumentException(name + " must be sizes, such as \"B\" or 64");
      }
      String number = batch ? text.substring(0, text.length() - 1) : text;
      dims.add(new Dim(number.isEmpty() ? 1 : Long.parseLong(number), batch));
    }
    return new Shape(dims);
  }
}
