package org.canbridge.tensors.files;

import java.util.Arrays;
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
   * @throws IllegalArgumentException with that message if no constant has this word
   */
  public static <E extends Enum<E>> E constant(
      E[] constants, Function<E, String> word, String text, String message) {
    return Arrays.stream(constants)
        .filter(each -> word.apply(each).equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    String.format(message, text, list(constants, word, ", "))));
  }

  /** All words, in the order of the constants. */
  public static <E extends Enum<E>> String list(
      E[] constants, Function<E, String> word, String separator) {
    return Arrays.stream(constants).map(word).collect(Collectors.joining(separator));
  }
}
