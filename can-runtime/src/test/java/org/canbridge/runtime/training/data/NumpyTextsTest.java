package org.canbridge.runtime.training.data;

import static org.canbridge.runtime.training.data.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.training.data.TrainingSetOptions.Split;
import org.junit.jupiter.api.Test;

/** U-ViT's features of MS-COCO: moments and texts. */
final class NumpyTextsTest extends TrainingSetContract {

  @Override
  Path path() {
    return Fixtures.data("features").resolve("uvit-coco");
  }

  @Override
  String kind() {
    return "moments in .npy files";
  }

  @Override
  ImageShape shape() {
    return new ImageShape(4, 4, 4);
  }

  @Override
  long[] labels() {
    return new long[] {-1, -1, -1, -1};
  }

  @Test
  void drawsOneOfAnImagesTexts() throws IOException {
    try (TrainingSet set = open(options())) {
      assertEquals(Optional.of(new TextShape(3, 6)), set.text());
      assertArrayEquals(Ramps.of(100, 18), set.emptyText());
      // Image 2 has three texts, number 10 + 3 * 2 and the next ones.
      Set<Integer> drawn = new HashSet<>();
      for (int epoch = 0; epoch < 30; epoch++) {
        ExampleRandom random = new ExampleRandom(5, epoch, 2);
        int choice = random.choice(3);
        Example example = set.read(2, random);
        assertArrayEquals(Ramps.of(16 + choice, 18), example.text());
        Ramps.assertSampled(Ramps.of(2, 128), 0.18215f, random, example.values());
        drawn.add(choice);
      }
      assertEquals(Set.of(0, 1, 2), drawn);
    }
  }

  @Test
  void opensThePartItself() throws IOException {
    try (TrainingSet set = TrainingSets.open(path().resolve("train"), options())) {
      assertEquals(4, set.size());
      assertArrayEquals(Ramps.of(100, 18), set.emptyText());
    }
    assertRefused(
        DataProblem.TRAINING_SET_INCOMPLETE,
        path(),
        () -> open(options().withSplit(Split.TEST)),
        "part of the data set is missing",
        "expected: a folder val beside empty_context.npy",
        "file: FILE",
        "next: put the features there");
  }

  @Test
  void refusesAnImageWithoutText() throws IOException {
    Path copy = folder.resolve("copy");
    copy(path(), copy);
    Files.delete(copy.resolve("train/3_0.npy"));
    Path file = copy.resolve("train/3.npy");
    assertRefused(
        DataProblem.TRAINING_SET_INCOMPLETE,
        file,
        () -> TrainingSets.open(copy, options()),
        "there is no text for the example",
        "expected: 3_0.npy",
        "file: FILE",
        "next: repair or remove it, or leave out broken files with --skip-broken");
    try (TrainingSet set = TrainingSets.open(copy, options().withSkipBroken(true))) {
      assertEquals(3, set.size());
    }
  }

  @Test
  void refusesTextsOfAnotherShape() throws IOException {
    Path copy = folder.resolve("copy");
    copy(path(), copy);
    Path wrong = copy.resolve("train/1_0.npy");
    Files.copy(copy.resolve("train/1.npy"), wrong.resolveSibling("1_0.npy.tmp"));
    Files.move(wrong.resolveSibling("1_0.npy.tmp"), wrong, StandardCopyOption.REPLACE_EXISTING);
    Files.delete(copy.resolve("train/1_1.npy"));
    try (TrainingSet set = TrainingSets.open(copy, options())) {
      assertRefused(
          DataProblem.EXAMPLE_SHAPE,
          wrong,
          () -> set.read(1, random(1)),
          "the array has another shape than the others",
          "expected: [3, 6]",
          "actual: [8, 4, 4]",
          "file: FILE",
          "next: repair or remove it, or leave out broken files with --skip-broken");
    }
  }
}
