package org.canbridge.cli;

import java.math.BigInteger;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.canbridge.tensors.files.Suggestion;

/**
 * What the text of an option means.
 *
 * @param <V> what it is read as
 */
interface Value<V> {
  /** Short enough for any text to be read at once. */
  Pattern SIZE = Pattern.compile("(\\d{1,18})([KMGT])(i?)B");

  /**
   * Reads it.
   *
   * @param name the option as it was typed, with its dashes
   * @param text its value as it was typed
   * @throws UsageException if the text cannot be read so
   */
  V read(String name, String text) throws UsageException;

  /** The text that would be read as this value. */
  default String show(V value) {
    return value.toString();
  }

  /** All texts that it can be, where they can be listed: for completion in a shell. */
  default List<String> words() {
    return List.of();
  }

  /** Whether it names a file or folder. */
  default boolean isPath() {
    return false;
  }

  /** Any text. */
  static Value<String> text() {
    return (name, text) -> text;
  }

  /** A file or folder, which may or may not exist. */
  static Value<Path> path() {
    return path((name, path) -> {});
  }

  /** A folder, which may or may not exist, but has not the name of a file. */
  static Value<Path> folder() {
    return file("");
  }

  /** A file whose name may end so, or in nothing known; it may or may not exist. */
  static Value<Path> file(String ending) {
    return path((name, path) -> FileNames.check(name, path, ending));
  }

  /** What is demanded of a path. */
  interface PathCheck {
    void check(String name, Path path) throws UsageException;
  }

  private static Value<Path> path(PathCheck demanded) {
    return new Value<>() {
      @Override
      public Path read(String name, String text) throws UsageException {
        Path path = path(name, text);
        demanded.check(name, path);
        return path;
      }

      @Override
      public boolean isPath() {
        return true;
      }
    };
  }

  /** A path, by the option or operand that gave it. */
  static Path path(String name, String text) throws UsageException {
    if (text.isEmpty()) {
      throw new UsageException(name + " is empty");
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new UsageException(name + " is not a path: " + e.getMessage());
    }
  }

  /** A whole number from {@code min} to {@code max}. */
  static Value<Long> whole(long min, long max) {
    return (name, text) -> whole(name, text, min, max);
  }

  /** A whole number from {@code min} to {@code max}. */
  static Value<Integer> integer(int min, int max) {
    return (name, text) -> (int) whole(name, text, min, max);
  }

  private static long whole(String name, String text, long min, long max) throws UsageException {
    try {
      long value = Long.parseLong(text);
      if (value >= min && value <= max) {
        return value;
      }
    } catch (NumberFormatException e) {
      // said below, together with numbers that are out of range
    }
    String range =
        max == Integer.MAX_VALUE || max == Long.MAX_VALUE
            ? (min == Long.MIN_VALUE ? "" : ", " + min + " or more")
            : " from " + min + " to " + max;
    throw wrong(name, text, "a whole number" + range);
  }

  /** A finite number from {@code min} to {@code max}. */
  static Value<Double> number(double min, double max) {
    return new Value<>() {
      @Override
      public Double read(String name, String text) throws UsageException {
        try {
          double value = Double.parseDouble(text);
          if (value >= min && value <= max && Double.isFinite(value)) {
            return value;
          }
        } catch (NumberFormatException e) {
          // said below, together with numbers that are out of range
        }
        throw wrong(name, text, "a number" + range(min, max));
      }

      @Override
      public String show(Double value) {
        return value.toString().replaceFirst("\\.0$", "");
      }
    };
  }

  private static String range(double min, double max) {
    if (min == Double.MIN_NORMAL) {
      return max == Double.MAX_VALUE ? " above 0" : " above 0, at most " + max;
    }
    if (max < Double.MAX_VALUE) {
      return " from " + min + " to " + max;
    }
    return min == -Double.MAX_VALUE ? "" : ", " + min + " or more";
  }

  /** Bytes, with a unit as the hub's libraries read it: {@code 5GB} is 5,000,000,000. */
  static Value<Long> size() {
    return (name, text) -> {
      Matcher size = SIZE.matcher(text);
      if (size.matches()) {
        BigInteger base = BigInteger.valueOf(size.group(3).isEmpty() ? 1000 : 1024);
        BigInteger bytes =
            new BigInteger(size.group(1)).multiply(base.pow("KMGT".indexOf(size.group(2)) + 1));
        if (bytes.signum() > 0 && bytes.bitLength() < Long.SIZE) {
          return bytes.longValue();
        }
      }
      throw wrong(name, text, "a size such as 5GB, 200MB or 512MiB");
    };
  }

  /** One of several words, each with its meaning; the map's order is the one that messages use. */
  static <V> Value<V> word(Map<String, V> words) {
    return new Value<>() {
      @Override
      public V read(String name, String text) throws UsageException {
        V meant = words.get(text);
        if (meant == null) {
          String known = String.join(", ", words.keySet());
          throw wrong(name, text, "one of " + known + Suggestion.text(text, words.keySet()));
        }
        return meant;
      }

      @Override
      public List<String> words() {
        return List.copyOf(words.keySet());
      }

      @Override
      public String show(V value) {
        return words.entrySet().stream()
            .filter(entry -> entry.getValue().equals(value))
            .map(Map.Entry::getKey)
            .findFirst()
            .orElseThrow();
      }
    };
  }

  /**
   * Something that has a reader of its own.
   *
   * @param parser throws {@link IllegalArgumentException} with what is wrong
   */
  static <V> Value<V> parsed(Function<String, V> parser) {
    return parsed(parser, List::of);
  }

  /**
   * Something that has a reader of its own.
   *
   * @param words all that it reads
   */
  static <V> Value<V> parsed(Function<String, V> parser, Supplier<List<String>> words) {
    return new Value<>() {
      @Override
      public V read(String name, String text) throws UsageException {
        try {
          return parser.apply(text);
        } catch (IllegalArgumentException e) {
          throw new UsageException(name + ": " + e.getMessage());
        }
      }

      @Override
      public List<String> words() {
        return words.get();
      }
    };
  }

  /** Several values separated by commas; at least one. */
  static <V> Value<List<V>> list(Value<V> element) {
    return new Value<>() {
      @Override
      public List<V> read(String name, String text) throws UsageException {
        List<V> values = new ArrayList<>();
        for (String item : text.split(",", -1)) {
          values.add(element.read(name, item));
        }
        return List.copyOf(values);
      }

      @Override
      public String show(List<V> values) {
        return values.stream().map(element::show).collect(Collectors.joining(","));
      }

      @Override
      public List<String> words() {
        return element.words();
      }
    };
  }

  private static UsageException wrong(String name, String actual, String expected) {
    return new UsageException(name + " is '" + actual + "', but must be " + expected);
  }
}
