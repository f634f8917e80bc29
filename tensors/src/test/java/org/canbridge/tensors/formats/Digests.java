package org.canbridge.tensors.formats;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.canbridge.tensors.TensorData;

/** SHA-256 of tensors and files. */
public final class Digests {
  private Digests() {}

  public static String sha256(TensorData tensor) {
    MessageDigest digest = digest();
    try {
      tensor.writeTo(
          new WritableByteChannel() {
            @Override
            public int write(ByteBuffer source) {
              int count = source.remaining();
              digest.update(source);
              return count;
            }

            @Override
            public boolean isOpen() {
              return true;
            }

            @Override
            public void close() {}
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  public static String sha256(byte[] bytes) {
    return HexFormat.of().formatHex(digest().digest(bytes));
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
