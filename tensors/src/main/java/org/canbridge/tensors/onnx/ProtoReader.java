package org.canbridge.tensors.onnx;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;

/**
 * Walks the fields of a protocol buffers message in a file. Generated parsers copy every byte of a
 * model onto the heap; this one copies what it is asked for and gives the rest as positions, so
 * that tensors can be mapped.
 *
 * <p>The encoding: a message is a row of fields; a field is a tag (a varint: field number times 8
 * plus wire type) and a value. Wire types: 0 varint (7 bits a byte, least significant first, the
 * top bit set on all bytes but the last), 1 eight bytes, 2 a length as varint and as many bytes, 5
 * four bytes; 3 and 4 (groups) are obsolete and refused. No length is believed beyond the end of
 * the message around it.
 *
 * <p>Source: protobuf.dev, "Encoding".
 */
final class ProtoReader {
  static final int VARINT = 0;
  static final int FIXED64 = 1;
  static final int BYTES = 2;
  static final int FIXED32 = 5;

  private static final int MAX_VARINT = 10;

  /** A range of the file. */
  record Span(long position, long length) {}

  /** The part of the file that is in memory; shared by the readers of one file. */
  private static final class Window {
    private static final int SIZE = 1 << 16;

    final FileSource source;
    private ByteBuffer bytes = ByteBuffer.allocate(0);
    private long start;

    Window(FileSource source) {
      this.source = source;
    }

    byte at(long position) {
      if (position < start || position >= start + bytes.limit()) {
        bytes = source.read(position, (int) Math.min(SIZE, source.size() - position));
        start = position;
      }
      return bytes.get((int) (position - start));
    }
  }

  private final Window window;
  private final long end;
  private long position;
  private int wireType;

  private ProtoReader(Window window, Span span) {
    this.window = window;
    this.position = span.position();
    this.end = span.position() + span.length();
  }

  /** The message that is the whole file. */
  static ProtoReader of(FileSource source) {
    return new ProtoReader(new Window(source), new Span(0, source.size()));
  }

  /** The message that lies in a range of a file. */
  static ProtoReader of(FileSource source, Span span) {
    return new ProtoReader(new Window(source), span);
  }

  FileSource source() {
    return window.source;
  }

  /** Where the next byte is read. */
  long position() {
    return position;
  }

  boolean hasNext() {
    return position < end;
  }

  /** Reads a tag: the number of the field whose value comes next. */
  int nextField() {
    long start = position;
    long tag = rawVarint();
    long field = tag >>> 3;
    wireType = (int) (tag & 7);
    boolean known =
        wireType == VARINT || wireType == FIXED64 || wireType == BYTES || wireType == FIXED32;
    if (field < 1 || field > 0x1fff_ffff || !known) {
      throw malformed("an impossible tag, " + tag, start);
    }
    return (int) field;
  }

  /** The wire type of the value that comes next. */
  int wireType() {
    return wireType;
  }

  /** The value, which must be a varint. */
  long varint() {
    require(VARINT);
    return rawVarint();
  }

  /** A varint without a tag, inside a packed field. */
  long rawVarint() {
    long value = 0;
    for (int i = 0; i < MAX_VARINT; i++) {
      byte b = next();
      value |= (long) (b & 0x7f) << (7 * i);
      if (b >= 0) {
        return value;
      }
    }
    throw malformed("a number longer than " + MAX_VARINT + " bytes", position);
  }

  /** A little-endian number of {@code bytes} bytes without a tag. */
  long rawFixed(int bytes) {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (next() & 0xffL) << (8 * i);
    }
    return value;
  }

  /** The value, which must have a length; its bytes are passed over. */
  Span span() {
    require(BYTES);
    long start = position;
    long length = rawVarint();
    if (length < 0 || length > end - position) {
      throw cut(Long.toUnsignedString(length), start);
    }
    Span span = new Span(position, length);
    position += length;
    return span;
  }

  /** The value, which must be a message. */
  ProtoReader message() {
    return new ProtoReader(window, span());
  }

  /** The value, whatever it is, without its tag. */
  ProtoReader single() {
    long start = position;
    skip();
    return new ProtoReader(window, new Span(start, position - start));
  }

  /** The value, which must be a text; empty if it has more than {@code most} bytes. */
  String textUpTo(int most) {
    Span span = span();
    return span.length() > most ? "" : decode(span);
  }

  /** The value, which must be a text of at most {@code most} bytes. */
  String text(int most) {
    Span span = span();
    if (span.length() > most) {
      throw malformed("a text of " + span.length() + " bytes; the most is " + most, span.position);
    }
    return decode(span);
  }

  private String decode(Span span) {
    ByteBuffer bytes = window.source.read(span.position(), (int) span.length());
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw malformed("a text that is not UTF-8", span.position());
    }
  }

  /** Passes over the value. */
  void skip() {
    switch (wireType) {
      case VARINT -> rawVarint();
      case FIXED64 -> skipFixed(8);
      case BYTES -> span();
      default -> skipFixed(4);
    }
  }

  private void skipFixed(int bytes) {
    if (bytes > end - position) {
      throw cut(Integer.toString(bytes), position);
    }
    position += bytes;
  }

  private void require(int expected) {
    if (wireType != expected) {
      throw malformed("wire type " + wireType + " where " + expected + " belongs", position);
    }
  }

  private byte next() {
    if (position >= end) {
      throw cut("1", position);
    }
    return window.at(position++);
  }

  private InputFileException cut(String bytes, long at) {
    if (end < window.source.size()) {
      return malformed(bytes + " bytes where " + (end - position) + " are left", at);
    }
    return InputFileException.of(FileProblem.TRUNCATED, window.source.path())
        .key("byte " + at)
        .what("the file ends inside a field")
        .expected(bytes + " bytes")
        .actual(end - position + " bytes")
        .next("download it again")
        .build();
  }

  InputFileException malformed(String actual, long at) {
    return InputFileException.of(OnnxProblem.MALFORMED, window.source.path())
        .key("byte " + at)
        .what("this is not a well-formed ONNX model")
        .actual(actual)
        .next("the file is damaged or forged: get it again from its source")
        .build();
  }
}
