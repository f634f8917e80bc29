package org.canbridge.importers.family;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.canbridge.importers.keys.Globs;

/**
 * The names of a set of tensors, sorted by what follows the last dot: every signature asks for a
 * dozen marks, and a file may have a hundred thousand names.
 */
public final class TensorNames {
  private final Set<String> all;
  private final Map<String, List<String>> byEnd;

  /** Copies the names. */
  public TensorNames(Collection<String> names) {
    this.all = new LinkedHashSet<>(names);
    this.byEnd = all.stream().collect(Collectors.groupingBy(TensorNames::end));
  }

  /** Numbers are one end: there may be as many as names. */
  private static String end(String name) {
    String end = name.substring(name.lastIndexOf('.') + 1);
    return !end.isEmpty() && Character.isDigit(end.charAt(0)) ? "0" : end;
  }

  /**
   * Whether a name fits the mark.
   *
   * @param mark a name, in which {@code *} stands for any characters
   */
  boolean bear(String mark) {
    if (all.contains(mark) || mark.indexOf('*') < 0) {
      return all.contains(mark);
    }
    // The beginning tells most names apart, at a fraction of a pattern's cost.
    String start = mark.substring(0, mark.indexOf('*'));
    String end = end(mark);
    Pattern pattern = Globs.compile(mark);
    return (end.indexOf('*') < 0 ? byEnd.getOrDefault(end, List.of()) : all)
        .stream().anyMatch(name -> name.startsWith(start) && pattern.matcher(name).matches());
  }
}
