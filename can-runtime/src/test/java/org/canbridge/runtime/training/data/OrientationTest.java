package org.canbridge.runtime.training.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.canbridge.fixtures.Fixtures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pictures of cameras that were held askew. */
class OrientationTest {
  private static final byte[] NAME = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);

  @TempDir private Path folder;

  /** EXIF data of two tags, the second of which is the orientation. */
  private static byte[] tiff(ByteOrder order, int orientation) {
    ByteBuffer tiff = ByteBuffer.allocate(38).order(order);
    tiff.put((order == ByteOrder.LITTLE_ENDIAN ? "II" : "MM").getBytes(StandardCharsets.US_ASCII));
    tiff.putShort((short) 42).putInt(8).putShort((short) 2);
    tiff.putShort((short) 0x010f).putShort((short) 2).putInt(4).putInt(0x41424344);
    tiff.putShort((short) 0x0112).putShort((short) 3).putInt(1).putShort((short) orientation);
    return tiff.array();
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream joined = new ByteArrayOutputStream();
    Arrays.stream(parts).forEach(joined::writeBytes);
    return joined.toByteArray();
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  private static byte[] image(String name) throws IOException {
    return Files.readAllBytes(Fixtures.data("images").resolve(name));
  }

  /** The image with a segment behind its first two bytes. */
  private static byte[] jpeg(ByteOrder order, int orientation) throws IOException {
    byte[] image = image("color.jpg");
    byte[] exif = join(NAME, tiff(order, orientation));
    return join(
        Arrays.copyOf(image, 2),
        bytes(0xff, 0xe1, 0, exif.length + 2),
        exif,
        Arrays.copyOfRange(image, 2, image.length));
  }

  /** A chunk behind the header of a PNG or of a WebP file; readers of the tag need no checksum. */
  private static byte[] chunk(String image, int at, byte[] chunk) throws IOException {
    byte[] whole = image(image);
    return join(Arrays.copyOf(whole, at), chunk, Arrays.copyOfRange(whole, at, whole.length));
  }

  @Test
  void isReadFromEachFormat() throws IOException {
    for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
      assertEquals(6, Orientation.of(jpeg(order, 6)));
      byte[] tiff = tiff(order, 3);
      byte[] png = join(bytes(0, 0, 0, tiff.length), "eXIf".getBytes(StandardCharsets.US_ASCII));
      assertEquals(3, Orientation.of(chunk("photo.png", 33, join(png, tiff, new byte[4]))));
      byte[] riff = join("EXIF".getBytes(StandardCharsets.US_ASCII), bytes(tiff.length, 0, 0, 0));
      assertEquals(3, Orientation.of(chunk("lossless.webp", 12, join(riff, tiff))));
    }
    for (String plain : new String[] {"color.jpg", "photo.png", "lossless.webp", "small.bmp"}) {
      assertEquals(Orientation.UPRIGHT, Orientation.of(image(plain)));
    }
    assertEquals(Orientation.UPRIGHT, Orientation.of(jpeg(ByteOrder.LITTLE_ENDIAN, 9)));
  }

  @Test
  void damagedDataCountAsUpright() throws IOException {
    Random random = new Random(1);
    for (int i = 0; i < 2000; i++) {
      byte[] file = Arrays.copyOf(jpeg(ByteOrder.BIG_ENDIAN, 6), 2 + random.nextInt(80));
      file[random.nextInt(file.length)] = (byte) random.nextInt();
      int found = Orientation.of(file);
      assertEquals(found, Math.max(1, Math.min(8, found)));
    }
  }

  /** Two columns and three rows: ab, cd, ef. */
  @ParameterizedTest
  @CsvSource({
    "1, ab/cd/ef",
    "2, ba/dc/fe",
    "3, fe/dc/ba",
    "4, ef/cd/ab",
    "5, ace/bdf",
    "6, eca/fdb",
    "7, fdb/eca",
    "8, bdf/ace"
  })
  void turnsPictures(int orientation, String rows) {
    byte[] letters = "abcdef".getBytes(StandardCharsets.US_ASCII);
    Pixels turned = Orientation.upright(new Pixels(2, 3, 1, letters), orientation);
    String text = new String(turned.bytes(), StandardCharsets.US_ASCII);
    assertEquals(rows.replace("/", ""), text);
    assertEquals(rows.indexOf('/'), turned.width());
    assertEquals(6, turned.width() * turned.height());
  }

  @Test
  void picturesAreTurnedUnlessToldOtherwise() throws IOException {
    Path file = Files.write(folder.resolve("a.jpg"), jpeg(ByteOrder.BIG_ENDIAN, 6));
    Pixels stored = new ImageDecoder(3, 1 << 20, false).decode(file);
    Pixels upright = new ImageDecoder(3, 1 << 20, true).decode(file);
    assertEquals(stored.height(), upright.width());
    int last = 3 * stored.width() * (stored.height() - 1);
    assertEquals(stored.bytes()[last], upright.bytes()[0]);
    Pixels plain =
        new ImageDecoder(3, 1 << 20, true).decode(Fixtures.data("images").resolve("color.jpg"));
    assertEquals(plain.width(), stored.width());
  }
}
