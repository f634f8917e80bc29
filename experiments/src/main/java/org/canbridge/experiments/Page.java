package org.canbridge.experiments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A page of Markdown with a part that is generated.
 *
 * @param path of the page; if it does not exist, the generated part becomes all of it
 */
record Page(Path path) {
  private static final String BEGIN = "<!-- results: written by experiments/run -->\n";
  private static final String END = "<!-- end of results -->\n";

  /**
   * Replaces the generated part.
   *
   * @throws IllegalStateException if the page has lost its marks
   * @throws IOException if it cannot be written
   */
  void write(String generated) throws IOException {
    String page = Files.exists(path) ? Files.readString(path) : BEGIN + END;
    int begin = page.indexOf(BEGIN);
    int end = page.indexOf(END);
    if (begin < 0 || end < begin) {
      throw new IllegalStateException(path + " must hold the lines " + BEGIN + " and " + END);
    }
    Files.writeString(
        path, page.substring(0, begin + BEGIN.length()) + generated + page.substring(end));
  }
}
