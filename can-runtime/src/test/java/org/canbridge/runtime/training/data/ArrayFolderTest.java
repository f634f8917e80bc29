package org.canbridge.runtime.training.data;

import static org.canbridge.runtime.training.data.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.tensors.files.InputFileException;
import org.junit.jupiter.api.Test;

/** Latents in a folder for each class, as efficientvit's script writes them. */
final class ArrayFolderTest extends TrainingSetContract {
  private static final Path STORED =
      Fixtures.data("features").resolve("fast-dit/imagenet256_features");

  @Override
  Path path() throws IOException {
    Path root = folder.resolve("set");
    if (!Files.exists(root)) {
      array(0, root.resolve("cat/first.npy"));
      array(1, root.resolve("cat/second.npy"));
      array(2, root.resolve("dog/0.npy"));
      Files.createDirectories(root.resolve("__MACOSX/cat"));
    }
    return root;
  }

  private static Path array(int number, Path to) throws IOException {
    Files.createDirectories(to.getParent());
    return Files.copy(STORED.resolve(number + ".npy"), to);
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
    return new long[] {0, 0, 1};
  }

  @Test
  void takesLatentsAsTheyAre() throws IOException {
    try (TrainingSet set = open(options())) {
      assertEquals(List.of("cat", "dog"), set.classNames());
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(Ramps.of(i, 64), set.read(i, random(i)).values());
      }
    }
  }

  @Test
  void refusesFilesThatAreNoArrays() throws IOException {
    Path odd = Files.writeString(path().resolve("dog/notes.txt"), "mine");
    assertRefused(
        DataProblem.ODD_FILE,
        odd,
        () -> open(options()),
        "there is a file that is no array by its name",
        "expected: CLASS/NAME.npy; or arrays alone",
        "file: FILE",
        "next: repair or remove it, or leave out broken files with --skip-broken");
  }

  @Test
  void refusesAListOfClasses() throws IOException {
    Path root = folder.resolve("repa");
    array(0, root.resolve("vae-sd/00000/img-mean-std-00000000.npy"));
    Path list = Files.writeString(root.resolve("vae-sd/dataset.json"), "{}");
    for (Path given : List.of(root, root.resolve("vae-sd"))) {
      assertRefused(
          DataProblem.NOT_A_TRAINING_SET,
          list,
          () -> TrainingSets.open(given, options()),
          "the classes of this data set (of EDM's or REPA's tools) stand in a list, which is not"
              + " read",
          "expected: CLASS/NAME.npy with latents or moments; U-ViT's i.npy; fast-DiT's X_features"
              + " and X_labels; images by class; one safetensors file of latents and labels",
          "actual: dataset.json",
          "file: FILE",
          "next: write each latent (C, H, W) as .npy into a folder of its class; the files"
              + " img-mean-std-*.npy hold means and standard deviations to draw it from");
    }
  }

  @Test
  void refusesDeviationsWithoutTheListToo() throws IOException {
    Path file = folder.resolve("repa/vae-sd/00000/img-mean-std-00000000.npy");
    array(0, file);
    InputFileException refusal =
        assertThrows(
            InputFileException.class,
            () -> TrainingSets.open(folder.resolve("repa/vae-sd"), options()));
    assertEquals(DataProblem.NOT_A_TRAINING_SET, refusal.problem());
    assertEquals(file, refusal.file());
  }

  @Test
  void readsFeaturesBesideLabels() throws IOException {
    Path root = folder.resolve("pair");
    for (int i = 0; i < 2; i++) {
      array(i, root.resolve("features/" + i + ".npy"));
      Path label = root.resolve("labels/" + i + ".npy");
      Files.createDirectories(label.getParent());
      Files.copy(STORED.resolveSibling("imagenet256_labels").resolve((i + 1) + ".npy"), label);
    }
    try (TrainingSet set = TrainingSets.open(root, options())) {
      assertEquals(2, set.size());
      assertEquals(1, set.read(0, random(0)).label());
      assertEquals(2, set.read(1, random(1)).label());
    }
  }
}
