package org.canbridge.runtime.training.data;

import static org.canbridge.runtime.training.data.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.zip.CRC32;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;
import org.junit.jupiter.api.Test;

final class ImageFolderTest extends TrainingSetContract {
  private static final String NEXT =
      "next: repair or remove it, or leave out broken files with --skip-broken";

  @Override
  Path path() throws IOException {
    Path root = folder.resolve("set");
    if (!Files.exists(root)) {
      image("photo.png", root.resolve("a cat/1.png"));
      image("tall.png", root.resolve("a cat/2.PNG"));
      image("cmyk.jpg", root.resolve("b dog/1.jpeg"));
      image("palette.png", root.resolve("c cow/x.png"));
      image("lossless.webp", root.resolve("c cow/y.webp"));
      Files.write(root.resolve("c cow/.DS_Store"), new byte[3]);
      Files.write(root.resolve("Thumbs.db"), new byte[3]);
    }
    return root;
  }

  private static Path image(String name, Path to) throws IOException {
    Files.createDirectories(to.getParent());
    return Files.copy(Fixtures.data("images").resolve(name), to);
  }

  @Override
  String kind() {
    return "image files";
  }

  @Override
  ImageShape shape() {
    return new ImageShape(3, 24, 24);
  }

  @Override
  long[] labels() {
    return new long[] {0, 0, 1, 2, 2};
  }

  @Override
  boolean flippedByDefault() {
    return true;
  }

  @Test
  void classesAreNumberedInTheOrderOfTheirNames() throws IOException {
    try (TrainingSet set = open(options())) {
      assertEquals(List.of("a cat", "b dog", "c cow"), set.classNames());
    }
  }

  @Test
  void classesWhoseNamesAreNumbersAreInTheirOrder() throws IOException {
    Path root = folder.resolve("numbers");
    for (String name : List.of("10", "9", "100")) {
      image("photo.png", root.resolve(name).resolve("1.png"));
    }
    Files.createDirectories(root.resolve("__MACOSX/9"));
    try (TrainingSet set = TrainingSets.open(root, options())) {
      assertEquals(List.of("9", "10", "100"), set.classNames());
      assertEquals("image files, classes in the order of their numbers", set.kind());
    }
  }

  @Test
  void partsOfADataSetAreNoClasses() throws IOException {
    Path root = folder.resolve("parts");
    image("photo.png", root.resolve("val/a/1.png"));
    image("photo.png", root.resolve("train/a/1.png"));
    assertRefused(
        DataProblem.NOT_A_TRAINING_SET,
        root,
        () -> TrainingSets.open(root, options()),
        "the folders are the parts of a data set, and no classes",
        "actual: train, val",
        "file: FILE",
        "next: name the one to train on, e.g. " + root.resolve("train"));
    image("photo.png", root.resolve("cats/a/1.png"));
    try (TrainingSet set = TrainingSets.open(root, options())) {
      assertEquals(List.of("cats", "train", "val"), set.classNames());
    }
  }

  @Test
  void aFolderThatMayHoldTheClassesIsNamed() throws IOException {
    Path root = folder.resolve("wrapped");
    image("photo.png", root.resolve("images/a/1.png"));
    image("photo.png", root.resolve("images/b/1.png"));
    try (TrainingSet set = TrainingSets.open(root, options())) {
      assertEquals(List.of("images"), set.classNames());
      assertEquals(
          "image files, one class; if the folders in it are the classes, name "
              + root.resolve("images"),
          set.kind());
    }
  }

  @Test
  void whatLiesBelowAClassBelongsToIt() throws IOException {
    Path root = folder.resolve("nested");
    image("tall.png", root.resolve("a/z.png"));
    image("photo.png", root.resolve("a/m/1.png"));
    image("photo.png", root.resolve("a/m/n/1.png"));
    image("photo.png", root.resolve("b/only/here/1.png"));
    try (TrainingSet set = TrainingSets.open(root, options().withFlip(false))) {
      assertEquals(List.of("a", "b"), set.classNames());
      assertEquals(4, set.size());
      assertEquals(0, set.read(2, random(2)).label());
      assertEquals(1, set.read(3, random(3)).label());
      assertArrayEquals(set.read(1, random(1)).values(), set.read(2, random(2)).values());
      assertFalse(Arrays.equals(set.read(0, random(0)).values(), set.read(1, random(1)).values()));
    }
  }

