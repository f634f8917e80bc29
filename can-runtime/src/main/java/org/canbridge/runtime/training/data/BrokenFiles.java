package org.canbridge.runtime.training.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.canbridge.tensors.files.InputFileException;

/**
 * The files of a set that cannot be used. Unless they are to be skipped, the first one found ends
 * the opening of the set with a message that counts the others.
 */
final class BrokenFiles {
  /** What to do about a broken file, for messages. */
  static final String NEXT = "repair or remove it, or leave out broken files with --skip-broken";

  private static final int MOST_NAMED = 5;
  private static final int TOLD_EVERY = 1024;

  private final Path set;
  private final boolean skip;
  private final Map<Path, String> skipped = new LinkedHashMap<>();

  /** How one of many files is looked at. */
  @FunctionalInterface
  interface Check {
    /** Throws if file {@code i} cannot be used. */
    void check(int i);
  }

  /**
   * None yet.
   *
   * @param set what is opened
   * @param skip whether broken files are left out
   */
  BrokenFiles(Path set, boolean skip) {
    this.set = set;
    this.skip = skip;
  }

  boolean skip() {
    return skip;
  }

  /** Those left out so far. */
  synchronized List<SkippedFile> skipped() {
    List<SkippedFile> files = new ArrayList<>();
    skipped.forEach((file, reason) -> files.add(new SkippedFile(file, reason)));
    return List.copyOf(files);
  }

  /** Leaves a file out. */
  synchronized void skip(InputFileException e) {
    skipped.putIfAbsent(e.file(), reason(e));
  }

  /**
   * Looks at {@code count} files, several at a time.
   *
   * @param checked told now and then how many there were so far
   * @return the numbers of those that can be used, ascending
   * @throws InputFileException if one cannot, unless such are skipped; or if none can
   */
  int[] usable(int count, Check check, LongConsumer checked) {
    ConcurrentSkipListMap<Integer, InputFileException> broken = new ConcurrentSkipListMap<>();
    AtomicLong done = new AtomicLong();
    IntStream.range(0, count)
        .parallel()
        .forEach(
            i -> {
              try {
                check.check(i);
              } catch (InputFileException e) {
                broken.put(i, e);
              }
              long now = done.incrementAndGet();
              if (now % TOLD_EVERY == 0 || now == count) {
                checked.accept(now);
              }
            });
    report(List.copyOf(broken.values()));
    if (broken.size() == count) {
      throw InputFileException.of(DataProblem.TRAINING_SET_INCOMPLETE, set)
          .what("the data set has no file that can be used")
          .actual(count == 0 ? "it is empty" : "all " + count + " are broken")
          .next("give another path")
          .build();
    }
    return IntStream.range(0, count).filter(i -> !broken.containsKey(i)).toArray();
  }

  /**
   * Leaves files out, or refuses the set.
   *
   * @throws InputFileException the first one's, if there is one and such are not skipped
   */
  void report(List<InputFileException> broken) {
    if (skip) {
      broken.forEach(this::skip);
      return;
    }
    if (broken.isEmpty()) {
      return;
    }
    InputFileException.Builder message = broken.get(0).toBuilder();
    if (!broken.get(0).getMessage().contains("--skip-broken")) {
      message.next(NEXT);
    }
    int others = broken.size() - 1;
    if (others > 0) {
      String files = others == 1 ? " other file" : " other files";
      StringBuilder named = new StringBuilder();
      Iterator<InputFileException> rest = broken.listIterator(1);
      for (int i = 0; i < MOST_NAMED && rest.hasNext(); i++) {
        named.append(i == 0 ? "" : ", ").append(set.relativize(rest.next().file()));
      }
      message
          .addWhat("; so it is with " + others + files)
          .also(named + (rest.hasNext() ? " ..." : ""));
    }
    throw message.build();
  }

  private static String reason(InputFileException e) {
    return e.getMessage().lines().findFirst().orElseThrow();
  }
}
