package org.canbridge.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.importers.efficientvit.EfficientVitFamily;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.importers.published.PublishedExport;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPlan;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.efficientvit.EfficientVit;
import org.canbridge.runtime.fold.BatchNormFold;
import org.canbridge.runtime.fold.FoldedWeights;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The bundled EfficientViTs without their batch norms. */
class NormFoldingTest {
  private static final int SIDE = 64;
  private static final Path TIMM =
      Fixtures.of("efficientvit-timm-b-tiny").resolve("model.safetensors");

  @TempDir private Path folder;

  /** Nothing but rounding: with float64 weights every module that is left gives the same. */
  @ParameterizedTest
  @CsvSource({
    "efficientvit-b-tiny, efficientvit_b_tiny.pt",
    "efficientvit-l-tiny, efficientvit_l_tiny.pt",
    "efficientvit-timm-b-tiny, model.safetensors",
    "efficientvit-timm-l-tiny, model.safetensors"
  })
  void inFloat64EveryModuleThatIsLeftGivesTheSame(String name, String file) {
    try (Checkpoint checkpoint = Checkpoints.open(Fixtures.of(name).resolve(file))) {
      Graph before = EfficientVit.graph((EfficientVitConfig) checkpoint.config(), SIDE, SIDE);
      BatchNormFold.Folded fold = BatchNormFold.of(before);
      Map<String, TensorData> wide = new LinkedHashMap<>(checkpoint.tensors());
      wide.replaceAll((n, t) -> t.type().dtype().isFloating() ? Tensors.as(t, DType.F64) : t);
      Map<String, TensorData> folded = new LinkedHashMap<>(wide);
      folded.putAll(FoldedWeights.of(fold.pairs(), wide));
      Map<String, TensorData> x = RandomInputs.of(before, Optional.empty(), 2, 5);
      List<String> values = List.copyOf(fold.graph().modules().keySet());
      Map<String, TensorData> expected = run(before, wide, x, values, Precision.F64);
      Map<String, TensorData> actual = run(fold.graph(), folded, x, values, Precision.F64);
      for (String value : values) {
        double[] there = Tensors.doubles(expected.get(value));
        double[] here = Tensors.doubles(actual.get(value));
        double largest = 0;
        for (int i = 0; i < there.length; i++) {
          largest = Math.max(largest, Math.abs(there[i] - here[i]));
        }
        assertEquals(0, largest, 1e-12 * deviation(there), value);
      }
      assertTrue(values.size() > 50, "modules were compared: " + values);
    }
  }

  @Test
  void aFoldedModelIsWrittenReadAndMadeConditionAwareButNotExported() throws IOException {
    Path directory = folder.resolve("folded");
    NormFolding folding = folded(TIMM);
    assertTrue(folding.check().holds());
    assertTrue(folding.check().share() > 0, "rounding shows, or nothing was compared");
    assertEquals(21, folding.norms());
    try (Checkpoint checkpoint = folding.checkpoint()) {
      ModelDirectory.write(directory, checkpoint, WriteOptions.defaults());
      assertEquals(
          List.copyOf(
              new EfficientVitFamily()
                  .canonical()
                  .keyMap(checkpoint.config().arguments())
                  .targets()
                  .keySet()),
          List.copyOf(checkpoint.tensors().keySet()));
    }
    try (Model model = Model.open(directory, ImportOptions.defaults())) {
      assertTrue(((EfficientVitConfig) model.checkpoint().config()).batchNormFolded());
      assertTrue(
          model.graph().nodes().stream().noneMatch(n -> n.op() instanceof ReductionOp.BatchNorm));
      assertEquals(Optional.empty(), model.checkpoint().publishedName());
      assertEquals(
          List.of("21 batch norms were folded into the convolutions in front of them"),
          model.checkpoint().provenance().changes());
      assertEquals(
          "this model is in no published layout: its batch norms were folded into the convolutions,"
              + " and every published layout has them; import the source without"
              + " --fold-batch-norm and export that",
          refusal(() -> PublishedExport.of(model.checkpoint())));
      assertEquals(
          "the batch norms of this model are folded already",
          refusal(() -> NormFolding.of(model.checkpoint(), 0, Target.F32)));
      CanSpec spec =
          CanPreset.spec(
              model.graph(),
              CanPlan.paper(CanTarget.PAPER, CanCondition.ALL).with(new CanSpec.Embedder(16, 5)));
      CanConversion conversion = CanConversion.convert(model, spec, 1, Target.F32);
      assertTrue(conversion.passed());
      assertEquals(
          "a Condition-Aware Network cannot be changed; fold its source and convert that",
          refusal(() -> NormFolding.of(conversion.checkpoint(), 0, Target.F32)));
    }
    try (Checkpoint file = Checkpoints.open(directory.resolve("model.safetensors"))) {
      assertTrue(((EfficientVitConfig) file.config()).batchNormFolded());
    }
  }

  /** Weights of 8 bits keep their type, and are others after one more rounding. */
  @Test
  void narrowWeightsKeepTheirTypeAndNotTheFunction() throws IOException {
    Path narrow = folder.resolve("bf16");
    try (Checkpoint checkpoint = Checkpoints.open(TIMM)) {
      ModelDirectory.write(narrow, checkpoint, WriteOptions.defaults().withDtype(DType.BF16));
    }
    NormFolding folding = folded(narrow);
    try (Checkpoint checkpoint = folding.checkpoint()) {
      assertFalse(folding.check().holds());
      assertTrue(
          folding.check().share() < 0.5,
          "rounding, not another function: " + folding.check().share());
      checkpoint
          .tensors()
          .forEach((name, tensor) -> assertEquals(DType.BF16, tensor.type().dtype(), name));
    }
  }

  @Test
  void whatIsNotTheSameFunctionDoesNotPass() {
    try (Checkpoint checkpoint = Checkpoints.open(TIMM)) {
      String name = "backbone.input_stem.op_list.0.norm.running_var";
      Map<String, TensorData> broken = new LinkedHashMap<>(checkpoint.tensors());
      float[] variance = Tensors.floats(broken.get(name));
      variance[0] = -1; // its square root is no number
      broken.put(name, MemoryTensor.of(variance, variance.length));
      assertFalse(NormFolding.of(checkpoint.withTensors(broken), 0, Target.F32).check().holds());
    }
  }

  @Test
  void aNetworkWithoutBatchNormsIsRefused() {
    Path dit = Fixtures.of("dit-tiny").resolve("checkpoint.pt");
    try (Checkpoint checkpoint = Checkpoints.open(dit, ImportOptions.defaults().withHeads(3))) {
      assertEquals(
          "the architecture 'dit' has no batch norms; there is nothing to fold",
          refusal(() -> NormFolding.of(checkpoint, 0, Target.F32)));
    }
  }

  private static NormFolding folded(Path source) {
    return NormFolding.of(Checkpoints.open(source), 0, Target.F32);
  }

  private static String refusal(Executable executable) {
    return assertThrows(IllegalArgumentException.class, executable).getMessage();
  }

  private static Map<String, TensorData> run(
      Graph graph,
      Map<String, TensorData> tensors,
      Map<String, TensorData> inputs,
      List<String> values,
      Precision precision) {
    try (Session session = Session.open(graph, tensors, Target.of(precision))) {
      return session.run(inputs, values);
    }
  }

  private static double deviation(double[] values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    return Math.sqrt(
        Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow());
  }
}
