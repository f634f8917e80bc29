package org.canbridge.runtime.training.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.tensors.files.InputFileException;

/** Image files in a folder for each class, or in one folder without classes. */
final class ImageFolder implements TrainingSet {
  private final ImageListing listing;
  private final int[] begins;
  private final int[] usable;
  private final ImageShape shape;
  private final ImageDecoder decoder;
  private final boolean flip;

  private ImageFolder(ImageListing listing, TrainingSetOptions options, BrokenFiles broken) {
    this.listing = listing;
    this.shape = options.shape();
    this.decoder = new ImageDecoder(shape.channels(), options.maxPixels());
    this.flip = options.flip().orElse(true);
    this.begins = new int[listing.names().size() + 1];
    for (int i = 0; i < listing.names().size(); i++) {
      begins[i + 1] = Math.addExact(begins[i], listing.names().get(i).length);
    }
    int count = begins[begins.length - 1];
    this.usable = broken.usable(count, i -> decoder.check(file(i)), options.checked());
  }

  /**
   * Opens a folder and looks at the header of every image.
   *
   * @throws InputFileException if the network takes no images, there are more classes than it
   *     knows, or a file cannot be used
   */
  static TrainingSet open(Path root, TrainingSetOptions options) throws IOException {
    ImageShape shape = options.shape();
    boolean colors = shape.channels() == 1 || shape.channels() == 3;
    if (!colors || shape.height() != shape.width()) {
      throw InputFileException.of(DataProblem.EXAMPLE_SHAPE, root)
          .what("the network does not take images")
          .expected("a square of 1 or 3 channels")
          .actual(shape)
          .next("give the latents of the images, as safetensors or .npy")
          .build();
    }
    BrokenFiles broken = new BrokenFiles(root, options.skipBroken());
    ImageListing listing = ImageListing.of(root, broken);
    int classes = listing.classes().size();
    if (options.classes().isPresent() && classes > options.classes().getAsInt()) {
      throw InputFileException.of(DataProblem.EXAMPLE_LABEL, root)
          .what("the folder has more classes than the network")
          .expected("at most " + options.classes().getAsInt())
          .actual(classes + ", from " + listing.classes().get(0))
          .next("import the network with so many classes, or move folders away")
          .build();
    }
    ImageFolder folder = new ImageFolder(listing, options, broken);
    return broken.skip() ? new SkippingSet(folder, broken) : folder;
  }

  private Path file(int image) {
    int label = label(image);
    String name = listing.names().get(label)[image - begins[label]];
    Path folder = listing.root();
    return (listing.classes().isEmpty() ? folder : folder.resolve(listing.classes().get(label)))
        .resolve(name);
  }

  /** The class whose stretch of images holds this one. */
  private int label(int image) {
    int found = Arrays.binarySearch(begins, image);
    if (found < 0) {
      return -found - 2;
    }
    // Empty classes begin where the next one does.
    while (begins[found + 1] == image) {
      found++;
    }
    return found;
  }

  @Override
  public Example read(long index, ExampleRandom random) {
    int image = usable[Math.toIntExact(index)];
    Pixels pixels = CenterCrop.of(decoder.decode(file(image)), shape.height());
    float[] values = new float[shape.size()];
    int plane = shape.plane();
    int channels = shape.channels();
    for (int i = 0; i < plane; i++) {
      for (int c = 0; c < channels; c++) {
        values[c * plane + i] = PixelValues.of(pixels.bytes()[i * channels + c]);
      }
    }
    if (flip && random.flip()) {
      Mirror.flip(values, shape);
    }
    return new Example(values, listing.classes().isEmpty() ? Example.NO_LABEL : label(image));
  }

  @Override
  public Path path() {
    return listing.root();
  }

  @Override
  public String kind() {
    return "image files";
  }

  @Override
  public ImageShape shape() {
    return shape;
  }

  @Override
  public long size() {
    return usable.length;
  }

  @Override
  public OptionalInt classes() {
    int classes = listing.classes().size();
    return classes == 0 ? OptionalInt.empty() : OptionalInt.of(classes);
  }

  @Override
  public List<String> classNames() {
    return listing.classes();
  }

  @Override
  public boolean flipped() {
    return flip;
  }

  @Override
  public void close() {
    // Files are opened one at a time, while they are read.
  }
}
