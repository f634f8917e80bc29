package org.canbridge.runtime.training.data;

import static org.canbridge.runtime.training.data.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.tensors.files.FileProblem;
import org.junit.jupiter.api.Test;

/** U-ViT's features of ImageNet: (moments, class). */
final class NumpyPairsTest extends TrainingSetContract {

  @Override
  Path path() {
    return Fixtures.data("features").resolve("uvit-imagenet");
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
    return new long[] {0, 3, 1, 4, 2, 0};
  }

  private Path copied() throws IOException {
    Path copy = folder.resolve("copy");
    copy(path(), copy);
    return copy;
  }

  @Test
  void samplesMoments() throws IOException {
    try (TrainingSet set = open(options().withClasses(1000))) {
      assertEquals(1000, set.classes().getAsInt());
      for (int i = 0; i < set.size(); i++) {
        Ramps.assertSampled(Ramps.of(i, 128), 0.18215f, random(i), set.read(i, random(i)).values());
      }
    }
  }

  @Test
  void readsThePairsOfNumpy2() throws IOException {
    Path newer = Fixtures.data("features").resolve("uvit-imagenet-numpy2");
    try (TrainingSet set = TrainingSets.open(newer, options());
        TrainingSet older = open(options())) {
      assertEquals(2, set.size());
      assertEquals(3, set.read(1, random(1)).label());
      assertArrayEquals(older.read(1, random(1)).values(), set.read(1, random(1)).values());
    }
  }

  @Test
  void listsAndSkipsBrokenFilesOnRequest() throws IOException {
    Path copy = copied();
    byte[] good = Files.readAllBytes(copy.resolve("1.npy"));
    Files.write(copy.resolve("1.npy"), Arrays.copyOf(good, good.length - 9));
    Files.write(copy.resolve("4.npy"), new byte[0]);
    Files.writeString(copy.resolve("notes.txt"), "mine");
    assertRefused(
        DataProblem.ODD_FILE,
        copy.resolve("notes.txt"),
        () -> TrainingSets.open(copy, options()),
        "there is a file that does not belong to the numbered ones",
        "expected: 0.npy, 1.npy ... and for texts 0_0.npy, 0_1.npy ..., each row without a gap",
        "file: FILE",
        "next: repair or remove it, or leave out broken files with --skip-broken");
    Files.delete(copy.resolve("notes.txt"));
    assertRefused(
        FileProblem.TRUNCATED,
        copy.resolve("1.npy"),
        () -> TrainingSets.open(copy, options()),
        "the pickle ends in the middle of a value; so it is with 1 other file",
        "file: FILE",
        "also: 4.npy",
        "key: byte 840",
        "next: repair or remove it, or leave out broken files with --skip-broken");
    try (TrainingSet set = TrainingSets.open(copy, options().withSkipBroken(true))) {
      assertEquals(
          List.of(
              new SkippedFile(copy.resolve("1.npy"), "the pickle ends in the middle of a value"),
              new SkippedFile(copy.resolve("4.npy"), "the file is empty")),
          set.skipped());
      assertEquals(4, set.size());
      assertEquals(1, set.read(1, random(1)).label());
    }
  }

  @Test
  void aFileThatTurnsOutBrokenIsReplacedByTheNext() throws IOException {
    Path copy = copied();
    byte[] damaged = Files.readAllBytes(copy.resolve("2.npy"));
    // Not a pickle's instruction; the size stays.
    damaged[150] = (byte) 0xff;
    Files.write(copy.resolve("2.npy"), damaged);
    TrainingSetOptions known = options().withClasses(5);
    try (TrainingSet set = TrainingSets.open(copy, known.withSkipBroken(true));
        TrainingSet whole = open(known)) {
      assertEquals(6, set.size());
      assertEquals(List.of(), set.skipped());
      Example stand = set.read(2, random(2));
      assertEquals(4, stand.label());
      assertArrayEquals(whole.read(3, random(2)).values(), stand.values());
      assertEquals(
          List.of(copy.resolve("2.npy")), set.skipped().stream().map(SkippedFile::file).toList());
    }
  }

  @Test
  void refusesMissingNumbers() throws IOException {
    Path copy = copied();
    Files.delete(copy.resolve("2.npy"));
    Files.delete(copy.resolve("3.npy"));
    assertRefused(
        DataProblem.TRAINING_SET_INCOMPLETE,
        copy.resolve("2.npy"),
        () -> TrainingSets.open(copy, options()),
        "numbers are missing among the files; this is the first",
        "expected: 0.npy to 5.npy",
        "actual: 4 of 6",
        "file: FILE",
        "next: write the missing files, or go on without them with --skip-broken");
  }

  @Test
  void refusesAnotherShape() {
    assertRefused(
        DataProblem.EXAMPLE_SHAPE,
        path().resolve("0.npy"),
        () -> open(TrainingSetOptions.of(new ImageShape(4, 32, 32))),
        "the latents have another shape than the network takes",
        "expected: latents [4, 32, 32], or moments [8, 32, 32]",
        "actual: [8, 4, 4]",
        "file: FILE",
        "next: give latents of that shape, or a network for these");
  }

  @Test
  void refusesALabelPastTheNetworksClasses() throws IOException {
    try (TrainingSet set = open(options().withClasses(4))) {
      assertRefused(
          DataProblem.EXAMPLE_LABEL,
          path().resolve("3.npy"),
          () -> set.read(3, random(3)),
          "a label is none of the network's classes",
          "expected: 0 to 3",
          "actual: 4",
          "file: FILE",
          "next: import the network with as many classes as the data set has");
    }
  }
}
