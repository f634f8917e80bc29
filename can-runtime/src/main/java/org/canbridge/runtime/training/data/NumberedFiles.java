package org.canbridge.runtime.training.data;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.canbridge.tensors.files.InputFileException;

/**
 * The files {@code 0.npy, 1.npy ...} of a folder, and for each of them perhaps {@code 0_0.npy,
 * 0_1.npy ...}. Names are not kept: a folder may hold millions.
 */
final class NumberedFiles {
  private static final Pattern NAME =
      Pattern.compile("(0|[1-9]\\d{0,8})(?:_(0|[1-9]\\d{0,3}))?\\.npy");

  private final Path folder;
  private final int[] numbers;
  private final int[] variants;

  private NumberedFiles(Path folder, int[] numbers, int[] variants) {
    this.folder = folder;
    this.numbers = numbers;
    this.variants = variants;
  }

  /** Whether a folder holds {@code .npy} files under numbers. */
  static boolean isIn(Path folder) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, "*.npy")) {
      for (Path entry : entries) {
        if (NAME.matcher(entry.getFileName().toString()).matches()) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * Lists a folder.
   *
   * @param besides a name that may be there as well
   * @throws InputFileException if there are other files or numbers are missing, unless such are
   *     skipped
   */
  static NumberedFiles of(Path folder, String besides, BrokenFiles broken) throws IOException {
    IntStream.Builder found = IntStream.builder();
    List<int[]> further = new ArrayList<>();
    List<InputFileException> odd = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()) {
          if (!name.equals(besides) && !ExampleListing.isLeftover(name)) {
            odd.add(oddFile(entry));
          }
        } else if (matcher.group(2) == null) {
          found.add(Integer.parseInt(matcher.group(1)));
        } else {
          further.add(
              new int[] {Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))});
        }
      }
    }
    odd.sort((a, b) -> a.file().compareTo(b.file()));
    int[] numbers = found.build().sorted().toArray();
    for (int i = 0; i < numbers.length; i++) {
      if (numbers[i] != i) {
        odd.add(missing(folder.resolve(i + ".npy"), numbers));
        break;
      }
    }
    int[] variants = variants(folder, numbers, further, odd);
    broken.report(odd);
    return new NumberedFiles(folder, numbers, variants);
  }

  private static int[] variants(
      Path folder, int[] numbers, List<int[]> further, List<InputFileException> odd) {
    if (further.isEmpty()) {
      return new int[0];
    }
    int[] counts = new int[numbers.length];
    int[] ends = new int[numbers.length];
    for (int[] pair : further) {
      int at = Arrays.binarySearch(numbers, pair[0]);
      if (at < 0) {
        odd.add(oddFile(folder.resolve(pair[0] + "_" + pair[1] + ".npy")));
      } else {
        counts[at]++;
        ends[at] = Math.max(ends[at], pair[1] + 1);
      }
    }
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] != ends[i]) {
        odd.add(oddFile(folder.resolve(numbers[i] + "_" + (ends[i] - 1) + ".npy")));
        counts[i] = 0;
      }
    }
    return counts;
  }

  private static InputFileException oddFile(Path file) {
    return InputFileException.of(DataProblem.ODD_FILE, file)
        .what("there is a file that does not belong to the numbered ones")
        .expected("0.npy, 1.npy ... and for texts 0_0.npy, 0_1.npy ..., each row without a gap")
        .next(BrokenFiles.NEXT)
        .build();
  }

  private static InputFileException missing(Path file, int[] numbers) {
    long last = numbers[numbers.length - 1];
    return InputFileException.of(DataProblem.TRAINING_SET_INCOMPLETE, file)
        .what("numbers are missing among the files; this is the first")
        .expected("0.npy to " + last + ".npy")
        .actual(numbers.length + " of " + (last + 1))
        .next("write the missing files, or go on without them with --skip-broken")
        .build();
  }

  /** Where they lie. */
  Path folder() {
    return folder;
  }

  /** Number of examples. */
  int count() {
    return numbers.length;
  }

  /** How many further files an example has. */
  int variants(int at) {
    return variants[at];
  }

  /** Whether examples have further files. */
  boolean hasVariants() {
    return variants.length > 0;
  }

  /** The file of an example. */
  Path file(int at) {
    return folder.resolve(numbers[at] + ".npy");
  }

  /** One of its further files. */
  Path variant(int at, int which) {
    return folder.resolve(numbers[at] + "_" + which + ".npy");
  }
}
