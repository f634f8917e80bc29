package org.canbridge.runtime.training.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.files.InputFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Decoding and cropping against what Pillow made of the same files (make_training_data.py). */
final class PicturesTest {
  private static final Path IMAGES = Fixtures.data("images");

  private static Pixels decode(String name, int channels) {
    return new ImageDecoder(channels, 1 << 20, true).decode(IMAGES.resolve(name));
  }

  private static void assertSame(Pixels expected, Pixels found) {
    assertEquals(expected.width(), found.width());
    assertEquals(expected.height(), found.height());
    assertArrayEquals(expected.bytes(), found.bytes());
  }

  @ParameterizedTest
  @ValueSource(ints = {8, 24, 38, 64, 100})
  void cropsAreThoseOfPillow(int size) {
    Pixels crop = CenterCrop.of(decode("photo.png", 3), size);
    assertSame(decode("photo-" + size + ".png", 3), crop);
  }

  @Test
  void cropsOfTallAndGrayPicturesAreThoseOfPillow() {
    assertSame(decode("tall-24.png", 3), CenterCrop.of(decode("tall.png", 3), 24));
    assertSame(decode("photo-24-gray.png", 1), CenterCrop.of(decode("photo.png", 1), 24));
  }

  @Test
  void aPictureOfTheRightSizeStaysAsItIs() {
    Pixels small = decode("small.png", 3);
    assertSame(small, CenterCrop.of(small, 32));
  }

  @ParameterizedTest
  @CsvSource({
    "small.bmp, small.png",
    "alpha.png, small.png",
    "lossless.webp, small.png",
    "palette.png, palette-expected.png",
    "gray-alpha.png, gray.png"
  })
  void everyKindOfSampleIsThatOfPillow(String name, String expected) {
    assertSame(decode(expected, 3), decode(name, 3));
    assertSame(decode(expected, 1), decode(name, 1));
  }

  @Test
  void grayIsNotBrightened() {
    Pixels gray = decode("gray.png", 1);
    Pixels colors = decode("small.png", 3);
    for (int i = 0; i < gray.bytes().length; i++) {
      int red = colors.bytes()[3 * i] & 0xff;
      int green = colors.bytes()[3 * i + 1] & 0xff;
      int blue = colors.bytes()[3 * i + 2] & 0xff;
      assertEquals(0.299 * red + 0.587 * green + 0.114 * blue, gray.bytes()[i] & 0xff, 0.51);
    }
  }

  /** Decoders of JPEG differ in the last bits; a wrong colour space would differ by far more. */
  @ParameterizedTest
  @ValueSource(strings = {"color", "progressive", "gray", "cmyk"})
  void jpegIsCloseToPillow(String name) {
    Pixels expected = decode(name + "-jpg-expected.png", 3);
    Pixels found = decode(name + ".jpg", 3);
    long sum = 0;
    for (int i = 0; i < expected.bytes().length; i++) {
      sum += Math.abs((expected.bytes()[i] & 0xff) - (found.bytes()[i] & 0xff));
    }
    double mean = sum / (double) expected.bytes().length;
    assertTrue(mean < 2, "mean difference " + mean);
  }

  /** The reader would fill it up with gray: 507 MiB for 1.4 KB. */
  @Test
  void aJpegCannotClaimMorePixelsThanItsBytesHold(@TempDir Path folder) throws IOException {
    byte[] bytes = Files.readAllBytes(IMAGES.resolve("color.jpg"));
    for (int at = 0; at < bytes.length - 8; at++) {
      if ((bytes[at] & 0xff) == 0xff && (bytes[at + 1] & 0xff) == 0xc0) {
        ByteBuffer.wrap(bytes).putShort(at + 5, (short) 7900).putShort(at + 7, (short) 7900);
      }
    }
    Path file = Files.write(folder.resolve("x.jpg"), bytes);
    InputFileException e =
        assertThrows(
            InputFileException.class, () -> new ImageDecoder(3, 1L << 30, true).decode(file));
    assertEquals(
        """
        the image is damaged or of an unusual kind
          actual: 7900 x 7900 pixels cannot be in %d bytes
          file: %s
          next: %s"""
            .formatted(bytes.length, file, BrokenFiles.NEXT),
        e.getMessage());
  }
}
