package org.canbridge.tensors.npy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;

/**
 * The header of a {@code .npy} file, read by a small parser: NumPy evaluates it as a Python
 * expression, here only the dictionary that NumPy writes is taken.
 *
 * @param descr the type, e.g. {@code <f4}
 * @param fortranOrder whether the first index runs fastest
 * @param shape the sizes
 * @param end offset of the byte after the header
 */
record NpyHeader(String descr, boolean fortranOrder, List<Long> shape, long end) {
  /** Longest header; NumPy itself takes no more than this without being told to. */
  static final int MAX_BYTES = 10_000;

  /** Most dimensions of an array in NumPy 1; NumPy 2 has 64. */
  static final int MAX_RANK = 32;

  private static final int PREFIX = 8;
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final List<String> KEYS = List.of("descr", "fortran_order", "shape");

  /**
   * Reads the header.
   *
   * @throws InputFileException if the file has none, or another than NumPy writes
   */
  static NpyHeader read(FileSource source) {
    if (source.size() < PREFIX) {
      throw notNpy(source);
    }
    ByteBuffer prefix = source.read(0, PREFIX);
    for (byte expected : MAGIC) {
      if (prefix.get() != expected) {
        throw notNpy(source);
      }
    }
    int version = prefix.get();
    int minor = prefix.get();
    if (version < 1 || version > 3 || minor != 0) {
      throw InputFileException.of(NpyProblem.MAGIC, source.path())
          .what("the .npy file has a version that is not known")
          .expected("1.0, 2.0 or 3.0")
          .actual((version & 0xff) + "." + (minor & 0xff))
          .next("load it in NumPy and save it again")
          .build();
    }
    int width = version == 1 ? Short.BYTES : Integer.BYTES;
    requireRoom(source, PREFIX + width);
    ByteBuffer number = source.read(PREFIX, width);
    long length = version == 1 ? number.getShort() & 0xffff : number.getInt() & 0xffffffffL;
    if (length > MAX_BYTES) {
      throw InputFileException.of(TensorProblem.HEADER_TOO_LARGE, source.path())
          .what("the header is longer than any that NumPy takes")
          .expected("at most " + MAX_BYTES + " bytes")
          .actual(length + " bytes")
          .next("load the file in NumPy and save its arrays of numbers alone")
          .build();
    }
    long end = PREFIX + width + length;
    requireRoom(source, end);
    ByteBuffer text = source.read(PREFIX + width, (int) length);
    return new Parser(source, StandardCharsets.UTF_8.decode(text).toString()).parse(end);
  }

  private static void requireRoom(FileSource source, long bytes) {
    if (source.size() < bytes) {
      throw InputFileException.of(FileProblem.TRUNCATED, source.path())
          .what("the file ends inside its header")
          .expected("at least " + bytes + " bytes")
          .actual(source.size() + " bytes")
          .next("copy the file again")
          .build();
    }
  }

  private static InputFileException notNpy(FileSource source) {
    return InputFileException.of(NpyProblem.MAGIC, source.path())
        .what("this is not a .npy file")
        .expected("the bytes 93 4e 55 4d 50 59 at its start")
        .next("write it with numpy.save")
        .build();
  }

  /** Walks over the dictionary once. */
  private static final class Parser {
    private final FileSource source;
    private final String text;
    private int at;

    Parser(FileSource source, String text) {
      this.source = source;
      this.text = text;
    }

    NpyHeader parse(long end) {
      Map<String, Object> fields = new HashMap<>();
      expect('{');
      while (!accept('}')) {
        String key = string();
        expect(':');
        Object value =
            switch (key) {
              case "descr" -> string();
              case "fortran_order" -> truth();
              case "shape" -> tuple();
              default -> throw malformed();
            };
        if (fields.put(key, value) != null) {
          throw malformed();
        }
        if (!accept(',') && peek() != '}') {
          throw malformed();
        }
      }
      if (!text.substring(at).isBlank() || !fields.keySet().containsAll(KEYS)) {
        throw malformed();
      }
      @SuppressWarnings("unchecked") // put there by tuple() alone
      List<Long> shape = (List<Long>) fields.get("shape");
      return new NpyHeader(
          (String) fields.get("descr"), (Boolean) fields.get("fortran_order"), shape, end);
    }

    private String string() {
      char quote = peek();
      if (quote != '\'' && quote != '"') {
        throw malformed();
      }
      int close = text.indexOf(quote, at + 1);
      if (close < 0) {
        throw malformed();
      }
      String value = text.substring(at + 1, close);
      at = close + 1;
      return value;
    }

    private boolean truth() {
      peek();
      for (boolean value : new boolean[] {true, false}) {
        String word = value ? "True" : "False";
        if (text.startsWith(word, at)) {
          at += word.length();
          return value;
        }
      }
      throw malformed();
    }

    private List<Long> tuple() {
      List<Long> sizes = new ArrayList<>();
      expect('(');
      while (!accept(')')) {
        sizes.add(number());
        if (sizes.size() > MAX_RANK || (!accept(',') && peek() != ')')) {
          throw malformed();
        }
      }
      return List.copyOf(sizes);
    }

    private long number() {
      peek();
      int begin = at;
      while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
        at++;
      }
      // Past 18 digits a number may not fit a long.
      if (at == begin || at - begin > 18) {
        throw malformed();
      }
      long value = Long.parseLong(text.substring(begin, at));
      // Python 2 wrote its long integers so.
      accept('L');
      return value;
    }

    /** The next character that is no space, not taken. */
    private char peek() {
      while (at < text.length() && text.charAt(at) == ' ') {
        at++;
      }
      if (at == text.length()) {
        throw malformed();
      }
      return text.charAt(at);
    }

    private boolean accept(char c) {
      if (peek() != c) {
        return false;
      }
      at++;
      return true;
    }

    private void expect(char c) {
      if (!accept(c)) {
        throw malformed();
      }
    }

    private InputFileException malformed() {
      return InputFileException.of(NpyProblem.HEADER, source.path())
          .what("the header is not the dictionary that NumPy writes")
          .expected("{'descr': '<f4', 'fortran_order': False, 'shape': (8, 32, 32), }")
          .actual(text.strip())
          .next("load the file in NumPy and save its arrays of numbers alone")
          .build();
    }
  }
}
