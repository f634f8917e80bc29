package org.canbridge.runtime.training.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.tensors.files.InputFileException;

/** Image files in a folder for each class, or in one folder without classes. */
final class ImageFolder implements TrainingSet {
  private final ExampleListing listing;
  private final int[] usable;
  private final ImageShape shape;
  private final ImageDecoder decoder;
  private final boolean flip;

  private ImageFolder(ExampleListing listing, TrainingSetOptions options, BrokenFiles broken) {
    this.listing = listing;
    this.shape = options.shape();
    this.decoder = new ImageDecoder(shape.channels(), options.maxPixels(), options.upright());
    this.flip = options.flip().orElse(true);
    this.usable =
        broken.usable(listing.count(), i -> decoder.check(listing.file(i)), options.checked());
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
    ExampleListing listing =
        ExampleListing.of(root, ExampleFiles.IMAGES, options.classes(), broken);
    ImageFolder folder = new ImageFolder(listing, options, broken);
    return broken.skip() ? new SkippingSet(folder, broken) : folder;
  }

  @Override
  public Example read(long index, ExampleRandom random) {
    int image = usable[Math.toIntExact(index)];
    Pixels pixels = CenterCrop.of(decoder.decode(listing.file(image)), shape.height());
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
    return new Example(values, listing.label(image));
  }

  @Override
  public Path path() {
    return listing.root();
  }

  @Override
  public String kind() {
    return "image files" + listing.numbering() + (decoder.isUpright() ? "" : ", not turned");
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
