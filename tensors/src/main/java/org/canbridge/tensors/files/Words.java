package org.canbridge.tensors.files;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Constants by the words that files and command lines have for them. */
public final class Words {
  private Words() {}

  /**
   * The constant of a word.
   *
   * @param constants all of them
   * @param word the word of one
   * @param text what was written
   * @param message the answer to an unknown word, as a format of the text and the list of words
   * @throws IllegalArgumentException with that message, and the word that was probably meant, if no
   *     constant has this word
   */
  public static <E extends Enum<E>> E constant(
      E[] constants, Function<E, String> word, String text, String message) {
    return constant(constants, word, each -> List.of(), text, message);
  }

  /**
   * The constant of a word.
   *
   * @param others what people also call a constant elsewhere; such a word is no name here, and the
   *     answer to it says which is meant
   */
  public static <E extends Enum<E>> E constant(
      E[] constants,
      Function<E, String> word,
      Function<E, List<String>> others,
      String text,
      String message) {
    Map<String, List<String>> known = new LinkedHashMap<>();
    for (E each : constants) {
      if (word.apply(each).equals(text)) {
        return each;
      }
      known.put(word.apply(each), others.apply(each));
    }
    throw new IllegalArgumentException(
        String.format(message, text, list(constants, word, ", ")) + Suggestion.text(text, known));
  }

  /** All words, in the order of the constants. */
  public static <E extends Enum<E>> String list(
      E[] constants, Function<E, String> word, String separator) {
    return Arrays.stream(constants).map(word).collect(Collectors.joining(separator));
  }
}
