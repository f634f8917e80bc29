package org.canbridge.tensors.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;

/** SHA-256, of files read in pieces and of anything else. */
public final class Digests {
  /** Still in the core's own cache when the second checksum is taken of it. */
  private static final int PIECE = 1 << 18;

  private Digests() {}

  /**
   * What reading a whole file tells.
   *
   * @param bytes its size
   * @param sha256 its digest in hexadecimal
   * @param damages what is to be said of checksums that do not fit, in the order they were given
   */
  public record Of(long bytes, String sha256, List<String> damages) {}

  /**
   * Reads a whole file.
   *
   * @throws InputFileException if it cannot be read
   */
  public static Of file(Path file) {
    return file(file, List.of());
  }

  /**
   * Reads a whole file, once.
   *
   * @param checksums of stretches of it, in any order; they may overlap
   * @throws InputFileException if it cannot be read
   */
  public static Of file(Path file, List<Checksum> checksums) {
    MessageDigest digest = sha256();
    List<Check> checks = checksums.stream().map(Check::new).toList();
    List<Check> coming =
        new ArrayList<>(
            checks.stream().sorted(Comparator.comparingLong(check -> -check.of.begin())).toList());
    List<Check> going = new ArrayList<>();
    long bytes = 0;
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer piece = ByteBuffer.allocate(PIECE);
      for (int read = channel.read(piece); read >= 0; read = channel.read(piece)) {
        digest.update(piece.array(), 0, read);
        long end = bytes + read;
        while (!coming.isEmpty() && coming.get(coming.size() - 1).of.begin() < end) {
          going.add(coming.remove(coming.size() - 1));
        }
        for (Check check : going) {
          check.update(bytes, piece.array(), read);
        }
        going.removeIf(check -> check.of.end() <= end);
        bytes = end;
        piece.clear();
      }
    } catch (IOException e) {
      throw InputFileException.of(FileProblem.UNREADABLE, file)
          .what("the file can no longer be read")
          .actual(e)
          .next("check the disk and start again")
          .cause(e)
          .build();
    }
    return new Of(
        bytes,
        HexFormat.of().formatHex(digest.digest()),
        checks.stream().filter(check -> !check.fits()).map(check -> check.of.damage()).toList());
  }

  /** A checksum while the file goes by. */
  private static final class Check {
    private final Checksum of;
    private final CRC32 sum = new CRC32();

    Check(Checksum of) {
      this.of = of;
    }

    void update(long at, byte[] piece, int length) {
      int from = (int) Math.max(0, of.begin() - at);
      int to = (int) Math.min(length, of.end() - at);
      sum.update(piece, from, Math.max(0, to - from));
    }

    boolean fits() {
      return (int) sum.getValue() == of.crc32();
    }
  }

  /** A new digest. */
  public static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
