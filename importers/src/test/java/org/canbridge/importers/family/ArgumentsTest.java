package org.canbridge.importers.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.canbridge.tensors.files.Json;
import org.junit.jupiter.api.Test;

class ArgumentsTest {
  private static Arguments parse(String json) throws IOException {
    return Arguments.of((ObjectNode) Json.parse(json.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void parsedAndMadeArgumentsAreEqual() throws IOException {
    Arguments made = Arguments.none().with("depth", 3).with("ratio", 4.0).with("bias", true);
    assertEquals(made, parse("{\"depth\": 3, \"ratio\": 4.0, \"bias\": true}"));
    assertEquals(made.hashCode(), parse("{\"depth\":3,\"ratio\":4.0,\"bias\":true}").hashCode());
    assertNotEquals(made, made.with("depth", 4));
    assertEquals(
        parse("{\"widths\": [1, 2]}").get("widths"), parse("{\"widths\": [1, 2]}").get("widths"));
  }

  @Test
  void areImmutable() {
    Arguments three = Arguments.none().with("depth", 3);
    three.toJson().put("depth", 4);
    three.with("depth", 5);
    assertEquals(OptionalLong.of(3), three.integer("depth"));
    assertEquals(List.of(), Arguments.none().names());
  }

  @Test
  void findContradictions() throws IOException {
    Arguments file = parse("{\"depth\": 3, \"ratio\": 2.6875, \"bias\": true, \"name\": \"a\"}");
    assertEquals(Set.of(), file.contradictions(parse("{\"depth\": 3, \"other\": 1}")));
    assertEquals(Set.of(), file.contradictions(parse("{\"ratio\": 2.7}")));
    assertEquals(Set.of(), file.contradictions(parse("{\"depth\": null}")));
    assertEquals(
        Set.of("depth", "ratio", "bias", "name"),
        file.contradictions(parse("{\"depth\": 4, \"ratio\": 2.8, \"bias\": 1, \"name\": \"b\"}")));
    assertTrue(file.includes(parse("{\"depth\": 3}")));
    assertFalse(file.includes(parse("{\"depth\": 3, \"other\": 1}")));
  }

  @Test
  void readingReportsEverythingAtOnce() throws IOException {
    Arguments.Reader reader =
        parse("{\"a\": 0, \"b\": 3.5, \"c\": -1, \"d\": \"yes\", \"e\": 1}").reader();
    reader.integer("a", 1, 9);
    reader.integer("b", 1, 9);
    reader.integer("missing", 1, 9);
    reader.positive("c");
    reader.flag("d");
    assertEquals(
        """
        a must be a whole number from 1 to 9, is 0
        b must be a whole number from 1 to 9, is 3.5
        missing is missing
        c must be a positive number, is -1
        d must be true or false, is "yes"
        e is unknown\
        """,
        assertThrows(IllegalArgumentException.class, reader::finish).getMessage());
  }
}
