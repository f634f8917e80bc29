package org.canbridge.runtime.training.data;

import java.util.List;
import java.util.Locale;

/** What kind of files the examples of a folder are. */
enum ExampleFiles {
  /** Pictures. */
  IMAGES(
      "image",
      "png jpg jpeg bmp gif webp",
      "CLASS/NAME.png, .jpg, .jpeg, .bmp, .gif or .webp; or images alone"),
  /** Latents or moments. */
  ARRAYS("array", "npy", "CLASS/NAME.npy; or arrays alone");

  private final String word;
  private final String extensions;
  private final String expected;

  ExampleFiles(String word, String extensions, String expected) {
    this.word = word;
    this.extensions = extensions;
    this.expected = expected;
  }

  /** What one is called. */
  String word() {
    return word;
  }

  /** How they lie, for messages. */
  String expected() {
    return expected;
  }

  /** Whether a name is that of one. */
  boolean isNamed(String name) {
    List<String> all = List.of(extensions.split(" "));
    return all.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
  }
}
