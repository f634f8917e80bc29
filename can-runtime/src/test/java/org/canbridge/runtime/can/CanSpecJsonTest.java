package org.canbridge.runtime.can;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;
import org.canbridge.runtime.family.Control;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CanSpecJsonTest {
  private static final String JSON =
      "{\"condition\":\"all\",\"control\":\"keep\",\"method\":\"generate\",\"targets\":[\"dwconv\",\"out_proj\"],"
          + "\"inserted\":[\"blocks.0.mlp.dwconv\"],\"generators\":[{\"name\":\"out_proj.48\",\"target\":[\"blocks.0.attn.proj\","
          + "\"blocks.1.attn.proj\"],\"input_width\":32,\"bias\":true}]}";
  private static final CanSpec SPEC =
      new CanSpec(
          CanCondition.ALL,
          Control.KEEP,
          CanMethod.GENERATE,
          List.of(CanTarget.DWCONV, CanTarget.OUT_PROJ),
          Optional.empty(),
          List.of("blocks.0.mlp.dwconv"),
          List.of(
              new CanSpec.Generator(
                  "out_proj.48",
                  List.of("blocks.0.attn.proj", "blocks.1.attn.proj"),
                  new CanSpec.Linear(32, true))));
  private static final String ALL_OF_IT =
      "{\"condition\":\"class\",\"control\":\"can-only\",\"method\":\"select\",\"targets\":[\"patch_embed\"],"
          + "\"embedder\":{\"width\":16,\"classes\":10},\"inserted\":[],\"removed\":[\"a\"],\"generators\":[{\"name\":\"stem\","
          + "\"target\":[\"stem\"],\"kernels\":4}]}";

  @Test
  void writesAndReadsTheDocumentedForm() throws JsonProcessingException {
    assertEquals(JSON, CanSpecJson.write(SPEC, List.of()).toString());
    assertEquals(SPEC, CanSpecJson.read(parse(JSON)));
  }

  @Test
  void namesThatOccurTwiceAreRefused() throws JsonProcessingException {
    ObjectNode inserted = parse(JSON);
    inserted.withArray("/inserted").add("blocks.0.mlp.dwconv");
    assertEquals(
        "'inserted' names blocks.0.mlp.dwconv twice",
        assertThrows(IllegalArgumentException.class, () -> CanSpecJson.read(inserted))
            .getMessage());
    ObjectNode removed = parse(ALL_OF_IT);
    assertEquals(List.of("a"), CanSpecJson.removed(removed));
    removed.withArray("/removed").add("a");
    assertEquals(
        "'removed' names a twice",
        assertThrows(IllegalArgumentException.class, () -> CanSpecJson.removed(removed))
            .getMessage());
  }

  @Test
  void everyFieldSurvives() throws JsonProcessingException {
    CanSpec spec =
        new CanSpec(
            CanCondition.CLASS,
            Control.CAN_ONLY,
            CanMethod.SELECT,
            List.of(CanTarget.PATCH_EMBED),
            Optional.of(new CanSpec.Embedder(16, 10)),
            List.of(),
            List.of(new CanSpec.Generator("stem", List.of("stem"), new CanSpec.Select(4))));
    assertEquals(ALL_OF_IT, CanSpecJson.write(spec, List.of("a")).toString());
    assertEquals(spec, CanSpecJson.read(parse(ALL_OF_IT)));
    CanSpec low =
        new CanSpec(
            CanCondition.CLASS,
            Control.KEEP,
            CanMethod.GENERATE,
            List.of(CanTarget.QKV),
            Optional.empty(),
            List.of(),
            List.of(new CanSpec.Generator("q", List.of("q"), new CanSpec.LowRank(8, false, 3))));
    assertEquals(low, CanSpecJson.read(CanSpecJson.write(low, List.of())));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"all\"|\"weather\"|unknown condition 'weather'; conditions are time, class, all",
        "\"dwconv\"|\"conv\"|unknown target 'conv'; targets are patch_embed, dwconv, out_proj,"
            + " head, qkv, mlp; did you mean dwconv?",
        "\"keep\"|\"mix\"|'control' must be 'keep' or 'can-only' but is 'mix'",
        "\"generate\"|7|can.method must be a text, is 7",
        "\"generate\"|\"mix\"|unknown method 'mix'; methods are generate, select, static",
        "\"generate\"|\"static\"|generator out_proj.48 is not of the method 'static'",
        "\"generate\"|\"select\"|can.generators[0].kernels is missing",
        "32|\"32\"|can.generators[0].input_width must be a whole number, 1 or more, is" + " \"32\"",
        "32|0|can.generators[0].input_width must be a whole number, 1 or more, is 0",
        "\"bias\"|\"bais\"|can.generators[0].bias is missing",
        "\"inserted\"|\"insert\"|can.inserted is missing",
        "\"inserted\"|\"more\":1,\"inserted\"|can.more is unknown",
        "[\"blocks.0.attn.proj\",\"blocks.1.attn.proj\"]|[]|generator out_proj.48 serves no layer",
        "blocks.1.attn.proj|blocks.0.attn.proj|two generators serve blocks.0.attn.proj"
      })
  void everyWrongFieldIsNamed(String part, String replacement, String message)
      throws JsonProcessingException {
    assertEquals(true, JSON.contains(part));
    ObjectNode node = parse(JSON.replace(part, replacement));
    assertEquals(
        message,
        assertThrows(IllegalArgumentException.class, () -> CanSpecJson.read(node)).getMessage());
  }

  private static ObjectNode parse(String json) throws JsonProcessingException {
    return (ObjectNode) new ObjectMapper().readTree(json);
  }
}
