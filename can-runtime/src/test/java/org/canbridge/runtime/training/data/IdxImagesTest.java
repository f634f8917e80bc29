package org.canbridge.runtime.training.data;

import static org.canbridge.runtime.training.data.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.training.data.TrainingSetOptions.Split;
import org.junit.jupiter.api.Test;

final class IdxImagesTest extends TrainingSetContract {
  private static final TrainingSetOptions FASHION =
      TrainingSetOptions.of(new ImageShape(1, 28, 28)).withClasses(10);

  @Override
  Path path() throws IOException {
    Path made = folder.resolve("idx");
    if (!Files.exists(made)) {
      Files.createDirectory(made);
      write(made.resolve("train-images-idx3-ubyte"), 5, 2, 3);
      write(made.resolve("train-labels-idx1-ubyte"), 5);
    }
    return made;
  }

  /** Elements 0, 7, 14 ..., for labels 0, 1, 2 ... */
  private static Path write(Path file, int... sizes) throws IOException {
    int count = 1;
    for (int size : sizes) {
      count *= size;
    }
    ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * sizes.length + count);
    bytes.put(new byte[] {0, 0, 8, (byte) sizes.length});
    for (int size : sizes) {
      bytes.putInt(size);
    }
    for (int i = 0; i < count; i++) {
      bytes.put((byte) (sizes.length == 1 ? i : 7 * i));
    }
    return Files.write(file, bytes.array());
  }

  @Override
  String kind() {
    return "IDX images";
  }

  @Override
  ImageShape shape() {
    return new ImageShape(1, 2, 3);
  }

  @Override
  long[] labels() {
    return new long[] {0, 1, 2, 3, 4};
  }

  @Test
  void pixelsGoFromMinusOneToOne() throws IOException {
    try (TrainingSet set = open(options())) {
      float[] values = set.read(1, random(1)).values();
      for (int i = 0; i < 6; i++) {
        assertEquals((7 * (6 + i)) / 127.5 - 1, values[i], 1e-7);
      }
    }
    try (TrainingSet set = TrainingSets.open(Fixtures.data("fashion-mnist"), FASHION)) {
      float least = 0;
      float most = 0;
      for (float value : set.read(0, random(0)).values()) {
        least = Math.min(least, value);
        most = Math.max(most, value);
      }
      assertEquals(-1, least);
      assertEquals(1, most);
    }
  }

  @Test
  void readsBothPartsOfFashionMnist() throws IOException {
    Path folder = Fixtures.data("fashion-mnist");
    try (TrainingSet set = TrainingSets.open(folder, FASHION)) {
      assertEquals(6000, set.size());
      assertEquals(OptionalInt.of(10), set.classes());
      assertCounts(set, 600);
      // Sums of pixels that NumPy counted in the first and the last image.
      assertEquals(76_247, pixelSum(set, 0));
      assertEquals(89_530, pixelSum(set, 5999));
      assertEquals(9, set.read(0, random(0)).label());
    }
    try (TrainingSet set = TrainingSets.open(folder, FASHION.withSplit(Split.TEST))) {
      assertEquals(1000, set.size());
      assertCounts(set, 100);
      assertEquals(33_456, pixelSum(set, 0));
    }
  }

  private static void assertCounts(TrainingSet set, int each) throws IOException {
    int[] counts = new int[10];
    for (int i = 0; i < set.size(); i++) {
      counts[(int) set.read(i, random(i)).label()]++;
    }
    for (int count : counts) {
      assertEquals(each, count);
    }
  }

  private static long pixelSum(TrainingSet set, long index) throws IOException {
    long sum = 0;
    for (float value : set.read(index, random(index)).values()) {
      sum += Math.round((value + 1) * 127.5);
    }
    return sum;
  }

  @Test
  void readsAFileOfImagesAlone() throws IOException {
    Path lone = write(folder.resolve("some-images"), 4, 2, 3);
    try (TrainingSet set = TrainingSets.open(lone, options())) {
      assertEquals(4, set.size());
      assertEquals(OptionalInt.empty(), set.classes());
      assertEquals(Example.NO_LABEL, set.read(3, random(3)).label());
    }
    // Labels under the published name are found.
    try (TrainingSet set =
        TrainingSets.open(path().resolve("train-images-idx3-ubyte"), options())) {
      assertEquals(OptionalInt.of(5), set.classes());
      assertArrayEquals(
          open(options()).read(2, random(2)).values(), set.read(2, random(2)).values());
    }
  }

  @Test
  void refusesAnotherSize() throws IOException {
    Path images = path().resolve("train-images-idx3-ubyte");
    assertRefused(
        DataProblem.EXAMPLE_SHAPE,
        images,
        () -> open(TrainingSetOptions.of(new ImageShape(1, 4, 4))),
        "the images have another shape than the network takes",
        "expected: (N, H, W) for a network that takes 1x4x4",
        "actual: [5, 2, 3]",
        "file: FILE",
        "next: give images of that size, or a network for these");
  }

  @Test
  void refusesLabelsThatDoNotFit() throws IOException {
    Path labels = write(path().resolve("train-labels-idx1-ubyte"), 4);
    assertRefused(
        DataProblem.TRAINING_SET_INCOMPLETE,
        labels,
        () -> open(options()),
        "there is not one label for each image",
        "expected: [5]",
        "actual: [4]",
        "file: FILE",
        "next: take both files from the same source");
    write(labels, 5);
    assertRefused(
        DataProblem.EXAMPLE_LABEL,
        labels,
        () -> open(options().withClasses(4)),
        "a label is none of the network's classes",
        "expected: 0 to 3",
        "actual: 4",
        "file: FILE",
        "key: label 4",
        "next: import the network with as many classes as the data set has");
    Files.delete(labels);
    assertRefused(
        DataProblem.TRAINING_SET_INCOMPLETE,
        path(),
        () -> open(options()),
        "part of the data set is missing",
        "expected: train-labels-idx1-ubyte or train-labels-idx1-ubyte.gz",
        "file: FILE",
        "next: put the published file there");
  }

  @Test
  void refusesAFolderWithoutTheOtherPart() throws IOException {
    assertRefused(
        DataProblem.TRAINING_SET_INCOMPLETE,
        path(),
        () -> open(options().withSplit(Split.TEST)),
        "part of the data set is missing",
        "expected: t10k-images-idx3-ubyte or t10k-images-idx3-ubyte.gz",
        "file: FILE",
        "next: put the published file there");
  }
}
