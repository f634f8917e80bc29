package org.canbridge.tensors.files;

import java.nio.file.Path;

/**
 * The checksum that a file has of a stretch of its bytes.
 *
 * @param file which
 * @param begin the first byte
 * @param bytes how many
 * @param crc32 what their CRC-32 should be
 * @param damage what is to be said if it is another
 */
public record Checksum(Path file, long begin, long bytes, int crc32, String damage) {

  /** The same, and more to be said. */
  public Checksum withDamage(String said) {
    return new Checksum(file, begin, bytes, crc32, said);
  }

  long end() {
    return begin + bytes;
  }
}
