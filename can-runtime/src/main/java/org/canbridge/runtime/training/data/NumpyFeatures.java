package org.canbridge.runtime.training.data;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.training.data.TrainingSetOptions.Split;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.npy.NpyProblem;

/**
 * Latents or moments in one {@code .npy} file each, as the scripts of U-ViT and fast-DiT write
 * them:
 *
 * <ul>
 *   <li>U-ViT, ImageNet: {@code i.npy} is the pair (moments, class);
 *   <li>U-ViT, MS-COCO: {@code i.npy} holds moments, {@code i_k.npy} the features of the k-th of
 *       its texts, {@code empty_context.npy}, beside the folder, those of the empty text; one text
 *       is drawn each time;
 *   <li>fast-DiT: {@code X_features/i.npy} holds a latent {@code (1, C, H, W)}, {@code
 *       X_labels/i.npy} its class.
 * </ul>
 *
 * <p>Files of the first file's size are taken for good when the set is opened; the others are read.
 *
 * <p>Source: baofff/U-ViT, {@code datasets.py} and {@code scripts/extract_*_feature.py};
 * chuanyangjin/fast-DiT, {@code extract_features.py} and {@code train.py}.
 */
final class NumpyFeatures implements TrainingSet {
  private static final String EMPTY_TEXT = "empty_context.npy";
  private static final String FEATURES = "features";
  private static final String LABELS = "labels";

  private final Path path;
  private final NumberedFiles files;
  private final Optional<Path> labelFolder;
  private final TrainingSetOptions options;
  private final StoredLatents latents;
  private final List<Long> stored;
  private final boolean labelled;
  private final OptionalInt classes;
  private final Optional<TextShape> text;
  private final float[] emptyText;
  private final int[] usable;

  private NumpyFeatures(
      Path path,
      NumberedFiles files,
      Optional<Path> labelFolder,
      TrainingSetOptions options,
      BrokenFiles broken)
      throws IOException {
    this.path = path;
    this.files = files;
    this.labelFolder = labelFolder;
    this.options = options;
    int sample = firstReadable(broken);
    NumpyArrays.Content content = NumpyArrays.read(files.file(sample));
    this.stored = content.shape();
    this.latents = new StoredLatents(stored, files.file(sample), options);
    this.labelled = labelFolder.isPresent() || content.label().isPresent();
    this.text = files.hasVariants() ? Optional.of(textShape(sample)) : Optional.empty();
    long size = Files.size(files.file(sample));
    AtomicLong largest = new AtomicLong();
    this.usable = broken.usable(files.count(), i -> check(i, size, largest), options.checked());
    this.classes =
        labelled
            ? OptionalInt.of(options.classes().orElseGet(() -> (int) largest.get() + 1))
            : OptionalInt.empty();
    this.emptyText = text.isPresent() ? readEmptyText() : new float[0];
  }

  /** Whether a folder holds numbered files, or folders of them, under one of the three layouts. */
  static boolean isFolder(Path folder) throws IOException {
    return NumberedFiles.isIn(folder)
        || features(folder).isPresent()
        || Files.exists(folder.resolve(EMPTY_TEXT));
  }

  /**
   * Opens a folder.
   *
   * @throws InputFileException if it lacks a part, or a file cannot be used
   */
  static TrainingSet open(Path folder, TrainingSetOptions options) throws IOException {
    BrokenFiles broken = new BrokenFiles(folder, options.skipBroken());
    Optional<Path> features = features(folder);
    Path arrays = features.orElse(folder);
    if (features.isEmpty() && !NumberedFiles.isIn(folder)) {
      arrays = folder.resolve(options.split() == Split.TRAIN ? "train" : "val");
      if (!Files.isDirectory(arrays)) {
        throw InputFileException.of(DataProblem.TRAINING_SET_INCOMPLETE, folder)
            .what("part of the data set is missing")
            .expected("a folder " + arrays.getFileName() + " beside " + EMPTY_TEXT)
            .next("put the features there")
            .build();
      }
    }
    Optional<Path> labels = features.map(NumpyFeatures::labelFolder);
    NumberedFiles files = NumberedFiles.of(arrays, EMPTY_TEXT, broken);
    NumpyFeatures set = new NumpyFeatures(folder, files, labels, options, broken);
    return broken.skip() ? new SkippingSet(set, broken) : set;
  }

