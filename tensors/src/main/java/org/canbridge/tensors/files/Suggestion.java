package org.canbridge.tensors.files;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The word that was probably meant. */
public final class Suggestion {
  /** Shorter beginnings say nothing. */
  private static final int SHORTEST = 3;

  private Suggestion() {}

  /** {@code "; did you mean WORD?"}, or nothing. */
  public static String text(String typed, Collection<String> known) {
    Map<String, List<String>> alone = new TreeMap<>();
    known.forEach(word -> alone.put(word, List.of()));
    return text(typed, alone);
  }

  /**
   * {@code "; did you mean WORD?"}, or nothing.
   *
   * @param known the words, each with what people also call it elsewhere
   */
  public static String text(String typed, Map<String, List<String>> known) {
    return of(typed, known).map(word -> "; did you mean " + word + "?").orElse("");
  }

  /**
   * The known word that is the same but for case and punctuation or is called so elsewhere; else
   * the nearest, if one is near (at most a third of its letters, and one at least, added, dropped,
   * exchanged or swapped with a neighbour); else one that begins with what was typed, or with which
   * that begins.
   */
  static Optional<String> of(String typed, Map<String, List<String>> known) {
    String plain = plain(typed);
    return longest(known, plain::equals)
        .or(
            () ->
                known.keySet().stream()
                    .filter(word -> distance(typed, word) <= Math.max(1, word.length() / 3))
                    .min(
                        Comparator.comparingInt((String word) -> distance(typed, word))
                            .thenComparing(Comparator.naturalOrder())))
        .or(
            () ->
                plain.length() < SHORTEST
                    ? Optional.empty()
                    : known.keySet().stream()
                        .filter(word -> plain(word).startsWith(plain))
                        .findFirst()
                        .or(() -> longest(known, name -> name.startsWith(plain)))
                        .or(
                            () ->
                                longest(
                                    known,
                                    name -> name.length() >= SHORTEST && plain.startsWith(name))));
  }

  /** The word with the longest name, without case and punctuation, that is as asked for. */
  private static Optional<String> longest(
      Map<String, List<String>> known, Predicate<String> asked) {
    String best = null;
    int length = -1;
    for (Map.Entry<String, List<String>> each : known.entrySet()) {
      for (String name : (Iterable<String>) names(each)::iterator) {
        if (asked.test(name) && name.length() > length) {
          best = each.getKey();
          length = name.length();
        }
      }
    }
    return Optional.ofNullable(best);
  }

  private static Stream<String> names(Map.Entry<String, List<String>> word) {
    return Stream.concat(Stream.of(word.getKey()), word.getValue().stream()).map(Suggestion::plain);
  }

  private static String plain(String word) {
    return word.toLowerCase(Locale.ROOT).replaceAll("[-_./ ]", "");
  }

  /** Edit distance with swaps of neighbours (optimal string alignment). */
  private static int distance(String a, String b) {
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        int exchange = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        cost[i][j] =
            Math.min(cost[i - 1][j - 1] + exchange, 1 + Math.min(cost[i - 1][j], cost[i][j - 1]));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          cost[i][j] = Math.min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
      }
    }
    return cost[a.length()][b.length()];
  }
}
