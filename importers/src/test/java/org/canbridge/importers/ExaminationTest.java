package org.canbridge.importers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.IntNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.canbridge.importers.detection.DetectionProblem;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.PublishedModel;
import org.canbridge.importers.family.Weights;
import org.canbridge.importers.keys.KeyFate;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelProblem;
import org.canbridge.tensors.ConstantTensor;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Problem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is recognised, what is asked for, and every refusal with its whole message. */
class ExaminationTest {
  private static final String ASSUMED =
      "objective assumed, as of published models of dit: eps on vp-discrete, null class 10;"
          + " --objective says otherwise, --family sit reads the same tensors as that";

  /** Every layout that is read, as messages list them. */
  private static final String READ =
      Families.all().stream()
          .map(family -> family.title() + ": " + String.join(", ", layouts(family)))
          .collect(Collectors.joining("; "));

  private static List<String> layouts(Family family) {
    return family.layouts().stream().map(Layout::name).toList();
  }

  private static final ImportOptions HEADS = ImportOptions.defaults().withHeads(3);
  private static final Set<String> TRAINING = Set.of("model", "ema", "opt");

  private static Map<String, TensorData> training() {
    Map<String, TensorData> tensors = DitFiles.prefixed("model.", DitFiles.tensors(48, 2));
    Map<String, TensorData> average = DitFiles.tensors(48, 2);
    average.replaceAll((name, tensor) -> random(name.hashCode() + 1, tensor.type().shape()));
    tensors.putAll(DitFiles.prefixed("ema.", average));
    tensors.put("opt.state.0.exp_avg", random(3, List.of(48L)));
    tensors.put("rng_state", random(4, List.of(7L)));
    return tensors;
  }

  private static TensorData random(long seed, List<Long> shape) {
    return TestTensors.random(seed, DType.F32, shape);
  }

  private static Examination examine(Map<String, TensorData> tensors, ImportOptions options) {
    return Examination.of(Path.of("weights"), MemoryFile.of(tensors), options);
  }

  private static void assertProblems(Examination examined, Problem problem, String... lines) {
    assertEquals(
        List.of(String.join("\n  ", lines)),
        examined.problems().stream().map(InputFileException::getMessage).toList());
    assertEquals(problem, examined.problems().get(0).problem());
    assertEquals(Optional.empty(), examined.config());
  }

  @Test
  void asksForTheHeads() {
    assertProblems(
        examine(DitFiles.tensors(48, 2), ImportOptions.defaults()),
        ImportProblem.NEEDS_OPTION,
        "the file does not tell num_heads",
        "expected: --heads N",
        "actual: the number of attention heads is in no tensor's shape",
        "file: test.pt",
        "next: add --heads N");
  }

  @Test
  void takesTheHeadsThatAreGiven() {
    Examination examined = examine(DitFiles.tensors(48, 2), HEADS);
    assertEquals(Optional.of(DitFiles.config(48, 2, 3)), examined.config());
    assertEquals(List.of("num_heads 3 as given (--heads)", ASSUMED), examined.notes());
  }

  @ParameterizedTest
  @CsvSource({"384, 12, 6", "768, 12, 12", "1024, 24, 16", "1152, 28, 16"})
  void knowsTheHeadsOfPublishedSizes(int width, int depth, int heads) {
    Examination examined = examine(constants(width, depth), ImportOptions.defaults());
    assertEquals(Optional.of(DitFiles.config(width, depth, heads)), examined.config());
    assertEquals(
        List.of("num_heads " + heads + " as in the published network of these sizes", ASSUMED),
        examined.notes());
    Examination told = examine(constants(width, depth), ImportOptions.defaults().withHeads(2));
    assertEquals(Optional.of(DitFiles.config(width, depth, 2)), told.config());
  }

  /** Tensors of true size that take no memory. */
  private static Map<String, TensorData> constants(int width, int depth) {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    Families.byName("dit")
        .orElseThrow()
        .canonical()
        .keyMap(DitFiles.config(width, depth, 1).arguments())
        .targets()
        .forEach(
            (name, shape) ->
                tensors.put(name, ConstantTensor.zeros(new TensorType(DType.F32, shape))));
    return tensors;
  }

  @Test
  void refusesHeadsThatDoNotDivideTheWidth() {
    assertProblems(
        examine(DitFiles.tensors(48, 2), ImportOptions.defaults().withHeads(5)),
        ImportProblem.IMPOSSIBLE_CONFIG,
        "the sizes make no DiT (Peebles and Xie, ICCV 2023)",
        "actual: hidden_size 48 is not a multiple of num_heads 5",
        "file: test.pt",
        "next: canbridge inspect shows the sizes that were read off");
  }

