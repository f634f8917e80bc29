package org.canbridge.tensors.files;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** JSON as it is read and written here: strict in, the same bytes on every platform out. */
public final class Json {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** Python's json module writes NaN and Infinity, and so do libraries in Python. */
  private static final JsonMapper PYTHON =
      MAPPER.rebuild().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

  private static final ObjectWriter PRETTY = MAPPER.writer(printer());

  private Json() {}

  public static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /**
   * Parses one value.
   *
   * @throws IOException if the text is no JSON, repeats a name or goes on after the value
   */
  public static JsonNode parse(byte[] text) throws IOException {
    return MAPPER.readTree(text);
  }

  /** Makes the message about a file that holds no JSON object. */
  public interface Refusal {
    /**
     * The message.
     *
     * @param found what the file holds instead
     * @param cause null if the file is JSON
     */
    InputFileException of(String found, Exception cause);
  }

  /**
   * Reads a file that holds one JSON object.
   *
   * @param most the most bytes that are read
   * @throws InputFileException if it cannot be read or, as {@code refusal} says it, holds anything
   *     else
   */
  public static ObjectNode object(Path file, long most, Refusal refusal) {
    return object(MAPPER, file, most, refusal);
  }

  /** As {@link #object}, from a program in Python: numbers may be NaN and infinite. */
  public static ObjectNode pythonObject(Path file, long most, Refusal refusal) {
    return object(PYTHON, file, most, refusal);
  }

  private static ObjectNode object(JsonMapper mapper, Path file, long most, Refusal refusal) {
    try {
      long size = Files.size(file);
      if (size > most) {
        throw refusal.of(size + " bytes, more than " + most, null);
      }
      JsonNode json = mapper.readTree(Files.readAllBytes(file));
      if (json instanceof ObjectNode object) {
        return object;
      }
      throw refusal.of(json.isMissingNode() ? "nothing" : "JSON of another kind", null);
    } catch (JsonProcessingException e) {
      throw refusal.of(e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw InputFileException.unreadable(file, e);
    }
  }

  /**
   * Two spaces a level, lists too, line feeds, no line feed at the end. What a terminal would not
   * show as it is, is escaped.
   */
  public static String pretty(JsonNode json) {
    try {
      return Printable.lines(PRETTY.writeValueAsString(json));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static DefaultPrettyPrinter printer() {
    DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
    return new DefaultPrettyPrinter().withObjectIndenter(indenter).withArrayIndenter(indenter);
  }
}
