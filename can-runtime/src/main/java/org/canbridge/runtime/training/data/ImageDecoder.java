package org.canbridge.runtime.training.data;

import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;

/**
 * Decodes image files with ImageIO: PNG, JPEG (CMYK too), BMP, GIF (the first picture), WebP.
 *
 * <p>Colours are what Pillow's {@code convert} makes of a file: the stored samples as they are,
 * without colour profiles; transparency dropped; palettes looked up; of 16 bits the upper 8; gray
 * as the luma of ITU-R 601. (Java's own {@code getRGB} would take gray for linear and brighten it.)
 * Pictures are turned upright as their EXIF data say ({@link Orientation}), unless they are to be
 * taken as they are stored.
 */
final class ImageDecoder {
  /** Largest file that is read. */
  private static final long MAX_FILE = 1 << 28;

  /**
   * A JPEG spends at least one bit on each block of 8x8 pixels, so this is the most pixels a byte
   * can hold. What ends long before would be filled up with gray, in full size.
   */
  private static final long JPEG_PIXELS_A_BYTE = 512;

  private static final int START = 64;

  private final int channels;
  private final long maxPixels;
  private final boolean upright;

  /**
   * A decoder.
   *
   * @param channels 1 for gray, 3 for red, green, blue
   * @param maxPixels most pixels that are decoded
   * @param upright whether the orientation in EXIF data is applied
   */
  ImageDecoder(int channels, long maxPixels, boolean upright) {
    this.channels = channels;
    this.maxPixels = maxPixels;
    this.upright = upright;
  }

  /** Whether the orientation in EXIF data is applied. */
  boolean isUpright() {
    return upright;
  }

  /**
   * Looks at the header.
   *
   * @throws InputFileException if the file is no image, or too large a one
   */
  void check(Path file) {
    requireContent(file);
    try (ImageInputStream stream = ImageIO.createImageInputStream(file.toFile())) {
      if (stream == null) {
        throw unreadable(file, "the file cannot be opened", null);
      }
      ImageReader reader = reader(stream, file);
      reader.dispose();
    } catch (IOException | RuntimeException e) {
      throw asRefusal(file, e);
    }
  }

  /**
   * Decodes a file.
   *
   * @throws InputFileException if it cannot be decoded
   */
  Pixels decode(Path file) {
    requireContent(file);
    try {
      // Never from the file itself: ImageIO reads it in many small steps.
      byte[] bytes = Files.readAllBytes(file);
      Pixels stored = decode(bytes, file);
      return upright ? Orientation.upright(stored, Orientation.of(bytes)) : stored;
    } catch (IOException | RuntimeException e) {
      throw asRefusal(file, e);
    }
  }

  private Pixels decode(byte[] bytes, Path file) throws IOException {
    try (ImageInputStream stream =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
      ImageReader reader = reader(stream, file);
      try {
        return pixels(picture(reader));
      } finally {
        reader.dispose();
      }
    }
  }

  private static void requireContent(Path file) {
    try {
      long size = Files.size(file);
      if (size == 0) {
        throw InputFileException.of(FileProblem.EMPTY, file)
            .what("the file is empty")
            .next(BrokenFiles.NEXT)
            .build();
      }
      if (size > MAX_FILE) {
        throw InputFileException.of(DataProblem.IMAGE_TOO_LARGE, file)
            .what("the file is larger than any image that is read")
            .expected("at most " + MAX_FILE + " bytes")
            .actual(size + " bytes")
            .next(BrokenFiles.NEXT)
            .build();
      }
    } catch (IOException e) {
      throw asRefusal(file, e);
    }
  }

  /** The reader that takes the stream, after a look at the picture's size. */
  private ImageReader reader(ImageInputStream stream, Path file) throws IOException {
    Iterator<ImageReader> readers = ImageIO.getImageReaders(stream);
    if (!readers.hasNext()) {
      throw InputFileException.of(DataProblem.IMAGE_UNREADABLE, file)
          .what("this is not an image that can be read")
          .expected("PNG, JPEG, BMP, GIF or WebP")
          .actual("a file that begins with " + start(file))
          .next(BrokenFiles.NEXT)
          .build();
    }
    ImageReader reader = readers.next();
    if (reader.getFormatName().equalsIgnoreCase("webp")) {
      requireWholeWebp(file);
    }
    reader.setInput(stream, true, true);
    long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
    if (pixels > maxPixels) {
      throw InputFileException.of(DataProblem.IMAGE_TOO_LARGE, file)
          .what("the image has more pixels than are decoded")
          .expected("at most " + maxPixels)
          .actual(reader.getWidth(0) + " x " + reader.getHeight(0))
          .next("reduce it, or leave out such files with --skip-broken")
          .build();
    }
    if (reader.getFormatName().equalsIgnoreCase("jpeg")
        && pixels / JPEG_PIXELS_A_BYTE > Files.size(file)) {
      throw new IOException(
          reader.getWidth(0)
              + " x "
              + reader.getHeight(0)
              + " pixels cannot be in "
              + Files.size(file)
              + " bytes");
    }
    return reader;
  }

