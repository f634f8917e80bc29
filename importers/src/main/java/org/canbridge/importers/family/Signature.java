package org.canbridge.importers.family;

import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.canbridge.importers.keys.Globs;

/**
 * The names by which the tensors of a network are recognised. A network is recognised by more than
 * half of its marks, so that a file that lacks one is reported as damaged rather than as unknown.
 *
 * @param marks names, in which {@code *} stands for any characters
 */
public record Signature(List<String> marks) {

  /** Copies the list, which must not be empty. */
  public Signature {
    marks = List.copyOf(marks);
    if (marks.isEmpty()) {
      throw new IllegalArgumentException("a signature needs marks");
    }
  }

  /** Shorthand. */
  public static Signature of(String... marks) {
    return new Signature(Arrays.asList(marks));
  }

  /** The marks that none of these names bears. */
  public List<String> missing(TensorNames names) {
    return marks.stream().filter(mark -> !names.bear(mark)).toList();
  }

  /** The share of the marks that these names bear, 0 to 1. */
  public double share(TensorNames names) {
    return 1 - (double) missing(names).size() / marks.size();
  }

  /** Whether the share is enough. */
  public boolean recognises(TensorNames names) {
    return share(names) > 0.5;
  }

  /**
   * What stands in front of marks in these names, up to a dot; a mark that begins with any
   * characters shows none.
   */
  public Set<String> prefixes(Collection<String> names) {
    Set<String> found = new LinkedHashSet<>();
    for (String mark : marks) {
      if (mark.startsWith("*")) {
        continue;
      }
      String end = mark.substring(mark.lastIndexOf('*') + 1);
      Pattern pattern = Globs.compile(mark);
      for (String name : names) {
        boolean possible = name.endsWith(end);
        for (int dot = name.indexOf('.'); possible && dot >= 0; dot = name.indexOf('.', dot + 1)) {
          if (pattern.matcher(name.substring(dot + 1)).matches()) {
            found.add(name.substring(0, dot + 1));
          }
        }
      }
    }
    return found;
  }
}
