package org.canbridge.tensors.files;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DigestsTest {
  private static final int SIZE = 1_000_003;

  @TempDir private Path folder;

  @Test
  void checksumsOfAnyStretchesAreTakenInOnePass() throws IOException {
    byte[] bytes = new byte[SIZE];
    new Random(1).nextBytes(bytes);
    Path file = Files.write(folder.resolve("file"), bytes);
    List<Checksum> right =
        List.of(
            sum(file, bytes, 300_000, 600_000),
            sum(file, bytes, 0, SIZE),
            sum(file, bytes, 299_999, 1),
            sum(file, bytes, SIZE, 0),
            sum(file, bytes, 262_144, 262_144),
            sum(file, bytes, 0, 0));
    Digests.Of read = Digests.file(file, right);
    assertEquals(SIZE, read.bytes());
    MessageDigest whole = Digests.sha256();
    assertEquals(HexFormat.of().formatHex(whole.digest(bytes)), read.sha256());
    assertEquals(List.of(), read.damages());

    bytes[299_999]++;
    bytes[SIZE - 1]++;
    Files.write(file, bytes);
    assertEquals(
        List.of("0+" + SIZE, "299999+1", "262144+262144"), Digests.file(file, right).damages());
  }

  private static Checksum sum(Path file, byte[] bytes, int begin, int length) {
    CRC32 crc = new CRC32();
    crc.update(bytes, begin, length);
    return new Checksum(file, begin, length, (int) crc.getValue(), begin + "+" + length);
  }
}
