package org.canbridge.tensors.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.FileTensor;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorProblem;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;

/**
 * The checked header of a safetensors file; {@link SafetensorsFile} describes the format.
 *
 * <p>It is read as a stream of tokens into the entries, never as a tree, and each entry is checked
 * as it is read; the layout of the data is checked when all entries are known.
 */
final class SafetensorsHeader {
  /** Longest header that is read, the limit of the reference implementation. */
  static final int MAX_BYTES = 100_000_000;

  static final String METADATA = "__metadata__";
  static final int LENGTH_BYTES = 8;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNameLength(MAX_BYTES)
                  .maxStringLength(MAX_BYTES)
                  .build())
          // Names come from the file: they have no place in tables that outlive it.
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .build();

  private record Entry(String name, TensorType type, long begin, long end) {}

  private final FileSource source;
  private final long dataStart;
  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<String, Object> metadata = new LinkedHashMap<>();
  private boolean metadataSeen;

  private SafetensorsHeader(FileSource source, long dataStart) {
    this.source = source;
    this.dataStart = dataStart;
  }

  /** Reads and checks the header. */
  static SafetensorsHeader read(FileSource source) {
    int length = length(source);
    byte[] json = source.read(LENGTH_BYTES, length).array();
    SafetensorsHeader header = new SafetensorsHeader(source, LENGTH_BYTES + (long) length);
    if (length == 0 || json[0] != '{') {
      throw header.notJson("the header does not start with '{'", null);
    }
    header.parse(json);
    header.checkLayout();
    return header;
  }

  /** The tensors in the header's order. */
  Map<String, FileTensor> tensors(FileSource from) {
    Map<String, FileTensor> tensors = new LinkedHashMap<>();
    entries.forEach(
        (name, entry) ->
            tensors.put(name, new FileTensor(from, dataStart + entry.begin, entry.type)));
    return tensors;
  }

  /** The entries of {@code __metadata__}, all strings. */
  Map<String, Object> metadata() {
    return metadata;
  }

  private static int length(FileSource source) {
    if (source.size() < LENGTH_BYTES) {
      throw InputFileException.of(FileProblem.TRUNCATED, source.path())
          .what("the file ends before the length of its header")
          .expected("at least " + LENGTH_BYTES + " bytes")
          .actual(source.size() + " bytes")
          .next("download it again")
          .build();
    }
    ByteBuffer buffer = source.read(0, LENGTH_BYTES);
    long length = buffer.getLong();
    if (Long.compareUnsigned(length, MAX_BYTES) > 0) {
      throw InputFileException.of(TensorProblem.HEADER_TOO_LARGE, source.path())
          .what("the header is longer than safetensors allows")
          .expected("at most " + MAX_BYTES + " bytes")
          .actual(Long.toUnsignedString(length) + " bytes")
          .next("check that this is a safetensors file; its first 8 bytes are no header length")
          .build();
    }
    if (length > source.size() - LENGTH_BYTES) {
      throw InputFileException.of(FileProblem.TRUNCATED, source.path())
          .what("the file ends inside its header")
          .expected("a header of " + length + " bytes")
          .actual(source.size() - LENGTH_BYTES + " bytes after its length")
          .next("download it again")
          .build();
    }
    return (int) length;
  }

  private void parse(byte[] json) {
    // A Reader, because from bytes Jackson would also accept UTF-16 and UTF-32.
    InputStreamReader utf8 =
        new InputStreamReader(
            new ByteArrayInputStream(json),
            StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT));
    try (JsonParser parser = JSON.createParser(utf8)) {
      parser.nextToken();
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        parser.nextToken();
        if (name.equals(METADATA)) {
          readMetadata(parser);
        } else {
          Entry entry = readEntry(parser, name);
          if (entries.put(name, entry) != null) {
            throw duplicate("the header names a tensor twice", name);
          }
          if (entries.size() > TensorFile.MAX_TENSORS) {
            throw TensorProblem.tooMany(source.path());
          }
        }
      }
      if (parser.nextToken() != null) {
        throw notJson("something follows the header's JSON object", null);
      }
    } catch (JsonProcessingException e) {
      throw notJson(e.getOriginalMessage().lines().findFirst().orElse("not JSON"), e);
    } catch (CharacterCodingException e) {
      throw notJson("the header is not UTF-8", e);
    } catch (IOException e) {
      throw new IllegalStateException("reading from memory", e);
    }
  }

  private void readMetadata(JsonParser parser) throws IOException {
    if (metadataSeen) {
      throw duplicate("the header has its metadata twice", METADATA);
    }
    metadataSeen = true;
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw badMetadata(METADATA, parser.currentToken());
    }
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw badMetadata(METADATA + "." + name, parser.currentToken());
      }
      if (metadata.put(name, parser.getText()) != null) {
        throw duplicate("the metadata has a name twice", METADATA + "." + name);
      }
    }
  }

  private Entry readEntry(JsonParser parser, String name) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw badEntry(name, "an object with dtype, shape and data_offsets", parser.currentToken());
    }
    DType dtype = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String field = parser.currentName();
      parser.nextToken();
      boolean twice;
      switch (field) {
        case "dtype" -> {
          twice = dtype != null;
          dtype = readDtype(parser, name);
        }
        case "shape" -> {
          twice = shape != null;
          shape = readIntegers(parser, name, field, TensorType.MAX_RANK);
        }
        case "data_offsets" -> {
          twice = offsets != null;
          offsets = readIntegers(parser, name, field, 2);
        }
        default ->
            throw badEntry(name, "only dtype, shape and data_offsets", "a field '" + field + "'");
      }
      if (twice) {
        throw duplicate("a tensor's header entry has a field twice", name + "." + field);
      }
    }
    if (dtype == null || shape == null || offsets == null) {
      String missing = dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets";
      throw badEntry(name, "dtype, shape and data_offsets", "no " + missing);
    }
    return checkedEntry(name, dtype, shape, offsets);
  }

  private Entry checkedEntry(String name, DType dtype, List<Long> shape, List<Long> offsets) {
    TensorType type;
    try {
      type = new TensorType(dtype, shape);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw InputFileException.of(TensorProblem.BAD_SHAPE, source.path())
          .key(name)
          .what("a tensor's shape is impossible")
          .expected("non-negative sizes, fewer than 2^63 bytes in all")
          .actual(dtype + shape.toString())
          .next("the file is damaged or forged: get it again from its source")
          .build();
    }
    if (offsets.size() != 2 || offsets.get(0) < 0 || offsets.get(1) < offsets.get(0)) {
      throw InputFileException.of(SafetensorsProblem.BAD_OFFSETS, source.path())
          .key(name)
          .what("a tensor's data_offsets are impossible")
          .expected("[begin, end] with 0 <= begin <= end")
          .actual(offsets)
          .next("the file is damaged or forged: get it again from its source")
          .build();
    }
    Entry entry = new Entry(name, type, offsets.get(0), offsets.get(1));
    if (entry.end - entry.begin != type.bytes()) {
      throw InputFileException.of(TensorProblem.SIZE_MISMATCH, source.path())
          .key(name)
          .what("a tensor has not as many bytes as its shape needs")
          .expected(type.bytes() + " bytes for " + type)
          .actual(entry.end - entry.begin + " bytes")
          .next("the file is damaged or forged: get it again from its source")
          .build();
    }
    return entry;
  }

  private DType readDtype(JsonParser parser, String name) throws IOException {
    if (parser.currentToken() != JsonToken.VALUE_STRING) {
      throw badEntry(name, "dtype as a string", parser.currentToken());
    }
    String text = parser.getText();
    for (DType dtype : DType.values()) {
      if (dtype.name().equals(text)) {
        return dtype;
      }
    }
    throw InputFileException.of(TensorProblem.UNKNOWN_DTYPE, source.path())
        .key(name)
        .what("a tensor has an element type that is not supported")
        .expected("one of " + List.of(DType.values()))
        .actual(text)
        .next("convert the file to one of these with the tool that wrote it")
        .build();
  }

  private List<Long> readIntegers(JsonParser parser, String name, String field, int most)
      throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw badEntry(name, field + " as an array of integers", parser.currentToken());
    }
    List<Long> numbers = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      boolean integer =
          parser.currentToken() == JsonToken.VALUE_NUMBER_INT
              && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
      if (!integer) {
        throw badEntry(name, field + " as an array of 64-bit integers", parser.getText());
      }
      if (numbers.size() == most) {
        throw badEntry(name, field + " of at most " + most + " numbers", "more");
      }
      numbers.add(parser.getLongValue());
    }
    return numbers;
  }

  /** The tensors must tile the data: sorted by offset, each begins where the last one ended. */
  private void checkLayout() {
    List<Entry> sorted = new ArrayList<>(entries.values());
    sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long available = source.size() - dataStart;
    long needed = sorted.stream().mapToLong(Entry::end).max().orElse(0);
    if (needed > available) {
      throw InputFileException.of(FileProblem.TRUNCATED, source.path())
          .what("the file is shorter than its header says")
          .expected(needed + " bytes of tensors")
          .actual(available + " bytes")
          .next("the download stopped early or was cut: download it again")
          .build();
    }
    long at = 0;
    Entry last = null;
    for (Entry entry : sorted) {
      if (entry.begin != at) {
        boolean overlap = entry.begin < at;
        throw InputFileException.of(
                overlap ? SafetensorsProblem.OVERLAP : SafetensorsProblem.HOLE, source.path())
            .key(entry.name)
            .what(overlap ? "two tensors share bytes" : "bytes before a tensor belong to none")
            .expected("data from offset " + at + (last == null ? "" : ", after " + last.name))
            .actual("offset " + entry.begin)
            .next("the file is damaged or forged: get it again from its source")
            .build();
      }
      at = entry.end;
      last = entry;
    }
    if (at != available) {
      throw InputFileException.of(FileProblem.TRAILING_BYTES, source.path())
          .what("bytes after the last tensor belong to none")
          .expected(at + " bytes of tensors")
          .actual(available + " bytes")
          .next("the file is damaged or forged: get it again from its source")
          .build();
    }
  }

  private InputFileException notJson(String actual, Exception cause) {
    return InputFileException.of(TensorProblem.HEADER_NOT_JSON, source.path())
        .what("the header is not a JSON object")
        .actual(actual)
        .next("check that this is a safetensors file, then get it again from its source")
        .cause(cause)
        .build();
  }

  private InputFileException duplicate(String what, String key) {
    return InputFileException.of(TensorProblem.DUPLICATE_KEY, source.path())
        .key(key)
        .what(what)
        .next("the file is ambiguous: get it again from its source")
        .build();
  }

  private InputFileException badMetadata(String key, JsonToken actual) {
    return InputFileException.of(SafetensorsProblem.BAD_METADATA, source.path())
        .key(key)
        .what("the metadata is not an object of strings")
        .expected(key.equals(METADATA) ? "an object" : "a string")
        .actual(actual)
        .next("write the file again with strings only, e.g. numbers as JSON text")
        .build();
  }

  private InputFileException badEntry(String name, String expected, Object actual) {
    return InputFileException.of(SafetensorsProblem.BAD_HEADER_ENTRY, source.path())
        .key(name)
        .what("a tensor's header entry is not as safetensors defines it")
        .expected(expected)
        .actual(actual)
        .next("the file is damaged or forged: get it again from its source")
        .build();
  }
}
