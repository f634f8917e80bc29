package org.canbridge.runtime.training.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * How a picture has to be turned to stand upright: the tag Orientation that cameras write into the
 * EXIF data of JPEG, PNG ({@code eXIf}) and WebP ({@code EXIF}) files. Whatever is damaged or not
 * there counts as upright.
 *
 * <p>Source: CIPA DC-008 (Exif 2.32), 4.6.4 A, tag 274; TIFF 6.0, section 2.
 */
final class Orientation {
  /** As it is stored. */
  static final int UPRIGHT = 1;

  private static final int TAG = 0x0112;
  private static final int SHORT = 3;
  private static final String EXIF = "Exif\0\0";
  private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G'};

  private Orientation() {}

  /** The value in a file, 1 to 8. */
  static int of(byte[] file) {
    ByteBuffer bytes = ByteBuffer.wrap(file);
    if (file.length > 12 && (bytes.getShort(0) & 0xffff) == 0xffd8) {
      return ofJpeg(bytes);
    }
    if (file.length > 12 && bytes.getInt(0) == ByteBuffer.wrap(PNG).getInt()) {
      return ofChunks(bytes, 8, "eXIf", false);
    }
    if (file.length > 12 && text(bytes, 0, 4).equals("RIFF")) {
      return ofChunks(bytes.order(ByteOrder.LITTLE_ENDIAN), 12, "EXIF", true);
    }
    return UPRIGHT;
  }

  /** Segments up to the picture itself: 0xff, kind, length of the rest. */
  private static int ofJpeg(ByteBuffer bytes) {
    int at = 2;
    while (at + 4 <= bytes.limit() && bytes.get(at) == (byte) 0xff) {
      int kind = bytes.get(at + 1) & 0xff;
      int length = bytes.getShort(at + 2) & 0xffff;
      if (kind == 0xda || length < 2) {
        break;
      }
      if (kind == 0xe1 && text(bytes, at + 4, EXIF.length()).equals(EXIF)) {
        return ofTiff(bytes, at + 4 + EXIF.length());
      }
      at += 2 + length;
    }
    return UPRIGHT;
  }

  /** Chunks of PNG (length, kind, data, checksum) or RIFF (kind, length, data to an even end). */
  private static int ofChunks(ByteBuffer bytes, int begin, String wanted, boolean riff) {
    long at = begin;
    while (at + 8 <= bytes.limit()) {
      int here = (int) at;
      String kind = text(bytes, riff ? here : here + 4, 4);
      long length = bytes.getInt(riff ? here + 4 : here) & 0xffffffffL;
      if (kind.equals(wanted)) {
        boolean named = text(bytes, here + 8, EXIF.length()).equals(EXIF);
        return ofTiff(bytes, here + 8 + (named ? EXIF.length() : 0));
      }
      at += 8 + length + (riff ? length & 1 : 4);
    }
    return UPRIGHT;
  }

  /** The first directory of a TIFF structure, whose offsets count from its begin. */
  private static int ofTiff(ByteBuffer bytes, int begin) {
    if (begin > bytes.limit()) {
      return UPRIGHT;
    }
    ByteBuffer tiff = bytes.slice(begin, bytes.limit() - begin);
    String order = text(tiff, 0, 2);
    tiff.order(order.equals("II") ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    long directory = tiff.limit() < 8 ? -1 : tiff.getInt(4) & 0xffffffffL;
    if (!(order.equals("II") || order.equals("MM"))
        || directory < 0
        || directory + 2 > tiff.limit()) {
      return UPRIGHT;
    }
    int entries = tiff.getShort((int) directory) & 0xffff;
    for (long at = directory + 2; entries > 0 && at + 12 <= tiff.limit(); at += 12, entries--) {
      int here = (int) at;
      if ((tiff.getShort(here) & 0xffff) == TAG && tiff.getShort(here + 2) == SHORT) {
        int value = tiff.getShort(here + 8);
        return value >= 1 && value <= 8 ? value : UPRIGHT;
      }
    }
    return UPRIGHT;
  }

  private static String text(ByteBuffer bytes, int at, int length) {
    int end = Math.min(bytes.limit(), at + length);
    byte[] text = new byte[Math.max(0, end - at)];
    for (int i = 0; i < text.length; i++) {
      text[i] = bytes.get(at + i);
    }
    return new String(text, StandardCharsets.ISO_8859_1);
  }

  /** The picture turned and mirrored so that it stands upright. */
  static Pixels upright(Pixels stored, int orientation) {
    if (orientation == UPRIGHT) {
      return stored;
    }
    boolean turned = orientation >= 5;
    int width = turned ? stored.height() : stored.width();
    int height = turned ? stored.width() : stored.height();
    // Orientations 2, 3, 7 and 8 count the stored columns from the right, 3, 4, 6 and 7 the rows
    // from below.
    boolean right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    boolean below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    int channels = stored.channels();
    byte[] bytes = new byte[stored.bytes().length];
    for (int y = 0, to = 0; y < height; y++) {
      for (int x = 0; x < width; x++, to += channels) {
        int column = turned ? y : x;
        int row = turned ? x : y;
        int from =
            (below ? stored.height() - 1 - row : row) * stored.width()
                + (right ? stored.width() - 1 - column : column);
        System.arraycopy(stored.bytes(), from * channels, bytes, to, channels);
      }
    }
    return new Pixels(width, height, channels, bytes);
  }
}
