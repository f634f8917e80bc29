package org.canbridge.tensors.files;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, of files read in pieces and of anything else. */
public final class Digests {
  private static final int PIECE = 1 << 20;

  private Digests() {}

  /**
   * A file's size and digest.
   *
   * @param bytes its size
   * @param sha256 its digest in hexadecimal
   */
  public record Of(long bytes, String sha256) {}

  /**
   * Reads a whole file.
   *
   * @throws InputFileException if it cannot be read
   */
  public static Of file(Path file) {
    MessageDigest digest = sha256();
    long bytes = 0;
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer piece = ByteBuffer.allocate(PIECE);
      for (int read = channel.read(piece); read >= 0; read = channel.read(piece)) {
        bytes += read;
        digest.update(piece.flip());
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
    return new Of(bytes, HexFormat.of().formatHex(digest.digest()));
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
