package org.canbridge.runtime.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.AdamW;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.training.data.TrainingBatch;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;

class TrainerTest {
  private static final int BATCH = 4;
  private static final int VALUES = 4 * 8 * 8;

  @Test
  void oneSeedGivesOneResult() {
    Map<String, ByteBuffer> first = weightsAfter(3, settings(1, List.of(Trainer.ALL)));
    assertEquals(first, weightsAfter(3, settings(1, List.of(Trainer.ALL))));
    assertNotEquals(first, weightsAfter(3, settings(2, List.of(Trainer.ALL))));
  }

  @Test
  void onlyWhatIsChosenMoves() {
    Map<String, ByteBuffer> before = weightsAfter(0, settings(1, List.of(Trainer.ALL)));
    Map<String, ByteBuffer> all = weightsAfter(1, settings(1, List.of(Trainer.ALL)));
    assertEquals(Set.of("pos_embed"), unchanged(before, all), "it is a table of DiT's authors");
    Map<String, ByteBuffer> added = weightsAfter(1, settings(1, List.of(Trainer.GENERATORS)));
    Set<String> moved = new TreeSet<>(before.keySet());
    moved.removeAll(unchanged(before, added));
    assertTrue(moved.contains("can.out_proj.48.weight"));
    assertTrue(moved.contains("blocks.0.mlp.dwconv.bias"));
    assertTrue(
        moved.stream().allMatch(name -> name.startsWith("can.") || name.contains(".dwconv.")),
        moved.toString());
    Map<String, ByteBuffer> some =
        weightsAfter(1, settings(1, List.of("blocks.1.attn.*", "t_embedder.mlp.0.bias")));
    moved = new TreeSet<>(before.keySet());
    moved.removeAll(unchanged(before, some));
    assertEquals(
        Set.of(
            "blocks.1.attn.qkv.weight",
            "blocks.1.attn.qkv.bias",
            "blocks.1.attn.proj.weight",
            "blocks.1.attn.proj.bias",
            "t_embedder.mlp.0.bias"),
        moved);
  }

