package org.canbridge.runtime.training.data;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.canbridge.tensors.files.InputFileException;

/**
 * The files of a folder with one example each, by class and then by name. Classes are the folder's
 * subfolders, in the order of their names by the code of the characters, or of their numbers if all
 * names are numbers. Everything below a class's folder belongs to it, in the order in which
 * torchvision's {@code ImageFolder} has it: folder by folder, then by name.
 */
final class ExampleListing {
  /** What file managers, archivers and file systems leave behind. */
  private static final Set<String> LEFTOVERS =
      Set.of(
          "thumbs.db",
          "desktop.ini",
          "__macosx",
          "@eadir",
          "lost+found",
          "$recycle.bin",
          "system volume information");

  /** Folders that hold the parts of a data set, and are no classes where there is nothing else. */
  private static final Set<String> PARTS =
      Set.of("train", "training", "val", "valid", "validation", "test", "testing");

  /** Deepest folder below a class's; links may lead in circles. */
  private static final int MAX_DEPTH = 16;

  private final Path root;
  private final List<String> classes;
  private final List<String[]> names;
  private final int[] begins;

  private ExampleListing(Path root, List<String> classes, List<String[]> names) {
    this.root = root;
    this.classes = List.copyOf(classes);
    this.names = List.copyOf(names);
    this.begins = new int[names.size() + 1];
    for (int i = 0; i < names.size(); i++) {
      begins[i + 1] = Math.addExact(begins[i], names.get(i).length);
    }
  }

  /** Whether a name says that the file is none of the user's. */
  static boolean isLeftover(String name) {
    return name.startsWith(".") || LEFTOVERS.contains(name.toLowerCase(Locale.ROOT));
  }

  /**
   * Lists a folder of class folders, or of examples.
   *
   * @throws InputFileException if there are other files among them, unless those are skipped; or
   *     more classes than the network knows
   */
  static ExampleListing of(Path root, ExampleFiles kind, OptionalInt known, BrokenFiles broken)
      throws IOException {
    List<InputFileException> odd = new ArrayList<>();
    List<Path> folders = new ArrayList<>();
    String[] flat = names(root, kind, odd, folders);
    if (folders.isEmpty()) {
      broken.report(odd);
      return new ExampleListing(root, List.of(), List.<String[]>of(flat));
    }
    refuseParts(root, folders);
    folders.sort(order(folders));
    List<String> classes = new ArrayList<>();
    List<String[]> names = new ArrayList<>();
    for (Path folder : folders) {
      classes.add(folder.getFileName().toString());
      names.add(below(folder, kind, odd));
    }
    for (String name : flat) {
      String what = "an " + kind.word() + " beside the folders of the classes";
      odd.add(oddFile(root.resolve(name), kind, what));
    }
    odd.sort((a, b) -> a.file().compareTo(b.file()));
    broken.report(odd);
    if (known.isPresent() && classes.size() > known.getAsInt()) {
      throw InputFileException.of(DataProblem.EXAMPLE_LABEL, root)
          .what("the folder has more classes than the network")
          .expected("at most " + known.getAsInt())
          .actual(classes.size() + ", from " + classes.get(0))
          .next("import the network with so many classes, or move folders away")
          .build();
    }
    return new ExampleListing(root, classes, names);
  }

  private static void refuseParts(Path root, List<Path> folders) {
    List<String> names = folders.stream().map(path -> path.getFileName().toString()).toList();
    if (names.stream().allMatch(name -> PARTS.contains(name.toLowerCase(Locale.ROOT)))) {
      throw InputFileException.of(DataProblem.NOT_A_TRAINING_SET, root)
          .what("the folders are the parts of a data set, and no classes")
          .actual(String.join(", ", names))
          .next("name the one to train on, e.g. " + folders.get(0))
          .build();
    }
  }

  private static Comparator<Path> order(List<Path> folders) {
    Function<Path, String> name = folder -> folder.getFileName().toString();
    Comparator<Path> byName = Comparator.comparing(name);
    boolean numbers = folders.stream().map(name).allMatch(text -> text.matches("\\d{1,18}"));
    return numbers
        ? Comparator.<Path>comparingLong(folder -> Long.parseLong(name.apply(folder)))
            .thenComparing(byName)
        : byName;
  }

  /** The names below a class's folder, with the folders that they lie in. */
  private static String[] below(Path cls, ExampleFiles kind, List<InputFileException> odd)
      throws IOException {
    SortedMap<String, String[]> found = new TreeMap<>();
    Deque<Path> open = new ArrayDeque<>(List.of(cls));
    while (!open.isEmpty()) {
      Path folder = open.pop();
      List<Path> deeper = new ArrayList<>();
      String[] names = names(folder, kind, odd, deeper);
      Path inside = cls.relativize(folder);
      if (names.length == 0 && deeper.isEmpty()) {
        String what =
            folder.equals(cls)
                ? "a folder of a class without an " + kind.word()
                : "a folder inside the folder of a class";
        odd.add(oddFile(folder, kind, what));
      }
      found.put(
          inside.toString().replace('\\', '/'),
          Arrays.stream(names).map(name -> inside.resolve(name).toString()).toArray(String[]::new));
      if (inside.getNameCount() <= MAX_DEPTH) {
        open.addAll(deeper);
      }
    }
    return found.values().stream().flatMap(Arrays::stream).toArray(String[]::new);
  }

  private static String[] names(
      Path folder, ExampleFiles kind, List<InputFileException> odd, List<Path> folders)
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
        } else if (kind.isNamed(name)) {
          names.add(name);
        } else {
          odd.add(oddFile(entry, kind, "a file that is no " + kind.word() + " by its name"));
        }
      }
    }
    folders.sort(null);
    odd.sort((a, b) -> a.file().compareTo(b.file()));
    String[] sorted = names.toArray(String[]::new);
    Arrays.sort(sorted);
    return sorted;
  }

  private static InputFileException oddFile(Path file, ExampleFiles kind, String what) {
    return InputFileException.of(DataProblem.ODD_FILE, file)
        .what("there is " + what)
        .expected(kind.expected())
        .next(BrokenFiles.NEXT)
        .build();
  }

  /** The folder. */
  Path root() {
    return root;
  }

  /** Names of the subfolders; empty if the examples lie in the folder itself. */
  List<String> classes() {
    return classes;
  }

  /**
   * What is to be said of the classes: that their numbers are not by the code of the characters,
   * that there is one alone which may hold the folders of the others; else empty.
   */
  String numbering() {
    if (classes.size() == 1 && names.get(0).length > 0 && names.get(0)[0].matches(".*[/\\\\].*")) {
      return ", one class; if the folders in it are the classes, name "
          + root.resolve(classes.get(0));
    }
    return classes.equals(classes.stream().sorted().toList())
        ? ""
        : ", classes in the order of their numbers";
  }

  /** How many examples there are. */
  int count() {
    return begins[begins.length - 1];
  }

  /** An example's file. */
  Path file(int example) {
    int label = cls(example);
    String name = names.get(label)[example - begins[label]];
    return (classes.isEmpty() ? root : root.resolve(classes.get(label))).resolve(name);
  }

  /** An example's class; {@link Example#NO_LABEL} where there are none. */
  long label(int example) {
    return classes.isEmpty() ? Example.NO_LABEL : cls(example);
  }

  /** The class whose stretch of examples holds this one. */
  private int cls(int example) {
    int found = Arrays.binarySearch(begins, example);
    if (found < 0) {
      return -found - 2;
    }
    // Empty classes begin where the next one does.
    while (begins[found + 1] == example) {
      found++;
    }
    return found;
  }
}