  @Test
  void archIsAnAssertion() {
    assertProblems(
        examine(DitFiles.tensors(48, 2), ImportOptions.defaults().withArch("DiT-XL/2")),
        ModelProblem.CONTRADICTION,
        "the file contradicts what was given",
        "expected: hidden_size 1152 (--arch), depth 28 (--arch)",
        "actual: hidden_size 48, depth 2",
        "file: test.pt",
        "next: leave the option out, or name the file that it is about");
    Examination right = examine(constants(384, 12), ImportOptions.defaults().withArch("DiT-S/2"));
    assertEquals(Optional.of(DitFiles.config(384, 12, 6)), right.config());
  }

  @Test
  void refusesAnArchThatNobodyPublished() {
    List<String> names =
        Families.all().stream()
            .flatMap(family -> family.published().stream())
            .map(PublishedModel::name)
            .toList();
    assertEquals(
        "no published model is named DiT-M/2; there are "
            + String.join(", ", names)
            + "; did you mean DiT-B/2?",
        assertThrows(
                IllegalArgumentException.class, () -> ImportOptions.defaults().withArch("DiT-M/2"))
            .getMessage());
  }

  @Test
  void refusesOptionsThatContradictEachOther() {
    assertEquals(
        "num_heads is 3 by --heads and 16 by --arch",
        assertThrows(IllegalArgumentException.class, () -> HEADS.withArch("DiT-XL/2"))
            .getMessage());
  }

  @Test
  void argumentsOfAReferenceAreCheckedAndSupplyTheHeads() {
    Arguments reference =
        DitFiles.config(48, 2, 3).arguments().with("head_dim", 16).with("mlp_ratio", 4.01);
    ImportOptions options =
        ImportOptions.defaults().withArguments(reference.toJson(), "reference.json");
    assertEquals(
        Optional.of(DitFiles.config(48, 2, 3)), examine(DitFiles.tensors(48, 2), options).config());
    assertProblems(
        examine(
            DitFiles.tensors(48, 2),
            ImportOptions.defaults()
                .withArguments(
                    reference.with("num_classes", 11).with("learn_sigma", false).toJson(),
                    "reference.json")),
        ModelProblem.CONTRADICTION,
        "the file contradicts what was given",
        "expected: num_classes 11 (reference.json), learn_sigma false (reference.json)",
        "actual: num_classes 10, learn_sigma true",
        "file: test.pt",
        "next: leave the option out, or name the file that it is about");
  }

  @Test
  void reportsAllMisfitsTogether() {
    Map<String, TensorData> damaged = DitFiles.tensors(48, 2);
    damaged.remove("pos_embed");
    damaged.remove("blocks.1.attn.qkv.bias");
    damaged.put("surplus", random(1, List.of(144L)));
    damaged.put("odd\u001b[31m\nname", random(1, List.of(1L)));
    damaged.put("blocks.1.mlp.fc1.weight", random(1, List.of(48L, 192L)));
    damaged.put("x_embedder.proj.bias", TestTensors.random(1, DType.I64, List.of(48L)));
    assertProblems(
        examine(damaged, HEADS),
        ModelProblem.KEY_MISMATCH,
        "the tensors do not fit DiT (Peebles and Xie, ICCV 2023) in its official layout",
        "expected: each tensor of the layout once, with its shape, and no other",
        "actual: 2 missing, 2 unexpected, 1 wrong shape, 1 wrong type",
        "  missing pos_embed: [1, N, 48]",
        "  missing blocks.1.attn.qkv.bias: [144]",
        "  unexpected surplus: F32[144]",
        "  unexpected odd\\u001b[31m\\u000aname: F32[1]",
        "  wrong shape blocks.1.mlp.fc1.weight: expected [192, 48], found [48, 192]",
        "  wrong type x_embedder.proj.bias: expected floating point, found I64",
        "file: test.pt",
        "next: get a complete copy of the file; canbridge inspect shows what becomes of each"
            + " tensor");
  }

  @Test
  void namesAMissingBlockRatherThanAShallowerNetwork() {
    Map<String, TensorData> damaged = DitFiles.tensors(48, 3);
    damaged.keySet().removeIf(name -> name.startsWith("blocks.1."));
    String message = examine(damaged, HEADS).problems().get(0).getMessage();
    assertTrue(message.contains("\n  actual: 10 missing\n"), message);
    assertTrue(message.contains("missing blocks.1.mlp.fc2.bias: [48]"), message);
  }

  @Test
  void anIndexCannotClaimAMillionBlocks() {
    Map<String, TensorData> damaged = DitFiles.tensors(48, 1);
    damaged.put("blocks.999999999.attn.qkv.weight", random(1, List.of(1L)));
    damaged.put("blocks.99999999999999999999.attn.qkv.weight", random(1, List.of(1L)));
    String message = examine(damaged, HEADS).problems().get(0).getMessage();
    assertTrue(message.contains("\n  actual: 2 unexpected\n"), message);
  }