  /** The only subfolder {@code X_features}, or {@code features}, with its labels beside it. */
  private static Optional<Path> features(Path folder) throws IOException {
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "*" + FEATURES)) {
      for (Path each : found) {
        if (Files.isDirectory(labelFolder(each))) {
          return Optional.of(each);
        }
      }
    }
    return Optional.empty();
  }

  private static Path labelFolder(Path features) {
    String name = features.getFileName().toString();
    return features.resolveSibling(name.substring(0, name.length() - FEATURES.length()) + LABELS);
  }

  /** The first file that can be read tells the shape of all. */
  private int firstReadable(BrokenFiles broken) {
    for (int i = 0; i < files.count(); i++) {
      try {
        NumpyArrays.read(files.file(i));
        if (!files.hasVariants() || files.variants(i) > 0) {
          return i;
        }
      } catch (InputFileException e) {
        if (!broken.skip()) {
          throw e;
        }
      }
    }
    throw InputFileException.of(DataProblem.TRAINING_SET_INCOMPLETE, path)
        .what("the data set has no file that can be used")
        .actual(files.count() + " numbered files")
        .next("give another path")
        .build();
  }

  private TextShape textShape(int sample) {
    Path file = files.variant(sample, 0);
    List<Long> shape = NumpyArrays.read(file).shape();
    if (shape.size() != 2) {
      throw wrongShape(file, "(L, D)", shape);
    }
    return new TextShape(Math.toIntExact(shape.get(0)), Math.toIntExact(shape.get(1)));
  }

  private void check(int i, long size, AtomicLong largest) {
    Path file = files.file(i);
    try {
      if (Files.size(file) != size) {
        requireShape(NumpyArrays.read(file), file);
      }
    } catch (IOException e) {
      throw InputFileException.of(FileProblem.UNREADABLE, file)
          .what("the file cannot be read")
          .actual(e)
          .next(BrokenFiles.NEXT)
          .cause(e)
          .build();
    }
    if (files.hasVariants() && files.variants(i) == 0) {
      throw InputFileException.of(DataProblem.TRAINING_SET_INCOMPLETE, file)
          .what("there is no text for the example")
          .expected(files.variant(i, 0).getFileName())
          .next(BrokenFiles.NEXT)
          .build();
    }
    if (labelFolder.isPresent() && !Files.exists(labelFile(i))) {
      throw InputFileException.of(DataProblem.TRAINING_SET_INCOMPLETE, labelFile(i))
          .what("there is no label for the example")
          .next(BrokenFiles.NEXT)
          .build();
    }
    // Without a network to say so, only the labels themselves tell how many classes there are.
    if (labelled && options.classes().isEmpty()) {
      largest.accumulateAndGet(label(i, NumpyArrays.read(file)), Math::max);
    }
  }

  private Path labelFile(int i) {
    return labelFolder.orElseThrow().resolve(files.file(i).getFileName());
  }

  private long label(int i, NumpyArrays.Content content) {
    if (labelFolder.isPresent()) {
      Path file = labelFile(i);
      return Labels.require(NumpyArrays.label(file), options.classes(), file, null);
    }
    Path file = files.file(i);
    long label =
        content
            .label()
            .orElseThrow(
                () ->
                    InputFileException.of(NpyProblem.OBJECTS, file)
                        .what("the file holds no class, unlike the first one")
                        .next(BrokenFiles.NEXT)
                        .build());
    return Labels.require(label, options.classes(), file, null);
  }

  private void requireShape(NumpyArrays.Content content, Path file) {
    if (!content.shape().equals(stored)) {
      throw wrongShape(file, stored, content.shape());
    }
  }

  private static InputFileException wrongShape(Path file, Object expected, List<Long> actual) {
    return InputFileException.of(DataProblem.EXAMPLE_SHAPE, file)
        .what("the array has another shape than the others")
        .expected(expected)
        .actual(actual)
        .next(BrokenFiles.NEXT)
        .build();
  }

  @Override
  public Example read(long index, ExampleRandom random) {
    int at = usable[Math.toIntExact(index)];
    Path file = files.file(at);
    NumpyArrays.Content content = NumpyArrays.read(file);
    requireShape(content, file);
    long label = labelled ? label(at, content) : Example.NO_LABEL;
    float[] values = latents.values(content.values(), random, file, null);
    return text.isEmpty()
        ? new Example(values, label)
        : new Example(values, label, text(files.variant(at, random.choice(files.variants(at)))));
  }

  private float[] text(Path file) {
    NumpyArrays.Content content = NumpyArrays.read(file);
    TextShape expected = text.orElseThrow();
    List<Long> sizes = List.of((long) expected.tokens(), (long) expected.width());
    if (!content.shape().equals(sizes)) {
      throw wrongShape(file, sizes, content.shape());
    }
    StoredLatents.requireFinite(content.values(), file, null);
    return content.values();
  }

  private float[] readEmptyText() {
    for (Path folder : List.of(files.folder(), files.folder().toAbsolutePath().getParent())) {
      Path file = folder.resolve(EMPTY_TEXT);
      if (Files.exists(file)) {
        return text(file);
      }
    }
    return new float[0];
  }

  @Override
  public float[] emptyText() {
    return emptyText.clone();
  }

  @Override
  public Optional<TextShape> text() {
    return text;
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public String kind() {
    return latents.moments() ? "moments in .npy files" : "latents in .npy files";
  }

  @Override
  public ImageShape shape() {
    return options.shape();
  }

  @Override
  public long size() {
    return usable.length;
  }

  @Override
  public OptionalInt classes() {
    return classes;
  }

  @Override
  public boolean flipped() {
    return latents.flipped();
  }

  @Override
  public void close() {
    // Files are opened one at a time, while they are read.
  }
}
