package org.canbridge.runtime.training.data;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.canbridge.tensors.files.InputFileException;

/**
 * The images of a folder, sorted: by class and then by name, both by the code of their characters.
 *
 * @param root the folder
 * @param classes names of the subfolders; empty if the images lie in the folder itself
 * @param names file names, one array for each class
 */
record ImageListing(Path root, List<String> classes, List<String[]> names) {
  private static final Set<String> EXTENSIONS = Set.of("png", "jpg", "jpeg", "bmp", "gif", "webp");

  /** What file managers leave behind. */
  private static final Set<String> LEFTOVERS = Set.of("thumbs.db", "desktop.ini");

  /** Whether a name is that of an image. */
  static boolean isImage(String name) {
    return EXTENSIONS.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
  }

  /** Whether a name says that the file is none of the user's. */
  static boolean isLeftover(String name) {
    return name.startsWith(".") || LEFTOVERS.contains(name.toLowerCase(Locale.ROOT));
  }

  /**
   * Lists a folder of class folders, or of images.
   *
   * @throws InputFileException if there are other files among them, unless those are skipped
   */
  static ImageListing of(Path root, BrokenFiles broken) throws IOException {
    List<InputFileException> odd = new ArrayList<>();
    List<Path> folders = new ArrayList<>();
    String[] flat = images(root, odd, folders);
    if (folders.isEmpty()) {
      broken.report(odd);
      return new ImageListing(root, List.of(), List.<String[]>of(flat));
    }
    List<String> classes = new ArrayList<>();
    List<String[]> names = new ArrayList<>();
    for (Path folder : folders) {
      List<Path> deeper = new ArrayList<>();
      String[] images = images(folder, odd, deeper);
      deeper.forEach(path -> odd.add(oddFile(path, "a folder inside the folder of a class")));
      if (images.length == 0 && deeper.isEmpty()) {
        odd.add(oddFile(folder, "a folder of a class without an image"));
      }
      classes.add(folder.getFileName().toString());
      names.add(images);
    }
    for (String name : flat) {
      odd.add(oddFile(root.resolve(name), "an image beside the folders of the classes"));
    }
    broken.report(odd);
    return new ImageListing(root, List.copyOf(classes), List.copyOf(names));
  }

  private static String[] images(Path folder, List<InputFileException> odd, List<Path> folders)
      throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (isLeftover(name)) {
          continue;
        }
        if (Files.isDirectory(entry)) {
          folders.add(entry);
        } else if (isImage(name)) {
          names.add(name);
        } else {
          odd.add(oddFile(entry, "a file that is no image by its name"));
        }
      }
    }
    folders.sort(null);
    odd.sort((a, b) -> a.file().compareTo(b.file()));
    String[] sorted = names.toArray(String[]::new);
    Arrays.sort(sorted);
    return sorted;
  }

  private static InputFileException oddFile(Path file, String what) {
    return InputFileException.of(DataProblem.ODD_FILE, file)
        .what("there is " + what)
        .expected("CLASS/NAME.png, .jpg, .jpeg, .bmp, .gif or .webp; or images alone")
        .next(BrokenFiles.NEXT)
        .build();
  }
}
