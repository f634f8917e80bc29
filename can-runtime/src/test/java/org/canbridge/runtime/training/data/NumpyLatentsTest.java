package org.canbridge.runtime.training.data;

import static org.canbridge.runtime.training.data.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.tensors.npy.NpyProblem;
import org.junit.jupiter.api.Test;

/** fast-DiT's features and labels, in two folders. */
final class NumpyLatentsTest extends TrainingSetContract {

  @Override
  Path path() {
    return Fixtures.data("features").resolve("fast-dit");
  }

  @Override
  String kind() {
    return "latents in .npy files";
  }

  @Override
  ImageShape shape() {
    return new ImageShape(4, 4, 4);
  }

  @Override
  long[] labels() {
    return new long[] {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2};
  }

  @Test
  void takesLatentsAsTheyAre() throws IOException {
    try (TrainingSet set = open(options())) {
      assertArrayEquals(Ramps.of(11, 64), set.read(11, random(11)).values());
    }
  }

  @Test
  void refusesAMissingLabel() throws IOException {
    Path copy = folder.resolve("copy");
    copy(path(), copy);
    Path label = copy.resolve("imagenet256_labels/7.npy");
    Files.delete(label);
    assertRefused(
        DataProblem.TRAINING_SET_INCOMPLETE,
        label,
        () -> TrainingSets.open(copy, options()),
        "there is no label for the example",
        "file: FILE",
        "next: repair or remove it, or leave out broken files with --skip-broken");
  }

  @Test
  void refusesALabelThatIsNoNumber() throws IOException {
    Path copy = folder.resolve("copy");
    copy(path(), copy);
    Path label = copy.resolve("imagenet256_labels/7.npy");
    Files.write(label, Files.readAllBytes(copy.resolve("imagenet256_features/7.npy")));
    assertRefused(
        NpyProblem.OBJECTS,
        label,
        () -> TrainingSets.open(copy, options()),
        "the file is not what is stored for an example",
        "expected: floating point (C, H, W), or the pair of it and a class number",
        "actual: F32[1, 4, 4, 4]",
        "file: FILE",
        "next: repair or remove it, or leave out broken files with --skip-broken");
  }
}