  @Test
  void longReportsAreCut() {
    Map<String, TensorData> damaged = DitFiles.tensors(48, 2);
    for (int i = 0; i < 100; i++) {
      damaged.put("surplus." + i, random(1, List.of(1L)));
    }
    String message = examine(damaged, HEADS).problems().get(0).getMessage();
    assertTrue(
        message.contains("\n    unexpected surplus.59: F32[1]\n    ... and 40 more\n"), message);
  }

  @Test
  void refusesSizesThatContradictEachOther() {
    Map<String, TensorData> damaged = DitFiles.tensors(48, 1);
    damaged.put("pos_embed", random(1, List.of(1L, 15L, 48L)));
    damaged.put("final_layer.linear.weight", random(1, List.of(24L, 48L)));
    damaged.put("final_layer.linear.bias", random(1, List.of(24L)));
    assertProblems(
        examine(damaged, HEADS),
        ModelProblem.KEY_MISMATCH,
        "the tensors do not fit DiT (Peebles and Xie, ICCV 2023) in its official layout",
        "expected: each tensor of the layout once, with its shape, and no other",
        "actual: 2 impossible",
        "  pos_embed has 15 positions, which make no square image",
        "  final_layer.linear.weight gives 24 values a patch; the patches going in have 16, so"
            + " that 16 or (with a learned variance) 32 are possible",
        "file: test.pt",
        "next: get a complete copy of the file; canbridge inspect shows what becomes of each"
            + " tensor");
  }

  @Test
  void refusesSizesThatNoNetworkHas() {
    Map<String, TensorData> damaged = DitFiles.tensors(48, 1);
    damaged.put("x_embedder.proj.weight", random(1, List.of(48L, 4L, 0L, 0L)));
    assertProblems(
        examine(damaged, HEADS),
        ImportProblem.IMPOSSIBLE_CONFIG,
        "the sizes make no DiT (Peebles and Xie, ICCV 2023)",
        "actual: input_size is missing; patch_size is missing; learn_sigma is missing",
        "file: test.pt",
        "next: canbridge inspect shows the sizes that were read off");
  }

  @Test
  void prefersTheMovingAverageAndSaysSo() {
    Map<String, TensorData> tensors = training();
    Examination examined =
        Examination.of(Path.of("weights"), new MemoryFile(tensors, TRAINING), HEADS);
    assertEquals(List.of(), examined.problems());
    assertEquals(
        List.of(
            "weights taken from ema (moving average); the file also holds model",
            "num_heads 3 as given (--heads)",
            ASSUMED),
        examined.notes());
    assertSame(
        tensors.get("ema.pos_embed"), examined.mapping().orElseThrow().tensors().get("pos_embed"));
    Map<String, KeyFate.Outcome> fates = new LinkedHashMap<>();
    examined.fates().forEach(fate -> fates.put(fate.source(), fate.outcome()));
    assertEquals(tensors.keySet(), fates.keySet());
    assertEquals(new KeyFate.Mapped(List.of("pos_embed"), "copy"), fates.get("ema.pos_embed"));
    assertEquals(
        new KeyFate.Ignored("other weights (model); --weights chooses"),
        fates.get("model.pos_embed"));
    assertEquals(new KeyFate.Ignored("optimizer state"), fates.get("opt.state.0.exp_avg"));
    assertEquals(new KeyFate.Ignored("outside ema"), fates.get("rng_state"));
  }

  @Test
  void takesTheWeightsThatAreAskedFor() {
    Map<String, TensorData> tensors = training();
    Examination examined =
        Examination.of(
            Path.of("weights"),
            new MemoryFile(tensors, TRAINING),
            HEADS.withWeights(Weights.MODEL));
    assertSame(
        tensors.get("model.pos_embed"),
        examined.mapping().orElseThrow().tensors().get("pos_embed"));
    assertEquals("weights taken from model; the file also holds ema", examined.notes().get(0));
  }

  @Test
  void refusesWeightsThatTheFileDoesNotHold() {
    assertProblems(
        examine(DitFiles.tensors(48, 2), HEADS.withWeights(Weights.EMA)),
        DetectionProblem.NO_SUCH_WEIGHTS,
        "the file has no set of weights of the kind that --weights asks for",
        "expected: ema",
        "actual: the file's tensors",
        "file: test.pt",
        "next: leave --weights out");
  }

