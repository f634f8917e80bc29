package org.canbridge.verifiers;

/**
 * The identity of a checkpoint file.
 *
 * @param sha256 64 lower-case hexadecimal digits
 * @param bytes the file's size
 */
public record FileDigest(String sha256, long bytes) {

  /** Checks the form of both. */
  public FileDigest {
    if (!sha256.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException("not a SHA-256 digest: " + sha256);
    }
    if (bytes < 0) {
      throw new IllegalArgumentException("negative size: " + bytes);
    }
  }
}
