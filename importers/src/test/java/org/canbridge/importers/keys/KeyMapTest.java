package org.canbridge.importers.keys;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.canbridge.importers.TestTensors;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.junit.jupiter.api.Test;

/** A small layout that uses every kind of rule. */
class KeyMapTest {
  private static final Dims DIMS = Dims.none().with("D", 4);

  private static final List<KeyRule> STEM =
      List.of(
          KeyRule.copy("table", "[3, D]"),
          KeyRule.rename("old.scale", "scale", "[D]"),
          KeyRule.integers("counter", "counter", "[]"),
          KeyRule.transpose(
              Slot.of("kernel", "[2, D]"), Slot.of("proj.weight", "[D, 2]"), List.of(1, 0)),
          KeyRule.reshape(Slot.of("conv", "[D, 2, 1, 1]"), Slot.of("linear", "[D, 2]")),
          KeyRule.merge(
              Slot.of("shared", "[D]"),
              List.of(Slot.of("copy.0", "[D]"), Slot.of("copy.1", "[D]"))));

  private static final List<KeyRule> BLOCK =
      List.of(
          KeyRule.concat(
              0,
              Slot.of("blocks.{i}.qkv", "[3*D, D]"),
              Slot.of("layers.{i}.q", "[D, D]"),
              Slot.of("layers.{i}.k", "[D, D]"),
              Slot.of("layers.{i}.v", "[D, D]")),
          KeyRule.split(
              0,
              Slot.of("layers.{i}.gate_up", "[5, D]"),
              Slot.of("blocks.{i}.gate", "[2, D]"),
              Slot.of("blocks.{i}.up", "[3, D]")));

  private static KeyMap map(Dims dims) {
    return KeyMap.builder()
        .rules(STEM, dims)
        .each("i", 2, BLOCK, dims)
        .ignore("optimizer.*", "optimizer state")
        .build();
  }

  private static Map<String, TensorData> sources() {
    Map<String, TensorData> tensors = TestTensors.random(map(DIMS).inverse().targets());
    tensors.put("counter", TestTensors.random(5, DType.I64, List.of()));
    tensors.put("copy.1", tensors.get("copy.0"));
    return tensors;
  }

  private static List<String> problems(KeyMapping mapping) {
    return mapping.problems().stream().map(KeyProblem::toString).toList();
  }

  @Test
  void fillsEveryTargetInTheOrderOfTheRules() {
    KeyMapping mapping = map(DIMS).apply(sources());
    assertEquals(List.of(), problems(mapping));
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    mapping.tensors().forEach((name, tensor) -> shapes.put(name, tensor.type().shape()));
    assertEquals(map(DIMS).targets(), shapes);
    assertEquals(
        List.of(
            "table",
            "scale",
            "counter",
            "proj.weight",
            "linear",
            "shared",
            "blocks.0.qkv",
            "blocks.0.gate",
            "blocks.0.up",
            "blocks.1.qkv",
            "blocks.1.gate",
            "blocks.1.up"),
        new ArrayList<>(shapes.keySet()));
    assertEquals(List.of(12L, 4L), shapes.get("blocks.1.qkv"));
  }

  @Test
  void inverseGivesTheSourcesBackByteForByte() {
    Map<String, TensorData> sources = sources();
    KeyMapping back = map(DIMS).inverse().apply(map(DIMS).apply(sources).tensors());
    assertEquals(List.of(), problems(back));
    assertEquals(sources.keySet(), back.tensors().keySet());
    sources.forEach(
        (name, tensor) -> {
          assertEquals(tensor.type(), back.tensors().get(name).type());
          assertArrayEquals(
              TestTensors.bytes(tensor), TestTensors.bytes(back.tensors().get(name)), name);
        });
  }

  @Test
  void tellsTheFateOfEveryKey() {
    Map<String, TensorData> sources = sources();
    sources.put("optimizer.step", TestTensors.random(1, DType.F32, List.of()));
    Map<String, KeyFate.Outcome> fates = new LinkedHashMap<>();
    map(DIMS).apply(sources).fates().forEach(fate -> fates.put(fate.source(), fate.outcome()));
    assertEquals(List.copyOf(sources.keySet()), List.copyOf(fates.keySet()));
    assertEquals(new KeyFate.Mapped(List.of("scale"), "copy"), fates.get("old.scale"));
    assertEquals(new KeyFate.Mapped(List.of("blocks.1.qkv"), "concat"), fates.get("layers.1.k"));
    assertEquals(
        new KeyFate.Mapped(List.of("blocks.0.gate", "blocks.0.up"), "split"),
        fates.get("layers.0.gate_up"));
    assertEquals(new KeyFate.Mapped(List.of("shared"), "merge"), fates.get("copy.1"));
    assertEquals(new KeyFate.Ignored("optimizer state"), fates.get("optimizer.step"));
  }