  @Test
  void refusesHalfASetOfWeights() {
    Map<String, TensorData> tensors = training();
    tensors.keySet().removeIf(name -> name.startsWith("ema.blocks.1."));
    MemoryFile file = new MemoryFile(tensors, TRAINING);
    assertProblems(
        Examination.of(Path.of("weights"), file, HEADS),
        ImportProblem.UNEQUAL_WEIGHTS,
        "the file's sets of weights are not of one network",
        "expected: the same tensors in ema and model",
        "actual: 10 differ: blocks.1.attn.qkv.weight, blocks.1.attn.qkv.bias,"
            + " blocks.1.attn.proj.weight, blocks.1.attn.proj.bias, ...",
        "file: test.pt",
        "next: get a complete copy, or take one set as it is: --weights ema or --weights model");
    assertEquals(
        Optional.of(DitFiles.config(48, 2, 3)),
        Examination.of(Path.of("weights"), file, HEADS.withWeights(Weights.MODEL)).config());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "module.",
        "_orig_mod.",
        "module._orig_mod.",
        "model.",
        "state_dict.module.",
        "ema."
      })
  void takesWrappersAndPrefixesOff(String prefix) {
    Map<String, TensorData> tensors = DitFiles.tensors(48, 2);
    Examination examined = examine(DitFiles.prefixed(prefix, tensors), HEADS);
    assertEquals(List.of(), examined.problems());
    assertEquals(tensors, examined.mapping().orElseThrow().tensors());
    assertEquals(
        List.copyOf(DitFiles.prefixed(prefix, tensors).keySet()),
        examined.fates().stream().map(KeyFate::source).toList());
  }

  @Test
  void missingTensorsAreNamedAsTheFileWouldNameThem() {
    Map<String, TensorData> tensors = DitFiles.prefixed("ema.", DitFiles.tensors(48, 2));
    tensors.remove("ema.pos_embed");
    String message = examine(tensors, HEADS).problems().get(0).getMessage();
    assertTrue(message.contains("official layout (weights taken from ema)\n"), message);
    assertTrue(message.contains("missing ema.pos_embed: [1, N, 48]"), message);
  }

  @Test
  void refusesHalfAWrapper() {
    Map<String, TensorData> half = new LinkedHashMap<>();
    DitFiles.tensors(48, 2)
        .forEach(
            (name, tensor) ->
                half.put(name.startsWith("blocks.0") ? "module." + name : name, tensor));
    assertProblems(
        examine(half, HEADS),
        DetectionProblem.MIXED_PREFIX,
        "only some of the names carry a prefix",
        "expected: all or none of the names with module.",
        "actual: 10 of 32 with it",
        "file: test.pt",
        "next: the file was put together from two; get a complete copy of one of them");
  }

  @Test
  void refusesOtherNetworksByName() {
    assertProblems(
        examine(
            Map.of(
                "blocks1.0.mixer.m.attn.qkvs.0.c.weight",
                random(1, List.of(1L)),
                "blocks1.0.mixer.m.attn.dws.0.c.weight",
                random(1, List.of(1L))),
            HEADS),
        DetectionProblem.UNSUPPORTED_FAMILY,
        "this is a network that CAN Bridge does not read",
        "expected: " + READ,
        "actual: EfficientViT of Microsoft (Liu et al., CVPR 2023)",
        "file: test.pt",
        "next: canbridge inspect lists its tensors");
  }

  @Test
  void refusesNetworksThatNobodyKnows() {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    for (String name : List.of("a", "b", "c", "d", "e")) {
      tensors.put(name, random(1, List.of(1L)));
    }
    Examination examined = examine(tensors, HEADS);
    assertProblems(
        examined,
        DetectionProblem.UNKNOWN_FAMILY,
        "the tensors are those of no network that CAN Bridge knows",
        "expected: " + READ,
        "actual: 5 tensors: a, b, c, d, ...",
        "file: test.pt",
        "next: canbridge inspect lists its tensors and what is missing for each layout");
    assertEquals(
        "not DiT (Peebles and Xie, ICCV 2023) in its official layout: 0 of 5 marks; there is"
            + " no x_embedder.proj.weight, *t_embedder.mlp.0.weight,"
            + " *y_embedder.embedding_table.weight, blocks.*.adaLN_modulation.1.weight,"
            + " final_layer.adaLN_modulation.1.weight",
        examined.detection().verdicts().get(0));
    assertEquals(
        Families.all().stream().mapToInt(family -> layouts(family).size()).sum(),
        examined.detection().verdicts().size());
    assertEquals(
        "no tensors at all",
        examine(Map.of(), HEADS)
            .problems()
            .get(0)
            .getMessage()
            .lines()
            .toList()
            .get(2)
            .strip()
            .replace("actual: ", ""));
  }

  @Test
  void givenArgumentsAreKept() {
    ImportOptions options =
        ImportOptions.defaults().withArgument("num_heads", IntNode.valueOf(3), "here");
    assertEquals(options.given().get("num_heads"), options.withHeads(3).given().get("num_heads"));
  }
}
