package org.canbridge.runtime.training.data;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.training.data.TrainingSetOptions.Split;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.idx.IdxFile;

/** Gray images in an IDX file (N, H, W), labels in another (N), as the MNIST family has them. */
final class IdxImages implements TrainingSet {
  private static final String IMAGES = "-images-idx3-ubyte";
  private static final String LABELS = "-labels-idx1-ubyte";
  private static final List<String> ENDINGS = List.of("", ".gz");

  private final Path path;
  private final IdxFile file;
  private final TensorData images;
  private final long[] labels;
  private final OptionalInt classes;
  private final ImageShape shape;
  private final boolean flip;

  private IdxImages(Path path, IdxFile file, Optional<Path> labelFile, TrainingSetOptions options) {
    this.path = path;
    this.file = file;
    this.images = file.array();
    this.shape = options.shape();
    this.flip = options.flip().orElse(false);
    List<Long> sizes = images.type().shape();
    List<Long> expected = List.of((long) shape.height(), (long) shape.width());
    boolean fits = sizes.size() == 3 && sizes.subList(1, 3).equals(expected);
    if (shape.channels() != 1 || !fits) {
      throw InputFileException.of(DataProblem.EXAMPLE_SHAPE, file.path())
          .what("the images have another shape than the network takes")
          .expected("(N, H, W) for a network that takes " + shape)
          .actual(sizes)
          .next("give images of that size, or a network for these")
          .build();
    }
    if (sizes.get(0) == 0) {
      throw InputFileException.of(DataProblem.TRAINING_SET_INCOMPLETE, file.path())
          .what("the file holds no image")
          .next("give another file")
          .build();
    }
    this.labels = labelFile.map(name -> labels(name, sizes.get(0))).orElse(new long[0]);
    this.classes =
        labelFile.isPresent()
            ? OptionalInt.of(Labels.classes(labels, options.classes(), labelFile.get()))
            : OptionalInt.empty();
  }

  /** Whether a folder holds images under the published names. */
  static boolean isFolder(Path folder) {
    return find(folder, "train", IMAGES).isPresent() || find(folder, "t10k", IMAGES).isPresent();
  }

  /** Opens the files of a folder by their published names. */
  static TrainingSet openFolder(Path folder, TrainingSetOptions options) {
    String part = options.split() == Split.TRAIN ? "train" : "t10k";
    Path images = find(folder, part, IMAGES).orElseThrow(() -> missing(folder, part + IMAGES));
    Path labels = find(folder, part, LABELS).orElseThrow(() -> missing(folder, part + LABELS));
    return open(folder, images, Optional.of(labels), options);
  }

  /**
   * Opens a file of images, with the labels that lie beside it under the published name, if any.
   */
  static TrainingSet openFile(Path images, TrainingSetOptions options) {
    String name = images.getFileName().toString();
    int at = name.indexOf(IMAGES);
    Optional<Path> labels =
        at < 0
            ? Optional.empty()
            : find(images.toAbsolutePath().getParent(), name.substring(0, at), LABELS);
    return open(images, images, labels, options);
  }

  private static TrainingSet open(
      Path path, Path images, Optional<Path> labels, TrainingSetOptions options) {
    IdxFile file = IdxFile.open(images);
    try {
      return new IdxImages(path, file, labels, options);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static Optional<Path> find(Path folder, String part, String kind) {
    return ENDINGS.stream()
        .map(ending -> folder.resolve(part + kind + ending))
        .filter(Files::exists)
        .findFirst();
  }

  private static InputFileException missing(Path folder, String name) {
    return InputFileException.of(DataProblem.TRAINING_SET_INCOMPLETE, folder)
        .what("part of the data set is missing")
        .expected(name + " or " + name + ".gz")
        .next("put the published file there")
        .build();
  }

  private static long[] labels(Path name, long images) {
    try (IdxFile file = IdxFile.open(name)) {
      List<Long> sizes = file.array().type().shape();
      if (!sizes.equals(List.of(images))) {
        throw InputFileException.of(DataProblem.TRAINING_SET_INCOMPLETE, name)
            .what("there is not one label for each image")
            .expected(List.of(images))
            .actual(sizes)
            .next("take both files from the same source")
            .build();
      }
      return Tensors.longs(file.array());
    }
  }

  @Override
  public Example read(long index, ExampleRandom random) {
    byte[] pixels = new byte[shape.plane()];
    images.read(index * pixels.length, ByteBuffer.wrap(pixels));
    float[] values = new float[pixels.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = PixelValues.of(pixels[i]);
    }
    if (flip && random.flip()) {
      Mirror.flip(values, shape);
    }
    return new Example(
        values, classes.isPresent() ? labels[Math.toIntExact(index)] : Example.NO_LABEL);
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public String kind() {
    return "IDX images";
  }

  @Override
  public ImageShape shape() {
    return shape;
  }

  @Override
  public long size() {
    return images.type().shape().get(0);
  }

  @Override
  public OptionalInt classes() {
    return classes;
  }

  @Override
  public boolean flipped() {
    return flip;
  }

  @Override
  public void close() {
    file.close();
  }
}
