package org.canbridge.tensors.pickle;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Problem;

/**
 * The bytes of a pickle, read in small steps from a part of a file. A length that the pickle claims
 * is compared with what is left before anything is allocated for it.
 */
public final class PickleInput {
  /** Longest pickle that is read; those of the largest published checkpoints have some MB. */
  public static final int MAX_BYTES = 1 << 26;

  private static final int CHUNK = 1 << 13;

  private final FileSource source;
  private final String record;
  private final long start;
  private final long end;
  private long at;
  private byte[] chunk = new byte[0];
  private long chunkStart;

  /**
   * A part of a file.
   *
   * @param record the zip entry that holds the pickle, for messages; null if it is the file itself
   * @param start first byte of the part
   * @param end the byte after it
   */
  public PickleInput(FileSource source, String record, long start, long end) {
    this.source = source;
    this.record = record;
    this.start = start;
    this.end = end;
    this.at = start;
  }

  /** Offset of the next byte from the start of the part. */
  public long at() {
    return at - start;
  }

  /** One byte, 0 to 255. */
  int u1() {
    long inChunk = at - chunkStart;
    if (inChunk < 0 || inChunk >= chunk.length) {
      require(1);
      chunk = source.read(at, (int) Math.min(CHUNK, end - at)).array();
      chunkStart = at;
      inChunk = 0;
    }
    at++;
    return chunk[(int) inChunk] & 0xff;
  }

  /** Two bytes, little-endian, unsigned. */
  int u2() {
    return u1() | u1() << 8;
  }

  /** Four bytes, little-endian, signed. */
  int i4() {
    return u2() | u2() << 16;
  }

  /** Four bytes, little-endian, unsigned. */
  long u4() {
    return i4() & 0xffffffffL;
  }

  /** Eight bytes, little-endian. */
  long i8() {
    return u4() | u4() << 32;
  }

  /** A double in eight bytes, the most significant first. */
  double f8() {
    return Double.longBitsToDouble(Long.reverseBytes(i8()));
  }

  /** That many bytes; a negative length is an unsigned one past any file. */
  byte[] bytes(long length) {
    require(length);
    byte[] bytes = source.read(at, (int) length).array();
    at += length;
    return bytes;
  }

  /** That many bytes of UTF-8. */
  String text(long length) {
    long begin = at();
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes(length))).toString();
    } catch (CharacterCodingException e) {
      throw malformed("a string is not UTF-8", begin);
    }
  }

  /** Text up to a line feed, which is left out. */
  String line() {
    StringBuilder line = new StringBuilder();
    for (int c = u1(); c != '\n'; c = u1()) {
      line.append((char) c);
    }
    return line.toString();
  }

  private void require(long length) {
    if (length < 0 || length > end - at) {
      throw refusal(FileProblem.TRUNCATED, at())
          .what("the pickle ends in the middle of a value")
          .next("download the file again")
          .build();
    }
    if (at + length - start > MAX_BYTES) {
      throw refusal(PickleProblem.LIMIT, at())
          .what("the pickle is longer than that of any checkpoint")
          .expected("at most " + MAX_BYTES + " bytes")
          .next("load the file in PyTorch and save its state dict alone")
          .build();
    }
  }

  /** Starts a message about the instruction at {@code offset}. */
  public InputFileException.Builder refusal(Problem problem, long offset) {
    String where = "byte " + offset + (record == null ? "" : " of " + record);
    return InputFileException.of(problem, source.path()).key(where);
  }

  /** The instructions make no sense. */
  public InputFileException malformed(String what, long offset) {
    return refusal(PickleProblem.MALFORMED, offset)
        .what(what)
        .next("the file is damaged or forged: get it again from its source")
        .build();
  }
}
