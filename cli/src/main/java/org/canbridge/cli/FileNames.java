package org.canbridge.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What the ending of a name promises, held against what is written there. */
final class FileNames {
  /** Endings by which people and programs tell a file. */
  private static final Set<String> KNOWN =
      Set.of(
          "avif",
          "bin",
          "bmp",
          "ckpt",
          "csv",
          "gguf",
          "gif",
          "gz",
          "h5",
          "html",
          "jpeg",
          "jpg",
          "json",
          "jsonl",
          "npy",
          "npz",
          "onnx",
          "pdf",
          "pkl",
          "png",
          "pt",
          "pth",
          "safetensors",
          "svg",
          "tar",
          "tif",
          "tiff",
          "txt",
          "webp",
          "xml",
          "yaml",
          "yml",
          "zip");

  private FileNames() {}

  /** Whether a name has this ending. */
  static boolean has(String ending, Path path) {
    return ending(path).filter(ending::equals).isPresent();
  }

  /**
   * Refuses the name of another kind of file.
   *
   * @param name what gave the path
   * @param ending of what is written, without the dot; empty for a folder
   */
  static void check(String name, Path path, String ending) throws UsageException {
    if (ending(path).filter(other -> !other.equals(ending)).isEmpty()
        || (ending.isEmpty() && Files.isDirectory(path))) {
      return;
    }
    String text = path.toString();
    String stem = text.substring(0, text.lastIndexOf('.'));
    throw new UsageException(
        ending.isEmpty()
            ? name + " is '" + path + "', but what is written is a folder; give " + stem
            : name
                + " is '"
                + path
                + "', but what is written is a ."
                + ending
                + " file; give "
                + stem
                + "."
                + ending);
  }

  private static Optional<String> ending(Path path) {
    String name = path.toString().toLowerCase(Locale.ROOT);
    return Optional.of(name.substring(name.lastIndexOf('.') + 1))
        .filter(ending -> name.length() > ending.length() && KNOWN.contains(ending));
  }
}
