package org.canbridge.runtime.training.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.canbridge.tensors.files.Digests;

/**
 * Tells whether a set is the one that a run began with. Files are not hashed: a set may be a
 * terabyte, and how it is read (crop, flips, scale) matters as much as its bytes. Some examples,
 * spread evenly, are read as training would read them; a set that was sorted anew, cropped
 * otherwise or replaced differs in nearly all of them. A change of few examples goes unseen.
 */
public final class DataFingerprint {
  private static final int EXAMPLES = 64;

  private DataFingerprint() {}

  /**
   * SHA-256 over shape, size, and values, labels and text of at most 64 examples; 64 hexadecimal
   * digits.
   *
   * @throws IOException if an example cannot be read
   * @throws org.canbridge.tensors.files.InputFileException if an example's file cannot be used
   */
  public static String of(TrainingSet set) throws IOException {
    MessageDigest digest = Digests.sha256();
    add(digest, set.shape().channels(), set.shape().height(), set.shape().width(), set.size());
    long count = Math.min(EXAMPLES, set.size());
    for (long i = 0; i < count; i++) {
      // The first, the last, and the others at equal distances.
      long index = count == 1 ? 0 : i * (set.size() - 1) / (count - 1);
      Example example = set.read(index, new ExampleRandom(0, 0, index));
      add(digest, example.label());
      add(digest, example.values());
      add(digest, example.text());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void add(MessageDigest digest, long... numbers) {
    ByteBuffer bytes = ByteBuffer.allocate(numbers.length * Long.BYTES);
    bytes.asLongBuffer().put(numbers);
    digest.update(bytes);
  }

  private static void add(MessageDigest digest, float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
    bytes.asFloatBuffer().put(values);
    digest.update(bytes);
  }
}
