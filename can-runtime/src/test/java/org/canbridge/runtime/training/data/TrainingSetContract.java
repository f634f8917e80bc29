package org.canbridge.runtime.training.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.tensors.files.InputFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a set of any kind must do. A kind's test extends this class, says what a small good set is,
 * and inherits the tests.
 */
abstract class TrainingSetContract {
  @TempDir Path folder;

  /** Where a good set lies. */
  abstract Path path() throws IOException;

  abstract String kind();

  abstract ImageShape shape();

  /** The label of every example; all {@link Example#NO_LABEL} in a set without labels. */
  abstract long[] labels();

  /** Whether examples are flipped if nothing is said. */
  boolean flippedByDefault() {
    return false;
  }

  final TrainingSetOptions options() {
    return TrainingSetOptions.of(shape());
  }

  final TrainingSet open(TrainingSetOptions options) throws IOException {
    return TrainingSets.open(path(), options);
  }

  static ExampleRandom random(long index) {
    return new ExampleRandom(5, 0, index);
  }

  static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
  }

  private OptionalInt classes() {
    long largest = Example.NO_LABEL;
    for (long label : labels()) {
      largest = Math.max(largest, label);
    }
    return largest < 0 ? OptionalInt.empty() : OptionalInt.of((int) largest + 1);
  }

  @Test
  final void saysWhatItIs() throws IOException {
    try (TrainingSet set = open(options())) {
      assertEquals(path(), set.path());
      assertEquals(kind(), set.kind());
      assertEquals(shape(), set.shape());
      assertEquals(labels().length, set.size());
      assertEquals(classes(), set.classes());
      assertEquals(flippedByDefault(), set.flipped());
      assertEquals(List.of(), set.skipped());
    }
  }

  @Test
  final void everyExampleHasItsShapeAndLabel() throws IOException {
    try (TrainingSet set = open(options())) {
      for (int i = 0; i < set.size(); i++) {
        Example example = set.read(i, random(i));
        assertEquals(labels()[i], example.label());
        assertEquals(shape().size(), example.values().length);
        assertEquals(set.text().map(TextShape::size).orElse(0), example.text().length);
        for (float value : example.values()) {
          assertTrue(Float.isFinite(value));
        }
      }
    }
  }

  @Test
  final void examplesDiffer() throws IOException {
    try (TrainingSet set = open(options())) {
      Set<List<Float>> seen = new HashSet<>();
      for (int i = 0; i < set.size(); i++) {
        List<Float> values = new ArrayList<>();
        for (float value : set.read(i, random(i)).values()) {
          values.add(value);
        }
        seen.add(values);
      }
      assertEquals(set.size(), seen.size());
    }
  }

  @Test
  final void theSameArgumentsGiveTheSameExample() throws IOException {
    try (TrainingSet one = open(options());
        TrainingSet other = open(options())) {
      // Backwards in the other: what was read before must not matter.
      for (int i = (int) one.size() - 1; i >= 0; i--) {
        Example first = one.read(i, random(i));
        float[] values = first.values().clone();
        float[] text = first.text().clone();
        // The arrays are the caller's own.
        Arrays.fill(first.values(), 9);
        Arrays.fill(first.text(), 9);
        assertArrayEquals(values, other.read(i, random(i)).values());
        assertArrayEquals(values, one.read(i, random(i)).values());
        assertArrayEquals(text, one.read(i, random(i)).text());
      }
    }
  }

  @Test
  final void severalThreadsReadTheSame() throws Exception {
    try (TrainingSet set = open(options())) {
      List<float[]> expected = new ArrayList<>();
      for (int i = 0; i < set.size(); i++) {
        expected.add(set.read(i, random(i)).values());
      }
      ExecutorService threads = Executors.newFixedThreadPool(4);
      try {
        List<Future<float[]>> found = new ArrayList<>();
        for (int round = 0; round < 8; round++) {
          for (int i = 0; i < set.size(); i++) {
            int index = i;
            found.add(threads.submit(() -> set.read(index, random(index)).values()));
          }
        }
        compare(expected, found);
      } finally {
        threads.shutdownNow();
      }
    }
  }

  private static void compare(List<float[]> expected, List<Future<float[]>> found)
      throws InterruptedException, ExecutionException {
    for (int k = 0; k < found.size(); k++) {
      assertArrayEquals(expected.get(k % expected.size()), found.get(k).get());
    }
  }

  @Test
  final void flipsFromLeftToRightAsTheRandomNumbersSay() throws IOException {
    try (TrainingSet plain = open(options().withFlip(false));
        TrainingSet flipping = open(options().withFlip(true))) {
      assertFalse(plain.flipped());
      assertTrue(flipping.flipped());
      Set<Boolean> seen = new HashSet<>();
      for (int epoch = 0; epoch < 8; epoch++) {
        ExampleRandom random = new ExampleRandom(5, epoch, 0);
        float[] expected = plain.read(0, random).values();
        float[] unchanged = expected.clone();
        if (random.flip()) {
          Mirror.flip(expected, shape());
          assertNotEquals(unchanged[0], expected[0]);
          assertEquals(unchanged[0], expected[shape().width() - 1]);
        }
        assertArrayEquals(expected, flipping.read(0, random).values());
        seen.add(random.flip());
      }
      assertEquals(2, seen.size());
    }
  }

  @Test
  final void refusesANetworkOfFewerClasses() throws IOException {
    if (classes().isEmpty()) {
      return;
    }
    int classes = classes().getAsInt();
    try (TrainingSet set = open(options().withClasses(classes))) {
      assertEquals(OptionalInt.of(classes), set.classes());
    }
    InputFileException e =
        assertThrows(InputFileException.class, () -> readAll(options().withClasses(classes - 1)));
    assertEquals(DataProblem.EXAMPLE_LABEL, e.problem());
  }

  private void readAll(TrainingSetOptions options) throws IOException {
    try (TrainingSet set = open(options)) {
      for (int i = 0; i < set.size(); i++) {
        assertNotEquals(0, set.read(i, random(i)).values().length);
      }
    }
  }

  @Test
  final void theFingerprintIsThatOfWhatIsTrainedOn() throws IOException {
    String found;
    try (TrainingSet set = open(options())) {
      found = DataFingerprint.of(set);
    }
    assertEquals(64, found.length());
    try (TrainingSet again = open(options());
        TrainingSet flipped = open(options().withFlip(!again.flipped()))) {
      assertEquals(found, DataFingerprint.of(again));
      // Of several examples, one at least is flipped by chance.
      assertNotEquals(found, DataFingerprint.of(flipped));
    }
  }

  @Test
  final void batchesAreTheSameForEveryNumberOfThreads() throws Exception {
    int batch = 2;
    try (TrainingSet set = open(options());
        BatchLoader one = new BatchLoader(set, batch, 3, 0, new LoaderOptions(1, 1));
        BatchLoader four = new BatchLoader(set, batch, 3, 0, new LoaderOptions(4, 6))) {
      for (int k = 0; k < 2 * set.size(); k++) {
        TrainingBatch expected = one.next();
        TrainingBatch found = four.next();
        assertEquals(expected.firstPosition(), found.firstPosition());
        assertArrayEquals(expected.values(), found.values());
        assertArrayEquals(expected.labels(), found.labels());
        assertArrayEquals(expected.text(), found.text());
        assertEquals(batch * shape().size(), found.values().length);
        assertEquals(set.classes().isPresent() ? batch : 0, found.labels().length);
      }
    }
  }
}
