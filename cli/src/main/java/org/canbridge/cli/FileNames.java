package org.canbridge.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the ending of a name promises, held against what is written there. */
final class FileNames {
  /** A name with an ending by which people and programs tell a file. */
  private static final Pattern FILE =
      Pattern.compile(
          "(.+)\\.(avif|bin|bmp|ckpt|csv|gguf|gif|gz|h5|html|jpe?g|jsonl?|np[yz]|onnx|pdf|pkl|png|pth?"
              + "|safetensors|svg|tar|tiff?|txt|webp|xml|ya?ml|zip)",
          Pattern.CASE_INSENSITIVE);

  private FileNames() {}

  /** Whether a name has this ending. */
  static boolean has(String ending, Path path) {
    Matcher file = FILE.matcher(path.toString());
    return file.matches() && file.group(2).equalsIgnoreCase(ending);
  }

  /**
   * Refuses the name of another kind of file.
   *
   * @param name what gave the path
   * @param ending of what is written, without the dot; empty for a folder
   */
  static void check(String name, Path path, String ending) throws UsageException {
    Matcher file = FILE.matcher(path.toString());
    if (!file.matches()
        || file.group(2).equalsIgnoreCase(ending)
        || (ending.isEmpty() && Files.isDirectory(path))) {
      return;
    }
    String what = ending.isEmpty() ? "a folder" : "a ." + ending + " file";
    String better = ending.isEmpty() ? file.group(1) : file.group(1) + "." + ending;
    throw new UsageException(
        name + " is '" + path + "', but what is written is " + what + "; give " + better);
  }
}
