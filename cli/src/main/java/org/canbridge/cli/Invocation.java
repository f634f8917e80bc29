package org.canbridge.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.apache.commons.cli.CommandLine;

/**
 * The arguments of one command, read as what they are meant to be. Options are named without the
 * leading dashes. Every method throws {@link UsageException} where the text cannot be read so, and
 * where an option that takes one value was given more than once.
 */
final class Invocation {
  private final Command command;
  private final CommandLine line;

  Invocation(Command command, CommandLine line) {
    this.command = command;
    this.line = line;
  }

  /** The one operand; {@code name} is what the synopsis calls it. */
  String operand(String name) throws UsageException {
    List<String> operands = line.getArgList();
    if (operands.size() != 1) {
      throw new UsageException(
          "takes one "
              + name
              + ", but got "
              + (operands.isEmpty()
                  ? "none"
                  : operands.size() + ": " + String.join(" ", operands)));
    }
    return operands.get(0);
  }

  /** Whether there is any operand. */
  boolean hasOperand() {
    return !line.getArgList().isEmpty();
  }

  /** The one operand, as a path. */
  Path pathOperand(String name) throws UsageException {
    return path(name, operand(name));
  }

  /** Refuses operands. */
  void noOperand() throws UsageException {
    if (!line.getArgList().isEmpty()) {
      throw new UsageException("takes no operand, but got: " + String.join(" ", line.getArgList()));
    }
  }

  /** Whether an option without a value was given. */
  boolean flag(String option) {
    return line.hasOption(option);
  }

  /** The value as it was typed. */
  Optional<String> text(String option) throws UsageException {
    String[] values = line.getOptionValues(option);
    if (values == null) {
      return Optional.empty();
    }
    if (values.length > 1) {
      throw new UsageException("--" + option + " is given " + values.length + " times");
    }
    return Optional.of(values[0]);
  }

  /** A file or folder, which may or may not exist. */
  Optional<Path> path(String option) throws UsageException {
    Optional<String> text = text(option);
    return text.isEmpty() ? Optional.empty() : Optional.of(path("--" + option, text.get()));
  }

  /** A path that must be given. */
  Path requiredPath(String option) throws UsageException {
    Optional<Path> path = path(option);
    if (path.isEmpty()) {
      throw new UsageException("needs --" + option + "; synopsis: " + command.synopsis());
    }
    return path.get();
  }

  /** A whole number from {@code min} to {@code max}. */
  OptionalInt integer(String option, int min, int max) throws UsageException {
    OptionalLong value = integer(option, (long) min, max);
    return value.isEmpty() ? OptionalInt.empty() : OptionalInt.of((int) value.getAsLong());
  }

  /** A whole number from {@code min} to {@code max}. */
  OptionalLong integer(String option, long min, long max) throws UsageException {
    Optional<String> text = text(option);
    return text.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(integer(option, text.get(), min, max));
  }

  /** Whole numbers separated by commas, each from {@code min} to {@code max}; at least one. */
  Optional<List<Integer>> integers(String option, int min, int max) throws UsageException {
    Optional<String> text = text(option);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    List<Integer> values = new ArrayList<>();
    for (String item : text.get().split(",", -1)) {
      values.add((int) integer(option, item, min, max));
    }
    return Optional.of(List.copyOf(values));
  }

  /** A finite number from {@code min} to {@code max}. */
  OptionalDouble number(String option, double min, double max) throws UsageException {
    Optional<String> text = text(option);
    if (text.isEmpty()) {
      return OptionalDouble.empty();
    }
    try {
      double value = Double.parseDouble(text.get());
      if (value >= min && value <= max && Double.isFinite(value)) {
        return OptionalDouble.of(value);
      }
    } catch (NumberFormatException e) {
      // said below, together with numbers that are out of range
    }
    throw wrongValue(option, text.get(), "a number" + range(min, max));
  }

  /** One of several words, each with its meaning; the map's order is the one that messages use. */
  <T> Optional<T> choice(String option, Map<String, T> choices) throws UsageException {
    Optional<String> text = text(option);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    T chosen = choices.get(text.get());
    if (chosen == null) {
      throw wrongValue(
          option,
          text.get(),
          "one of "
              + String.join(", ", choices.keySet())
              + Suggestion.text(text.get(), choices.keySet()));
    }
    return Optional.of(chosen);
  }

  private static long integer(String option, String text, long min, long max)
      throws UsageException {
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
    throw wrongValue(option, text, "a whole number" + range);
  }

  private static String range(double min, double max) {
    if (max == Double.MAX_VALUE) {
      return min == -Double.MAX_VALUE ? "" : ", " + min + " or more";
    }
    return " from " + min + " to " + max;
  }

  private static Path path(String name, String text) throws UsageException {
    if (text.isEmpty()) {
      throw new UsageException(name + " is empty");
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new UsageException(name + " is not a path: " + e.getMessage());
    }
  }

  private static UsageException wrongValue(String option, String actual, String expected) {
    return new UsageException("--" + option + " is '" + actual + "', but must be " + expected);
  }
}
