package org.canbridge.tensors.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class JsonFieldsTest {
  private static final Map<String, Function<JsonFields, Optional<?>>> READERS = new TreeMap<>();

  static {
    READERS.put("text", fields -> fields.text("x"));
    READERS.put("word", fields -> fields.word("x", List.of("a", "b")));
    READERS.put("parsed", fields -> fields.parsed("x", JsonFieldsTest::refuse));
    READERS.put("integer", fields -> fields.integer("x", 1, 9));
    READERS.put("seed", fields -> fields.whole("x", Long.MIN_VALUE, Long.MAX_VALUE));
    READERS.put("number", fields -> fields.number("x"));
    READERS.put("positive", fields -> fields.positive("x"));
    READERS.put("share", fields -> fields.number("x", 0, 1));
    READERS.put("flag", fields -> fields.flag("x"));
    READERS.put("texts", fields -> fields.texts("x", 0));
    READERS.put("some", fields -> fields.texts("x", 1));
    READERS.put("integers", fields -> fields.integers("x", 0, 9));
    READERS.put("object", fields -> fields.object("x"));
    READERS.put("each", fields -> fields.each("x"));
    READERS.put("any", fields -> fields.any("x"));
  }

  private static String refuse(String text) {
    throw new IllegalArgumentException("not " + text);
  }

  private static JsonFields fields(String path, String json) throws IOException {
    return JsonFields.of(path, (ObjectNode) Json.parse(json.getBytes(StandardCharsets.UTF_8)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "text | 7 | a text",
        "word | \"c\" | one of [a, b]",
        "parsed | \"c\" | another value: not c",
        "integer | 0 | a whole number from 1 to 9",
        "integer | 1.0 | a whole number from 1 to 9",
        "integer | 99999999999999999999 | a whole number from 1 to 9",
        "seed | \"1\" | a whole number",
        "number | null | a number",
        "number | 1e999 | a number",
        "positive | 0 | a positive number",
        "share | 1.5 | a number from 0.0 to 1.0",
        "flag | 1 | true or false",
        "texts | [\"a\",1] | a list of texts",
        "some | [] | a list that is not empty",
        "integers | [1,10] | a list of whole numbers from 0 to 9",
        "object | [] | an object",
        "each | [1] | a list of objects",
      })
  void aWrongValueIsNamed(String reader, String value, String expected) throws IOException {
    JsonFields fields = fields("in", "{\"x\": " + value + "}");

    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> READERS.get(reader).apply(fields));

    String actual = value.equals("1e999") ? "\"Infinity\"" : value;
    assertEquals(
        "in.x must be " + expected + ", is ",
        refusal.getMessage().substring(0, refusal.getMessage().length() - actual.length()));
  }

  @Test
  void whatIsNotThereIsEmpty() throws IOException {
    JsonFields fields = fields("", "{}");

    READERS.forEach((name, reader) -> assertEquals(Optional.empty(), reader.apply(fields), name));
  }

  @Test
  void whatMustBeThereIsMissed() throws IOException {
    JsonFields fields = fields("", "{\"list\": [{}, {}]}");
    JsonFields second = fields.each("list").orElseThrow().get(1);

    assertEquals(
        "list[1].name is missing",
        assertThrows(
                IllegalArgumentException.class, () -> second.required("name", second.text("name")))
            .getMessage());
  }

  @Test
  void whatNobodyAskedForIsRefused() throws IOException {
    JsonFields fields = fields("", "{\"a\": 1, \"b\": {\"c\": 2}}");
    fields.integer("a", 0, 9);
    JsonFields inner = fields.fields("b").orElseThrow();
    fields.finish();

    assertEquals(List.of("c"), inner.unread());
    assertEquals(
        "b.c is unknown", assertThrows(IllegalArgumentException.class, inner::finish).getMessage());
  }

  @Test
  void theCallerDecidesWhatIsThrown() throws IOException {
    JsonFields fields =
        JsonFields.of(
            "",
            (ObjectNode) Json.parse("{}".getBytes(StandardCharsets.UTF_8)),
            wrong -> new IllegalStateException(wrong.fault() + " " + wrong.expected()));

    assertEquals(
        "MISSING a text",
        assertThrows(
                IllegalStateException.class, () -> fields.required("name", fields.text("name")))
            .getMessage());
  }
}
