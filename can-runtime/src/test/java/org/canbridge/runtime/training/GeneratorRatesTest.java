package org.canbridge.runtime.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.CanConversion;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPlan;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.ConditionPairs;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How far a step moves what generators make: the algebra, on a converted network. */
class GeneratorRatesTest {
  private static final String GENERATOR = "can.blocks.1.mlp.dwconv";
  private static final String PROJECTION = "can.project.8";

  /** Of TrainerTest's settings. */
  private static final double RATE = 1e-3;

  @TempDir private Path folder;
  private Model model;
  private Map<String, Double> rates;

  @BeforeEach
  void convert() throws IOException {
    CanPlan plan = CanPlan.paper(List.of(CanTarget.DWCONV), CanCondition.ALL).withGeneratorWidth(8);
    Path directory = folder.resolve("can");
    try (Model source =
        Model.open(
            Fixtures.of("dit-tiny").resolve("checkpoint.pt"),
            ImportOptions.defaults().withHeads(3))) {
      ModelDirectory.write(
          directory,
          CanConversion.convert(source, CanPreset.spec(source.source(), plan), 4, Target.F32)
              .checkpoint(),
          WriteOptions.defaults());
    }
    model = Model.open(directory, ImportOptions.defaults());
    rates =
        GeneratorRates.of(
            model.graph(),
            model.objective().orElseThrow(),
            model.checkpoint().tensors(),
            Target.F32);
  }

  @AfterEach
  void close() {
    model.close();
  }

  @Test
  void everyMatrixBehindTheConditionHasOne() {
    assertEquals(4, rates.size(), rates.toString());
    assertTrue(rates.values().stream().allMatch(rate -> rate > 0 && rate < 1), rates.toString());
    assertTrue(rates.containsKey(PROJECTION + ".weight"));
  }

  /** With all elements moved by their rate so that their terms add up, the weight moves by it. */
  @Test
  void aStepMovesAGeneratedWeightAsFarAsAStaticOne() {
    double factor = rates.get(GENERATOR + ".weight");
    double sum = 0;
    try (Session session = model.session(Target.F32)) {
      for (int from = 0; from < ConditionPairs.COUNT; from += ConditionPairs.BATCH) {
        for (float g : projected(session, from)) {
          sum += RATE * factor * Math.abs(g);
        }
      }
    }
    assertEquals(RATE, sum / ConditionPairs.COUNT, 1e-6 * RATE);
  }

  private float[] projected(Session session, int from) {
    return Tensors.floats(
        session
            .run(
                ConditionPairs.inputs(model.graph(), model.objective().orElseThrow(), from),
                List.of(PROJECTION))
            .get(PROJECTION));
  }

  @Test
  void anInputThatIsSmallKeepsTheRate() {
    Map<String, TensorData> small = new LinkedHashMap<>(model.checkpoint().tensors());
    for (String name : List.of(PROJECTION + ".weight", PROJECTION + ".bias")) {
      float[] values = Tensors.floats(small.get(name));
      long[] shape = small.get(name).type().shape().stream().mapToLong(Long::longValue).toArray();
      for (int i = 0; i < values.length; i++) {
        values[i] *= 1e-6f;
      }
      small.put(name, MemoryTensor.of(values, shape));
    }
    assertEquals(
        1,
        GeneratorRates.of(model.graph(), model.objective().orElseThrow(), small, Target.F32)
            .get(GENERATOR + ".weight"));
  }

  /** Adam's first step is the rate in each element, whatever the gradient. */
  @Test
  void aTrainerUsesThem() {
    try (Trainer trainer = Trainer.open(model, TrainerTest.settings(1, List.of(Trainer.ALL)))) {
      trainer.step(TrainerTest.batch(0));
      Map<String, TensorData> after = trainer.state().weights();
      double rate = RATE * rates.get(GENERATOR + ".weight");
      assertEquals(rate, largest(after.get(GENERATOR + ".weight")), 1e-3 * rate);
      assertEquals(RATE, largest(after.get("blocks.1.mlp.dwconv.bias")), 1e-3 * RATE);
    }
  }

  @Test
  void whatConversionAddedHasAFactorOfItsOwn() {
    TrainingSettings settings = TrainerTest.settings(1, List.of(Trainer.ALL)).withAddedRate(10);
    String published = "blocks.1.mlp.fc1.bias";
    float[] before = Tensors.floats(model.checkpoint().tensors().get(published));
    try (Trainer trainer = Trainer.open(model, settings)) {
      trainer.step(TrainerTest.batch(0));
      Map<String, TensorData> after = trainer.state().weights();
      double rate = 10 * RATE * rates.get(GENERATOR + ".weight");
      assertEquals(rate, largest(after.get(GENERATOR + ".weight")), 1e-3 * rate);
      assertEquals(10 * RATE, largest(after.get("blocks.1.mlp.dwconv.bias")), 1e-2 * RATE);
      float[] moved = Tensors.floats(after.get(published));
      for (int i = 0; i < moved.length; i++) {
        assertEquals(RATE, Math.abs(moved[i] - before[i]), 1e-2 * RATE);
      }
    }
  }

  private static double largest(TensorData values) {
    double largest = 0;
    for (float value : Tensors.floats(values)) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
