package org.canbridge.experiments;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.AdamW;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.training.Ema;
import org.canbridge.runtime.training.LearningRate;
import org.canbridge.runtime.training.Trainer;
import org.canbridge.runtime.training.TrainingSettings;
import org.canbridge.runtime.training.data.TrainingBatch;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NetworksTest {
  @TempDir Path work;

  private Model open(Start start, Row row, long seed) throws IOException {
    return new Networks(Fixtures.of("dit-fmnist").resolve("checkpoint.pt"), work)
        .open(new Job(start, row, seed));
  }

  private static float[] values(Model model, String name) {
    return Tensors.floats(model.checkpoint().tensors().get(name));
  }

  @Test
  void randomWeightsAreTheAuthors() throws IOException {
    try (Model model = open(Start.SCRATCH, Row.ADALN, 1);
        Model trained = open(Start.TRAINED, Row.ADALN, 1)) {
      // Xavier: bound sqrt(6 / (in + out)), variance bound^2 / 3; patch embedding 16 -> 128.
      assertUniform(Math.sqrt(6.0 / (128 + 384)), values(model, "blocks.3.attn.qkv.weight"));
      assertUniform(Math.sqrt(6.0 / (16 + 128)), values(model, "x_embedder.proj.weight"));
      float[] times = values(model, "t_embedder.mlp.0.weight");
      assertEquals(0.02, Math.sqrt(meanSquare(times)), 0.0005);
      assertEquals(0, meanSquare(values(model, "blocks.0.attn.qkv.bias")));
      assertEquals(0, meanSquare(values(model, "blocks.0.adaLN_modulation.1.weight")));
      assertEquals(0, meanSquare(values(model, "final_layer.linear.weight")));
      assertArrayEquals(values(trained, "pos_embed"), values(model, "pos_embed"));
    }
  }

  private static void assertUniform(double bound, float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertTrue(largest <= bound && largest > 0.99 * bound, largest + " of " + bound);
    assertEquals(bound * bound / 3, meanSquare(values), 0.05 * bound * bound / 3);
  }

  private static double meanSquare(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return sum / values.length;
  }

  @Test
  void rowsOfOneSeedShareTheirRandomWeights() throws IOException {
    String name = "blocks.2.mlp.fc1.weight";
    try (Model dit = open(Start.SCRATCH, Row.ADALN, 2);
        Model can = open(Start.SCRATCH, Row.CAN, 2);
        Model other = open(Start.SCRATCH, Row.CAN, 3)) {
      assertArrayEquals(values(dit, name), values(can, name));
      assertNotEquals(values(dit, name)[0], values(other, name)[0]);
    }
  }

  /** Gates of zero would keep the blocks of a network without adaLN from learning. */
  @Test
  void everyWeightOfCanOnlyMovesWithinThreeSteps() throws IOException {
    try (Model model = open(Start.SCRATCH, Row.CAN_ONLY, 1);
        Trainer trainer = Trainer.open(model, settings())) {
      float[] gate = values(model, "blocks.0.adaLN_modulation.bias");
      assertEquals(0, gate[0]);
      assertEquals(1, gate[2 * 128]);
      assertEquals(1, gate[6 * 128 - 1]);
      TrainingBatch batch =
          new TrainingBatch(0, new float[4 * 28 * 28], new long[] {0, 1, 2, 3}, new float[0]);
      // The first step moves the last layer, which is zero, the second all in front of it, the
      // generators among them, the third the condition that the generators take.
      for (int i = 0; i < 3; i++) {
        trainer.step(batch);
      }
      Map<String, TensorData> averages = trainer.averages();
      for (String name : trainer.trained()) {
        assertNotEquals(sum(values(model, name)), sum(Tensors.floats(averages.get(name))), name);
      }
    }
  }

  @Test
  void theUvitLosesItsTokensWhereCanIsAlone() throws IOException {
    try (Model tokens = open(Start.UVIT, Row.TOKENS, 1);
        Model can = open(Start.UVIT, Row.CAN, 1);
        Model alone = open(Start.UVIT, Row.CAN_ONLY, 1)) {
      assertEquals(0.02, Math.sqrt(meanSquare(values(tokens, "label_emb.weight"))), 0.001);
      assertEquals(2, can.graph().tokenGrid().orElseThrow().extra());
      assertEquals(0, alone.graph().tokenGrid().orElseThrow().extra());
      for (Model model : List.of(can, alone)) {
        assertArrayEquals(
            values(tokens, "mid_block.mlp.fc1.weight"), values(model, "mid_block.mlp.fc1.weight"));
      }
    }
  }

  private static double sum(float[] values) {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += (i % 7 + 1) * (double) values[i];
    }
    return sum;
  }

  private static TrainingSettings settings() {
    return new TrainingSettings(
        4,
        1,
        new LearningRate(1e-3, 0, 0),
        new AdamW(0.9, 0.999, 1e-8, 0, 0),
        new Ema(0, 0),
        0,
        Target.F32,
        1,
        List.of(Trainer.ALL));
  }
}
