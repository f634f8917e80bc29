package org.canbridge.runtime.image;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.apiguardian.api.API;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;

/**
 * Lays a batch of images with values in -1..1 out as one picture, row by row, and writes PNG files.
 * One channel becomes an 8-bit grey picture, three channels an RGB one. A value x becomes the
 * nearest of 0..255 to {@code (x + 1) * 127.5}; what lies outside -1..1 is cut off. The gaps are
 * black.
 *
 * @param columns images in a row
 * @param gap width of the gaps between images, in pixels; none around the picture
 */
@API(status = API.Status.STABLE)
public record PngGrid(int columns, int gap) {

  /**
   * Checks the layout.
   *
   * @throws IllegalArgumentException if there is no column or the gap is negative
   */
  public PngGrid {
    if (columns < 1 || gap < 0) {
      throw new IllegalArgumentException(
          "a grid needs at least 1 column and no negative gap, not " + columns + " and " + gap);
    }
  }

  /** Gaps of 2 pixels. */
  public static PngGrid ofColumns(int columns) {
    return new PngGrid(columns, 2);
  }

  /** Whether images of this shape can be shown: one channel or three. */
  public static boolean canShow(ImageShape shape) {
    return shape.channels() == 1 || shape.channels() == 3;
  }

  /**
   * Writes all images as one picture. The file appears complete or not at all.
   *
   * @param images {@code (B, C, H, W)}, C = 1 or 3
   * @param file replaced if it exists
   * @param text goes into the PNG's text chunks by these keywords
   * @throws IllegalArgumentException if C is neither, a value is NaN or infinite, or a keyword is
   *     not 1 to 79 Latin-1 characters
   * @throws IOException if the file cannot be written
   */
  public void write(Latents images, Path file, Map<String, String> text) throws IOException {
    PngFile.write(picture(images), file, text);
  }

  /**
   * Writes one image of a batch; otherwise as {@link #write}.
   *
   * @param index the image's row in the batch
   */
  public static void writeOne(Latents images, int index, Path file, Map<String, String> text)
      throws IOException {
    new PngGrid(1, 0).write(images.rows(index, index + 1), file, text);
  }

  private BufferedImage picture(Latents images) {
    ImageShape shape = images.shape();
    if (!canShow(shape)) {
      throw new IllegalArgumentException(
          "a picture has 1 or 3 channels, not "
              + shape.channels()
              + "; decode or save the latents");
    }
    int across = Math.min(columns, images.batch());
    int down = (images.batch() + columns - 1) / columns;
    BufferedImage picture =
        new BufferedImage(
            length(across, shape.width()),
            length(down, shape.height()),
            shape.channels() == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB);
    for (int image = 0; image < images.batch(); image++) {
      picture
          .getRaster()
          .setPixels(
              image % columns * (shape.width() + gap),
              image / columns * (shape.height() + gap),
              shape.width(),
              shape.height(),
              pixels(images, image));
    }
    return picture;
  }

  private int length(int images, int size) {
    return Math.addExact(Math.multiplyExact(images, size), Math.multiplyExact(images - 1, gap));
  }

  /** The image as {@code (H, W, C)} of 0..255. */
  private static int[] pixels(Latents images, int image) {
    ImageShape shape = images.shape();
    int[] pixels = new int[shape.size()];
    Arrays.setAll(
        pixels,
        i -> {
          int channel = i % shape.channels();
          int cell = i / shape.channels();
          return level(images.get(image * shape.size() + channel * shape.plane() + cell), image);
        });
    return pixels;
  }

  private static int level(double value, int image) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException("image " + image + " has the value " + value);
    }
    return (int) Math.max(0, Math.min(255, Math.rint((value + 1) * 127.5)));
  }
}