  /** The reader fills up a WebP file that ends too early, and does not say so. */
  private static void requireWholeWebp(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      // "RIFF", then the number of bytes that follow.
      ByteBuffer riff = ByteBuffer.wrap(in.readNBytes(8)).order(ByteOrder.LITTLE_ENDIAN);
      long announced = 8 + (riff.getInt(4) & 0xffffffffL);
      if (Files.size(file) < announced) {
        throw new IOException(
            "the file has " + Files.size(file) + " bytes of the " + announced + " it announces");
      }
    }
  }

  private static String start(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(START);
      String text = new String(bytes, StandardCharsets.ISO_8859_1);
      if (text.startsWith("version https://git-lfs.")) {
        return "a Git LFS pointer: run git lfs pull";
      }
      StringBuilder hex = new StringBuilder();
      for (int i = 0; i < Math.min(4, bytes.length); i++) {
        hex.append(i == 0 ? "" : " ").append(String.format(Locale.ROOT, "%02x", bytes[i]));
      }
      return hex.toString();
    }
  }

  private static BufferedImage picture(ImageReader reader) throws IOException {
    AtomicReference<String> cut = new AtomicReference<>();
    // A JPEG that ends too early is filled up with gray, and that is only a warning.
    reader.addIIOReadWarningListener(
        (source, warning) -> {
          String text = warning.toLowerCase(Locale.ROOT);
          if (text.contains("premature") || text.contains("truncated") || text.contains("eoi")) {
            cut.set(warning);
          }
        });
    BufferedImage picture = reader.read(0);
    if (cut.get() != null) {
      throw new IOException(cut.get());
    }
    return picture;
  }

  private static InputFileException asRefusal(Path file, Exception e) {
    if (e instanceof InputFileException refusal) {
      return refusal;
    }
    String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return unreadable(file, reason, e);
  }

  private static InputFileException unreadable(Path file, String reason, Exception cause) {
    return InputFileException.of(DataProblem.IMAGE_UNREADABLE, file)
        .what("the image is damaged or of an unusual kind")
        .actual(reason)
        .next(BrokenFiles.NEXT)
        .cause(cause)
        .build();
  }

  private Pixels pixels(BufferedImage picture) {
    int width = picture.getWidth();
    int height = picture.getHeight();
    byte[] bytes = new byte[Math.multiplyExact(Math.multiplyExact(width, height), channels)];
    Raster raster = picture.getRaster();
    ColorModel colors = picture.getColorModel();
    int[] samples = new int[width * raster.getNumBands()];
    for (int y = 0, at = 0; y < height; y++, at += width * channels) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, samples);
      if (colors instanceof IndexColorModel palette) {
        for (int x = 0; x < width; x++) {
          int rgb = palette.getRGB(samples[x]);
          put(bytes, at + x * channels, rgb >> 16 & 0xff, rgb >> 8 & 0xff, rgb & 0xff);
        }
      } else {
        putRow(bytes, at, samples, raster, colors);
      }
    }
    return new Pixels(width, height, channels, bytes);
  }

  private void putRow(byte[] bytes, int at, int[] samples, Raster raster, ColorModel colors) {
    int bands = raster.getNumBands();
    boolean gray = colors.getNumColorComponents() == 1;
    int second = gray ? 0 : 1;
    int third = gray ? 0 : 2;
    int bits0 = raster.getSampleModel().getSampleSize(0);
    int bits1 = raster.getSampleModel().getSampleSize(second);
    int bits2 = raster.getSampleModel().getSampleSize(third);
    for (int x = 0, in = 0; in < samples.length; x++, in += bands) {
      put(
          bytes,
          at + x * channels,
          eightBits(samples[in], bits0),
          eightBits(samples[in + second], bits1),
          eightBits(samples[in + third], bits2));
    }
  }

  private static int eightBits(int sample, int bits) {
    if (bits == 8) {
      return sample;
    }
    return bits > 8 ? sample >> (bits - 8) : sample * 255 / ((1 << bits) - 1);
  }

  private void put(byte[] bytes, int at, int red, int green, int blue) {
    if (channels == 3) {
      bytes[at] = (byte) red;
      bytes[at + 1] = (byte) green;
      bytes[at + 2] = (byte) blue;
    } else {
      // Weights of 16 bits that add up to one, so that gray stays as it is.
      bytes[at] = (byte) ((19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16);
    }
  }
}
