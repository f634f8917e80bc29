package org.canbridge.runtime.training.data;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.tensors.files.InputFileException;

/**
 * Latents or moments in one {@code .npy} file each, in a folder for each class or in one folder
 * without classes, as efficientvit's script for latents writes them. The first file that can be
 * read tells the shape of all.
 */
final class ArrayFolder implements TrainingSet {
  private static final String LABELS = "dataset.json";
  private static final String DEVIATIONS = "img-mean-std-";

  /** How far below a folder its first example may lie. */
  private static final int DEPTH = 3;

  private final ExampleListing listing;
  private final TrainingSetOptions options;
  private final List<Long> stored;
  private final StoredLatents latents;
  private final int[] usable;

  private ArrayFolder(ExampleListing listing, TrainingSetOptions options, BrokenFiles broken) {
    this.listing = listing;
    this.options = options;
    int sample = firstReadable(broken);
    if (listing.file(sample).getFileName().toString().startsWith(DEVIATIONS)) {
      throw listed(listing.file(sample));
    }
    this.stored = NumpyArrays.read(listing.file(sample)).shape();
    this.latents = new StoredLatents(stored, listing.file(sample), options);
    long size = listing.file(sample).toFile().length();
    this.usable = broken.usable(listing.count(), i -> check(i, size), options.checked());
  }

  /** A file of the first one's size is taken for good. */
  private void check(int example, long size) {
    Path file = listing.file(example);
    if (file.toFile().length() != size) {
      read(file);
    }
  }

  /** Whether the first example that is found in a folder or below is an array. */
  static boolean isFolder(Path folder) throws IOException {
    return firstKind(folder, 0).filter(ExampleFiles.ARRAYS::equals).isPresent();
  }

  private static Optional<ExampleFiles> firstKind(Path folder, int depth) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        Optional<ExampleFiles> kind = Optional.empty();
        if (!ExampleListing.isLeftover(name) && Files.isDirectory(entry)) {
          kind = depth < DEPTH ? firstKind(entry, depth + 1) : kind;
        } else if (!ExampleListing.isLeftover(name)) {
          kind = Arrays.stream(ExampleFiles.values()).filter(k -> k.isNamed(name)).findFirst();
        }
        if (kind.isPresent()) {
          return kind;
        }
      }
    }
    return Optional.empty();
  }

  /**
   * Opens a folder.
   *
   * @throws InputFileException if a file cannot be used, or there are more classes than the network
   *     knows
   */
  static TrainingSet open(Path root, TrainingSetOptions options) throws IOException {
    BrokenFiles broken = new BrokenFiles(root, options.skipBroken());
    ExampleListing listing =
        ExampleListing.of(root, ExampleFiles.ARRAYS, options.classes(), broken);
    ArrayFolder folder = new ArrayFolder(listing, options, broken);
    return broken.skip() ? new SkippingSet(folder, broken) : folder;
  }

  /**
   * Refuses a folder whose classes stand in a file, as those of EDM and REPA: its folders are no
   * classes, and REPA's arrays are the mean and the deviation, not its logarithm.
   */
  static void refuseListed(Path folder) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        Path list = Files.isDirectory(entry) ? entry.resolve(LABELS) : entry;
        if (list.endsWith(LABELS) && Files.isRegularFile(list)) {
          throw listed(list);
        }
      }
    }
  }

  private static InputFileException listed(Path file) {
    return InputFileException.of(DataProblem.NOT_A_TRAINING_SET, file)
        .what(
            "the classes of this data set (of EDM's or REPA's tools) stand in a list, which is not"
                + " read")
        .expected(
            "CLASS/NAME.npy with latents or moments; U-ViT's i.npy; fast-DiT's X_features and"
                + " X_labels; images by class; one safetensors file of latents and labels")
        .actual(file.getFileName())
        .next(
            "write each latent (C, H, W) as .npy into a folder of its class; the files "
                + DEVIATIONS
                + "*.npy hold means and standard deviations to draw it from")
        .build();
  }

  private int firstReadable(BrokenFiles broken) {
    for (int i = 0; i < listing.count(); i++) {
      try {
        NumpyArrays.read(listing.file(i));
        return i;
      } catch (InputFileException e) {
        if (!broken.skip()) {
          throw e;
        }
      }
    }
    throw InputFileException.of(DataProblem.TRAINING_SET_INCOMPLETE, listing.root())
        .what("the data set has no file that can be used")
        .actual(listing.count() + " files")
        .next("give another path")
        .build();
  }

  private NumpyArrays.Content read(Path file) {
    NumpyArrays.Content content = NumpyArrays.read(file);
    if (!content.shape().equals(stored)) {
      throw InputFileException.of(DataProblem.EXAMPLE_SHAPE, file)
          .what("the array has another shape than the others")
          .expected(stored)
          .actual(content.shape())
          .next(BrokenFiles.NEXT)
          .build();
    }
    return content;
  }

  @Override
  public Example read(long index, ExampleRandom random) {
    int example = usable[Math.toIntExact(index)];
    Path file = listing.file(example);
    float[] values = latents.values(read(file).values(), random, file, null);
    return new Example(values, listing.label(example));
  }

  @Override
  public Path path() {
    return listing.root();
  }

  @Override
  public String kind() {
    return (latents.moments() ? "moments in .npy files" : "latents in .npy files")
        + listing.numbering();
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
  public List<String> classNames() {
    return listing.classes();
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