  @Test
  void reportsEverythingThatDoesNotFitTogether() {
    Map<String, TensorData> sources = sources();
    sources.remove("table");
    sources.remove("layers.1.q");
    sources.put("extra", TestTensors.random(1, DType.BF16, List.of(2L)));
    sources.put("old.scale", TestTensors.random(1, DType.F32, List.of(5L)));
    sources.put("counter", TestTensors.random(1, DType.F32, List.of()));
    sources.put("conv", TestTensors.random(1, DType.I32, List.of(4L, 2L, 1L, 1L)));
    sources.put("layers.0.k", TestTensors.random(1, DType.F16, List.of(4L, 4L)));
    KeyMapping mapping = map(DIMS).apply(sources);
    assertEquals(
        List.of(
            "missing table: [3, 4]",
            "missing layers.1.q: [4, 4]",
            "unexpected extra: BF16[2]",
            "wrong shape old.scale: expected [4], found [5]",
            "wrong type counter: expected integers, found F32",
            "wrong type conv: expected floating point, found I32",
            "wrong type layers.0.k: expected F32 as in layers.0.q, found F16"),
        problems(mapping));
    Map<String, KeyFate.Outcome> fates = new LinkedHashMap<>();
    mapping.fates().forEach(fate -> fates.put(fate.source(), fate.outcome()));
    assertEquals(new KeyFate.Rejected("not part of this layout"), fates.get("extra"));
    assertEquals(
        new KeyFate.Rejected("wrong shape: expected [4], found [5]"), fates.get("old.scale"));
    assertEquals(new KeyFate.Mapped(List.of("blocks.1.qkv"), "concat"), fates.get("layers.1.v"));
  }

  @Test
  void comparesWhatIsKnownWhereASizeIsUnknown() {
    Map<String, TensorData> sources = sources();
    sources.put("old.scale", TestTensors.random(1, DType.F32, List.of(4L, 4L)));
    sources.remove("table");
    KeyMapping mapping = map(Dims.none().with("D", OptionalLong.empty())).apply(sources);
    assertEquals(
        List.of("missing table: [3, D]", "wrong shape old.scale: expected [D], found [4, 4]"),
        problems(mapping));
  }

  @Test
  void readsTheValuesThatARuleReliesOn() {
    Map<String, TensorData> sources = sources();
    assertEquals(List.of(), map(DIMS).apply(sources).checkValues());
    sources.put("copy.1", TestTensors.random(99, DType.F32, List.of(4L)));
    KeyMapping mapping = map(DIMS).apply(sources);
    assertEquals(List.of(), problems(mapping));
    assertEquals(
        List.of("wrong values copy.0: copy 1 differs from copy 0"),
        mapping.checkValues().stream().map(KeyProblem::toString).toList());
  }

  @Test
  void refusesRulesThatCollide() {
    KeyMap.Builder twice = KeyMap.builder().rules(STEM, DIMS).rules(STEM, DIMS);
    assertEquals(
        "table is used by two rules",
        assertThrows(IllegalArgumentException.class, twice::build).getMessage());
    KeyMap.Builder filled =
        KeyMap.builder()
            .rules(List.of(KeyRule.rename("a", "c", "[]"), KeyRule.rename("b", "c", "[]")), DIMS);
    assertEquals(
        "c is filled by two rules",
        assertThrows(IllegalArgumentException.class, filled::build).getMessage());
  }

  @Test
  void doesNotWriteOutWhatAFileMerelyClaims() {
    assertThrows(
        IllegalArgumentException.class,
        () -> KeyMap.builder().each("i", Integer.MAX_VALUE, BLOCK, DIMS));
  }

  @Test
  void globsMatchWholeNames() {
    assertTrue(Globs.compile("blocks.*.w").matcher("blocks.0.attn.w").matches());
    assertEquals(false, Globs.compile("blocks.*.w").matcher("blocks.0.w.x").matches());
    assertEquals(false, Globs.compile("a.b").matcher("axb").matches());
  }
}
