package org.canbridge.runtime.can;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
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
          List.of(CanTarget.DWCONV, CanTarget.OUT_PROJ),
          List.of("blocks.0.mlp.dwconv"),
          List.of(
              new CanSpec.Generator(
                  "out_proj.48", List.of("blocks.0.attn.proj", "blocks.1.attn.proj"), 32, true)));

  @Test
  void writesAndReadsTheDocumentedForm() throws JsonProcessingException {
    assertEquals(JSON, CanSpecJson.write(SPEC).toString());
    assertEquals(SPEC, CanSpecJson.read(new ObjectMapper().readTree(JSON)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"all\"|\"weather\"|unknown condition 'weather'; conditions are time, class, all",
        "\"dwconv\"|\"conv\"|unknown target 'conv'; targets are patch_embed, dwconv, out_proj, head, qkv, mlp",
        "\"keep\"|\"mix\"|'control' must be 'keep' but is 'mix'",
        "\"generate\"|7|'method' must be a string but is 7",
        "32|\"32\"|'input_width' must be an integer but is \"32\"",
        "32|0|generator out_proj.48 needs a layer and a positive input width",
        "\"bias\"|\"bais\"|'can.generators[0]' has the unknown field 'bais'",
        "\"inserted\"|\"insert\"|'can' has the unknown field 'insert'",
        "[\"blocks.0.attn.proj\",\"blocks.1.attn.proj\"]|[]|generator out_proj.48 needs a layer and a positive input width",
        "blocks.1.attn.proj|blocks.0.attn.proj|two generators serve blocks.0.attn.proj"
      })
  void everyWrongFieldIsNamed(String part, String replacement, String message)
      throws JsonProcessingException {
    assertEquals(true, JSON.contains(part));
    var node = new ObjectMapper().readTree(JSON.replace(part, replacement));
    assertEquals(
        message,
        assertThrows(IllegalArgumentException.class, () -> CanSpecJson.read(node)).getMessage());
  }
}