  @Test
  void wordsThatChooseNothingAreRefused() {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> weightsAfter(0, settings(1, List.of("blocks.9.*"))));
    assertTrue(refused.getMessage().startsWith("'blocks.9.*' chooses no"), refused.getMessage());
  }

  @Test
  void aLossThatIsNotFiniteMovesNothing() {
    try (Model model = can();
        Trainer trainer = Trainer.open(model, settings(1, List.of(Trainer.ALL)))) {
      TrainingBatch good = batch(0);
      trainer.step(good);
      Map<String, ByteBuffer> before = bytes(trainer.state().weights());
      float[] values = good.values().clone();
      values[17] = Float.NaN;
      Trainer.StepResult result =
          trainer.step(new TrainingBatch(BATCH, values, good.labels(), new float[0]));
      assertFalse(result.moved());
      assertTrue(Double.isNaN(result.loss()));
      assertEquals(2, result.step());
      assertEquals(1, trainer.steps());
      assertEquals(before, bytes(trainer.state().weights()));
      assertTrue(trainer.step(good).moved(), "it goes on");
    }
  }

  @Test
  void batchesGatheredAreOneBatch() {
    TrainingSettings parts = settings(BATCH / 2, 2, 0, Precision.F64);
    TrainingSettings exact = settings(BATCH, 1, 0, Precision.F64);
    try (Model model = can();
        Trainer one = Trainer.open(model, exact);
        Trainer two = Trainer.open(model, parts)) {
      Trainer.StepResult a = one.step(batch(0));
      Trainer.StepResult b = two.step(batch(0));
      assertEquals(a.loss(), b.loss(), 1e-12);
      assertEquals(a.gradientNorm(), b.gradientNorm(), 1e-12 * a.gradientNorm());
    }
  }

  @Test
  void droppedClassesDoNotMatter() {
    TrainingSettings all = settings(1, List.of(Trainer.ALL));
    TrainingSettings dropping = settings(BATCH, 1, 1, Precision.F32);
    TrainingBatch batch = batch(0);
    TrainingBatch others =
        new TrainingBatch(0, batch.values(), new long[] {9, 8, 7, 6}, new float[0]);
    try (Model model = can();
        Trainer kept = Trainer.open(model, all);
        Trainer keptToo = Trainer.open(model, all);
        Trainer dropped = Trainer.open(model, dropping);
        Trainer droppedToo = Trainer.open(model, dropping)) {
      assertNotEquals(kept.step(batch).loss(), keptToo.step(others).loss());
      assertEquals(dropped.step(batch).loss(), droppedToo.step(others).loss());
    }
  }

  @Test
  void bfloat16TrainsFloat32Weights() {
    TrainingSettings exact = settings(1, List.of(Trainer.ALL));
    TrainingSettings narrow = settings(BATCH, 1, 0, Precision.BF16);
    try (Model model = can();
        Trainer wide = Trainer.open(model, exact);
        Trainer half = Trainer.open(model, narrow)) {
      Trainer.StepResult a = wide.step(batch(0));
      Trainer.StepResult b = half.step(batch(0));
      assertEquals(a.loss(), b.loss(), 0.02 * a.loss());
      assertEquals(a.gradientNorm(), b.gradientNorm(), 0.05 * a.gradientNorm());
      // The first step of Adam is the learning rate, far below bfloat16's resolution.
      float[] before = Tensors.floats(model.checkpoint().tensors().get("blocks.0.mlp.fc1.weight"));
      float[] after = Tensors.floats(half.state().weights().get("blocks.0.mlp.fc1.weight"));
      int moved = 0;
      for (int i = 0; i < before.length; i++) {
        moved += before[i] != after[i] ? 1 : 0;
        assertEquals(before[i], after[i], 1.01e-3);
      }
      assertTrue(moved > before.length * 0.99, moved + " of " + before.length);
    }
  }

  @Test
  void aHeldOutLossComparesWeights() {
    try (Model model = can();
        Trainer trainer = Trainer.open(model, settings(1, List.of(Trainer.ALL)))) {
      double[] before = trainer.heldOutLosses(batch(7), 0);
      assertEquals(BATCH, before.length);
      assertArrayEquals(before, trainer.heldOutLosses(batch(7), 0), 0, "the same draws each time");
      assertNotEquals(before[0], trainer.heldOutLosses(batch(7), 1)[0], "others at each place");
      TrainingBatch half =
          new TrainingBatch(
              0, Arrays.copyOf(batch(7).values(), 2 * VALUES), new long[] {0, 1}, new float[0]);
      assertArrayEquals(
          Arrays.copyOf(before, 2), trainer.heldOutLosses(half, 0), 1e-6, "however many at a time");
      for (int i = 0; i < 20; i++) {
        trainer.step(batch(i % 2));
      }
      double[] after = trainer.heldOutLosses(batch(7), 0);
      assertTrue(Arrays.stream(after).sum() < Arrays.stream(before).sum());
    }
  }

  @Test
  void examplesOfAnotherShapeAreRefused() {
    try (Model model = can();
        Trainer trainer = Trainer.open(model, settings(1, List.of(Trainer.ALL)))) {
      IllegalArgumentException few =
          assertThrows(
              IllegalArgumentException.class,
              () ->
                  trainer.step(new TrainingBatch(0, new float[VALUES], new long[1], new float[0])));
      assertEquals("a step takes 4 examples of 4x8x8, not 256 values", few.getMessage());
      IllegalArgumentException unlabelled =
          assertThrows(
              IllegalArgumentException.class,
              () ->
                  trainer.step(
                      new TrainingBatch(0, new float[BATCH * VALUES], new long[0], new float[0])));
      assertEquals(
          "this network is trained with one 'y' for each example", unlabelled.getMessage());
    }
  }

  private static Model can() {
    return Model.open(Fixtures.of("training-can").resolve("model"), ImportOptions.defaults());
  }

  static TrainingSettings settings(long seed, List<String> trained) {
    return settings(BATCH, 1, 0, Precision.F32, seed, trained);
  }

  static TrainingSettings settings(int batch, int accumulate, double drop, Precision precision) {
    return settings(batch, accumulate, drop, precision, 1, List.of(Trainer.ALL));
  }

  static TrainingSettings settings(
      int batch,
      int accumulate,
      double drop,
      Precision precision,
      long seed,
      List<String> trained) {
    return new TrainingSettings(
        batch,
        accumulate,
        new LearningRate(1e-3, 0, 0),
        new AdamW(0.9, 0.999, 1e-8, 0, 0),
        new Ema(0.9, 0),
        drop,
        Target.of(precision),
        seed,
        trained);
  }

  static TrainingBatch batch(int number) {
    Random random = new Random(number);
    float[] values = new float[BATCH * VALUES];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return new TrainingBatch((long) number * BATCH, values, new long[] {0, 1, 2, 3}, new float[0]);
  }

  private static Map<String, ByteBuffer> weightsAfter(int steps, TrainingSettings settings) {
    try (Model model = can();
        Trainer trainer = Trainer.open(model, settings)) {
      for (int i = 0; i < steps; i++) {
        assertTrue(trainer.step(batch(i)).moved());
      }
      return bytes(trainer.state().weights());
    }
  }

  private static Map<String, ByteBuffer> bytes(Map<String, TensorData> tensors) {
    Map<String, ByteBuffer> copies = new HashMap<>();
    tensors.forEach((name, tensor) -> copies.put(name, tensor.bytes()));
    return copies;
  }

  private static Set<String> unchanged(
      Map<String, ByteBuffer> before, Map<String, ByteBuffer> after) {
    Set<String> names = new TreeSet<>();
    before.forEach(
        (name, bytes) -> {
          if (bytes.equals(after.get(name))) {
            names.add(name);
          }
        });
    return names;
  }
}
