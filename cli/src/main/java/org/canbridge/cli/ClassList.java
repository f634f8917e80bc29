package org.canbridge.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.canbridge.tensors.files.Suggestion;

/** Classes as people write them: {@code 207}, {@code 5-7}, {@code golden retriever}. */
final class ClassList {
  private static final Pattern NUMBERS = Pattern.compile("(\\d+)(-(\\d+))?");

  /** A larger set is that of no model, and is drawn by naming none. */
  private static final int MOST = 1 << 20;

  private ClassList() {}

  /**
   * Reads a list.
   *
   * @param option that gave it
   * @param text items with commas between
   * @param names what the model calls its classes, each by one or more names; asked only if an item
   *     is no number
   */
  static List<Integer> read(Opt<?> option, String text, Supplier<Map<Integer, List<String>>> names)
      throws UsageException {
    List<Integer> classes = new ArrayList<>();
    for (String item : text.split(",", -1)) {
      Matcher numbers = NUMBERS.matcher(item);
      if (!numbers.matches()) {
        classes.add(named(option, item.strip(), names.get()));
        continue;
      }
      int first = number(option, numbers.group(1));
      int last = numbers.group(3) == null ? first : number(option, numbers.group(3));
      if (last < first || (long) last - first + classes.size() >= MOST) {
        throw new UsageException(
            option
                + " is '"
                + item
                + "', but a range goes upwards and no list has more than "
                + MOST
                + " classes");
      }
      for (int each = first; each <= last; each++) {
        classes.add(each);
      }
    }
    return classes;
  }

  private static int number(Opt<?> option, String text) throws UsageException {
    return Value.integer(0, Integer.MAX_VALUE - 1).read(option.toString(), text);
  }

  private static int named(Opt<?> option, String item, Map<Integer, List<String>> names)
      throws UsageException {
    Map<String, Integer> numbers = new LinkedHashMap<>();
    new TreeMap<>(names)
        .forEach((number, all) -> all.forEach(name -> numbers.putIfAbsent(name, number)));
    for (Map.Entry<String, Integer> each : numbers.entrySet()) {
      if (each.getKey().equalsIgnoreCase(item)) {
        return each.getValue();
      }
    }
    throw new UsageException(
        option
            + " is '"
            + item
            + "', but must be "
            + (names.isEmpty()
                ? "numbers, or ranges such as 5-7: this model has no names for its classes"
                : "numbers, ranges such as 5-7, or names that the model has"
                    + Suggestion.text(item, numbers.keySet())));
  }
}
