package org.canbridge.runtime.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.CanConversion;
import org.canbridge.runtime.ConditionRows;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPlan;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.engine.Target;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How generators begin and how far a step moves them: the algebra, on a converted network. */
class GeneratorStartTest {
  private static final int WIDTH = 8;
  private static final double RATE = 1e-3;
  private static final String GENERATOR = "can.blocks.1.mlp.dwconv.weight";
  private static final String PROJECTION = "can.project." + WIDTH;

  @TempDir private Path folder;

  private static CanConversion converted(Model model) {
    CanPlan plan =
        CanPlan.paper(List.of(CanTarget.DWCONV), CanCondition.ALL).withGeneratorWidth(WIDTH);
    CanSpec spec = CanPreset.spec(model.source(), plan);
    return CanConversion.convert(model, spec, 4, Target.F32);
  }

  private static Model tiny() {
    return Model.open(
        Fixtures.of("dit-tiny").resolve("checkpoint.pt"), ImportOptions.defaults().withHeads(3));
  }

  private Model opened(CanConversion conversion) throws IOException {
    Path directory = folder.resolve("can");
    ModelDirectory.write(directory, conversion.checkpoint(), WriteOptions.defaults());
    return Model.open(directory, ImportOptions.defaults());
  }

  /** {@code P c + p} of a row, by hand. */
  private static double[] input(Map<String, TensorData> tensors, float... c) {
    float[] weight = Tensors.floats(tensors.get(PROJECTION + ".weight"));
    float[] bias = Tensors.floats(tensors.get(PROJECTION + ".bias"));
    double[] g = new double[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      g[i] = bias[i];
      for (int j = 0; j < c.length; j++) {
        g[i] += (double) weight[i * c.length + j] * c[j];
      }
    }
    return g;
  }

  @Test
  void whatGeneratorsAreGivenIsZeroOnAverage() {
    try (Model model = tiny()) {
      CanConversion conversion = converted(model);
      Map<String, TensorData> tensors = conversion.checkpoint().tensors();
      ConditionRows conditions = conditions(model);
      double[] sums = new double[WIDTH];
      double size = 0;
      for (float[] c : conditions.rows()) {
        double[] g = input(tensors, c);
        for (int i = 0; i < WIDTH; i++) {
          sums[i] += g[i];
          size += Math.abs(g[i]) / WIDTH;
        }
      }
      for (double sum : sums) {
        assertEquals(0, sum / size, 1e-5, "of the mean absolute value");
      }
    }
  }

  private static ConditionRows conditions(Model model) {
    return ConditionRows.of(
        model.source(),
        CanCondition.ALL,
        model.objective().orElseThrow(),
        model.checkpoint().tensors(),
        Target.F32);
  }

  /** Were all its terms of one sign, a generated weight would move by the rate, as a static one. */
  @Test
  void aStepMovesAGeneratedWeightAsFarAsAStaticOne() throws IOException {
    try (Model source = tiny();
        Model model = opened(converted(source))) {
      Map<String, TensorData> tensors = model.checkpoint().tensors();
      Objective objective = model.objective().orElseThrow();
      double factor =
          GeneratorRates.of(model.graph(), objective, tensors, Target.F32).get(GENERATOR);
      double sum = 0;
      ConditionRows conditions = conditions(source);
      for (float[] c : conditions.rows()) {
        for (double g : input(tensors, c)) {
          sum += RATE * factor * Math.abs(g);
        }
      }
      assertEquals(RATE, sum / conditions.rows().size(), 1e-5 * RATE);
      assertTrue(factor < 1);
    }
  }

  /** Adam's first step is the rate in each element, whatever the gradient. */
  @Test
  void aTrainerUsesTheseRates() throws IOException {
    try (Model source = tiny();
        Model model = opened(converted(source));
        Trainer trainer = Trainer.open(model, TrainerTest.settings(1, List.of(Trainer.ALL)))) {
      double factor =
          GeneratorRates.of(
                  model.graph(),
                  model.objective().orElseThrow(),
                  model.checkpoint().tensors(),
                  Target.F32)
              .get(GENERATOR);
      trainer.step(TrainerTest.batch(0));
      Map<String, TensorData> after = new HashMap<>(trainer.state().weights());
      assertEquals(RATE * factor, largest(after.get(GENERATOR)), 1e-3 * RATE * factor);
      String fixed = "blocks.1.mlp.dwconv.bias";
      assertEquals(RATE, largest(after.get(fixed)), 1e-3 * RATE);
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