  @Test
  void valuesAreThoseOfTheCrop() throws IOException {
    Pixels crop =
        new ImageDecoder(3, 1 << 20, true).decode(Fixtures.data("images").resolve("photo-24.png"));
    try (TrainingSet set = open(options().withFlip(false))) {
      float[] values = set.read(0, random(0)).values();
      for (int c = 0; c < 3; c++) {
        for (int i = 0; i < 576; i++) {
          assertEquals((crop.bytes()[3 * i + c] & 0xff) / 127.5 - 1, values[576 * c + i], 1e-6);
        }
      }
    }
  }

  @Test
  void aFlatFolderHasNoClasses() throws IOException {
    Path flat = folder.resolve("flat");
    image("photo.png", flat.resolve("2.png"));
    image("tall.png", flat.resolve("1.png"));
    try (TrainingSet set = TrainingSets.open(flat, options())) {
      assertEquals(2, set.size());
      assertEquals(OptionalInt.empty(), set.classes());
      assertEquals(List.of(), set.classNames());
      assertEquals(Example.NO_LABEL, set.read(0, random(0)).label());
    }
  }

  @Test
  void countsTheOtherBrokenFiles() throws IOException {
    Path root = path();
    Path first = root.resolve("a cat/0.jpg");
    Files.write(first, new byte[0]);
    Path text = root.resolve("b dog/2.png");
    Files.writeString(text, "not a picture");
    Path pointer = root.resolve("c cow/z.png");
    Files.writeString(pointer, "version https://git-lfs.github.com/spec/v1\n");
    assertRefused(
        FileProblem.EMPTY,
        first,
        () -> open(options()),
        "the file is empty; so it is with 2 other files",
        "file: FILE",
        "also: b dog/2.png, c cow/z.png",
        NEXT);
    Files.delete(first);
    Files.delete(pointer);
    assertRefused(
        DataProblem.IMAGE_UNREADABLE,
        text,
        () -> open(options()),
        "this is not an image that can be read",
        "expected: PNG, JPEG, BMP, GIF or WebP",
        "actual: a file that begins with 6e 6f 74 20",
        "file: FILE",
        NEXT);
  }

  @Test
  void skipsBrokenFilesOnRequest() throws IOException {
    Path root = path();
    Path empty = root.resolve("a cat/0.jpg");
    Files.write(empty, new byte[0]);
    // The header is whole, the picture is not: seen only when it is decoded.
    Path cut = root.resolve("b dog/1.jpeg");
    byte[] whole = Files.readAllBytes(cut);
    Files.write(cut, Arrays.copyOf(whole, whole.length / 2));
    Path odd = Files.writeString(root.resolve("c cow/notes.txt"), "mine");
    try (TrainingSet set = open(options().withSkipBroken(true))) {
      assertEquals(5, set.size());
      assertEquals(
          List.of(
              new SkippedFile(odd, "there is a file that is no image by its name"),
              new SkippedFile(empty, "the file is empty")),
          set.skipped());
      // The next one stands in, with its own label.
      Example stand = set.read(2, random(2));
      assertEquals(2, stand.label());
      assertArrayEquals(set.read(3, random(2)).values(), stand.values());
      assertEquals(cut, set.skipped().get(2).file());
    }
  }

  @Test
  void refusesAPictureThatIsCut() throws IOException {
    for (String name : List.of("photo.png", "color.jpg", "cmyk.jpg", "lossless.webp")) {
      byte[] whole = Files.readAllBytes(Fixtures.data("images").resolve(name));
      Path cut = folder.resolve(name);
      for (int percent = 0; percent < 98; percent += 7) {
        Files.write(cut, Arrays.copyOf(whole, whole.length * percent / 100));
        int kept = percent;
        assertThrows(
            InputFileException.class,
            () -> new ImageDecoder(3, 1 << 20, true).decode(cut),
            () -> kept + " % of " + name);
      }
    }
  }

  @Test
  void refusesAHugePictureBeforeItIsDecoded() throws IOException {
    Path root = folder.resolve("huge");
    Path file = image("photo.png", root.resolve("a/1.png"));
    byte[] bytes = Files.readAllBytes(file);
    // Width and height of the header, and its checksum.
    System.arraycopy(new byte[] {0, 1, 0, 0, 0, 1, 0, 0}, 0, bytes, 16, 8);
    CRC32 sum = new CRC32();
    sum.update(bytes, 12, 17);
    ByteBuffer.wrap(bytes).putInt(29, (int) sum.getValue());
    Files.write(file, bytes);
    assertRefused(
        DataProblem.IMAGE_TOO_LARGE,
        file,
        () -> TrainingSets.open(root, options()),
        "the image has more pixels than are decoded",
        "expected: at most 67108864",
        "actual: 65536 x 65536",
        "file: FILE",
        "next: reduce it, or leave out such files with --skip-broken");
  }

  @Test
  void refusesOddFiles() throws IOException {
    Path odd = path().resolve("b dog/notes.txt");
    Files.writeString(odd, "mine");
    assertRefused(
        DataProblem.ODD_FILE,
        odd,
        () -> open(options()),
        "there is a file that is no image by its name",
        "expected: CLASS/NAME.png, .jpg, .jpeg, .bmp, .gif or .webp; or images alone",
        "file: FILE",
        NEXT);
    Files.delete(odd);
    Path deep = Files.createDirectory(path().resolve("b dog/more"));
    assertRefused(
        DataProblem.ODD_FILE,
        deep,
        () -> open(options()),
        "there is a folder inside the folder of a class",
        "expected: CLASS/NAME.png, .jpg, .jpeg, .bmp, .gif or .webp; or images alone",
        "file: FILE",
        NEXT);
    Files.delete(deep);
    Path empty = Files.createDirectory(path().resolve("d pig"));
    assertRefused(
        DataProblem.ODD_FILE,
        empty,
        () -> open(options()),
        "there is a folder of a class without an image",
        "expected: CLASS/NAME.png, .jpg, .jpeg, .bmp, .gif or .webp; or images alone",
        "file: FILE",
        NEXT);
  }

  @Test
  void refusesANetworkThatDoesNotFit() throws IOException {
    Path root = path();
    assertRefused(
        DataProblem.EXAMPLE_SHAPE,
        root,
        () -> open(TrainingSetOptions.of(new ImageShape(4, 32, 32))),
        "the network does not take images",
        "expected: a square of 1 or 3 channels",
        "actual: 4x32x32",
        "file: FILE",
        "next: give the latents of the images, as safetensors or .npy");
    assertRefused(
        DataProblem.EXAMPLE_LABEL,
        root,
        () -> open(options().withClasses(2)),
        "the folder has more classes than the network",
        "expected: at most 2",
        "actual: 3, from a cat",
        "file: FILE",
        "next: import the network with so many classes, or move folders away");
  }

  @Test
  void refusesPathsThatHoldNoSet() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Path file = folder.resolve("file");
    Files.write(file, "hello, world".getBytes(StandardCharsets.UTF_8));
    String[] found = {"an empty folder", "a file of none of these kinds"};
    for (int i = 0; i < 2; i++) {
      Path path = i == 0 ? empty : file;
      assertRefused(
          DataProblem.NOT_A_TRAINING_SET,
          path,
          () -> TrainingSets.open(path, options()),
          "this is no training set of a kind that is known",
          "expected: a folder of images by class, IDX files, safetensors files of latents, or"
              + " .npy features",
          "actual: " + found[i],
          "file: FILE",
          "next: see docs/training-data.md for the layouts");
    }
    Path nothing = folder.resolve("nothing");
    assertRefused(
        FileProblem.MISSING,
        nothing,
        () -> TrainingSets.open(nothing, options()),
        "there is no such file or folder",
        "file: FILE",
        "next: check the path");
  }
}
