package org.canbridge.importers.family;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.importers.uvit.UvitConfig;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdaptationTest {

  /** Values of {@code torch.nn.functional.interpolate}, PyTorch 2.13, on sin(1.7 i). */
  @Test
  void interpolatesAsPyTorchDoes() {
    double[] values = new double[2 + 18];
    values[0] = 7;
    values[1] = 8;
    for (int i = 0; i < 18; i++) {
      values[2 + i] = Math.sin(1.7 * i);
    }
    PositionTable table = new PositionTable(1, 3, 2, values);
    double[] smaller = {
      7,
      8,
      -0.156295336,
      0.2864489,
      0.10080303,
      0.278476906,
      0.306445542,
      -0.090419163,
      0.161682067,
      -0.283961435
    };
    assertArrayEquals(smaller, values(table.resized(2)), 1e-8);
    double[] larger = values(table.resized(5));
    assertEquals(2 + 50, larger.length);
    double[] firstRow = {
      7,
      8,
      0.108443063,
      1.35730843,
      -0.171291802,
      0.153159056,
      -0.362552582,
      -1.052779987,
      0.216299822,
      -0.022464793,
      0.72949631,
      1.075899456
    };
    assertArrayEquals(firstRow, Arrays.copyOf(larger, 12), 1e-8);
    double[] last = {1.267518049, -0.721922184};
    assertArrayEquals(last, Arrays.copyOfRange(larger, 50, 52), 1e-8);
    assertArrayEquals(values, values(table.resized(3)), 1e-12);
  }

  private static double[] values(PositionTable table) {
    return Tensors.doubles(table.tensor(DType.F64));
  }

  /** DiT's table by its definition. */
  private static TensorData sineCosine(int side, int width) {
    int quarter = width / 4;
    float[] table = new float[side * side * width];
    for (int i = 0; i < table.length; i++) {
      int token = i / width;
      int channel = i % width;
      double frequency = Math.pow(10_000, -(double) (channel % quarter) / quarter);
      double angle = frequency * (channel < 2 * quarter ? token % side : token / side);
      boolean sine = channel / quarter % 2 == 0;
      table[i] = (float) (sine ? Math.sin(angle) : Math.cos(angle));
    }
    return MemoryTensor.of(table, 1, (long) side * side, width);
  }

  @Test
  void ditComputesItsTableAnew() {
    try (Checkpoint checkpoint = dit("dit-tiny", 3)) {
      Checkpoint larger = checkpoint.adapted(change(16, 20));
      assertEquals(new DitConfig(16, 2, 4, 48, 3, 3, 192, 20, true, 256), larger.config());
      assertEquals(sineCosine(8, 48).type(), larger.tensors().get("pos_embed").type());
      assertArrayEquals(
          Tensors.floats(sineCosine(8, 48)),
          Tensors.floats(larger.tensors().get("pos_embed")),
          1e-6f);
      assertEquals(
          List.of(
              "input_size 8 became 16; pos_embed was computed anew",
              "num_classes 10 became 20; every class starts as the mean of the old ones, and the"
                  + " null class was kept"),
          larger.provenance().changes());
    }
  }

  @Test
  void ditKeepsItsArithmeticAndEveryBlocksTable() {
    try (Checkpoint checkpoint = Checkpoints.open(Fixtures.of("dit-diffusers-distinct"))) {
      DitConfig before = (DitConfig) checkpoint.config();
      Checkpoint adapted = checkpoint.adapted(change(16, 3));
      DitConfig after = (DitConfig) adapted.config();
      assertEquals(
          new DitConfig(16, 2, 4, 24, 2, 2, 96, 3, true, 256)
              .withArithmetic(before.timestepFrequencyShift(), before.normEps())
              .withPerBlockEmbedders(true),
          after);
      for (int block = 0; block < 2; block++) {
        String name = "blocks." + block + ".y_embedder.embedding_table.weight";
        assertEquals(List.of(4L, 24L), adapted.tensors().get(name).type().shape());
      }
    }
  }

  @Test
  void ditInterpolatesATableOfItsOwn() {
    try (Checkpoint checkpoint = dit("dit-tiny-nosigma-p4", 3)) {
      Checkpoint smaller = checkpoint.adapted(change(8, null));
      assertEquals(
          List.of(
              "input_size 16 became 8; pos_embed is not the sine-cosine table and was"
                  + " interpolated"),
          smaller.provenance().changes());
      assertArrayEquals(
          values(PositionTable.of(checkpoint.tensors().get("pos_embed"), 0, 4).resized(2)),
          Tensors.doubles(smaller.tensors().get("pos_embed")),
          1e-6);
    }
  }

  private static Checkpoint dit(String name, int heads) {
    return Checkpoints.open(
        Fixtures.of(name).resolve("checkpoint.pt"), ImportOptions.defaults().withHeads(heads));
  }

  private static Checkpoint uvit(String name, int heads) {
    return Checkpoints.open(
        Fixtures.of(name).resolve("nnet_ema.pth"), ImportOptions.defaults().withHeads(heads));
  }

  private static Adaptation change(Integer imageSize, Integer numClasses) {
    return new Adaptation(optional(imageSize), optional(numClasses));
  }

  private static OptionalInt optional(Integer value) {
    return value == null ? OptionalInt.empty() : OptionalInt.of(value);
  }

  @Test
  void uvitKeepsTheTokensInFrontAndTheNullClass(@TempDir Path folder) throws IOException {
    try (Checkpoint checkpoint = uvit("uvit-tiny", 3)) {
      Checkpoint adapted = checkpoint.adapted(change(12, 4));
      UvitConfig config = (UvitConfig) adapted.config();
      assertEquals(12, config.imgSize());
      assertEquals(OptionalInt.of(3), config.nullClass());
      float[] before = Tensors.floats(checkpoint.tensors().get("pos_embed"));
      float[] after = Tensors.floats(adapted.tensors().get("pos_embed"));
      assertEquals((2 + 36) * 48, after.length);
      assertArrayEquals(Arrays.copyOf(before, 96), Arrays.copyOf(after, 96), "label and time");
      float[] labels = Tensors.floats(checkpoint.tensors().get("label_emb.weight"));
      float[] few = Tensors.floats(adapted.tensors().get("label_emb.weight"));
      assertArrayEquals(
          Arrays.copyOfRange(labels, 10 * 48, 11 * 48), Arrays.copyOfRange(few, 3 * 48, 4 * 48));

      Path model = folder.resolve("model");
      ModelDirectory.write(model, adapted, WriteOptions.defaults());
      try (Checkpoint read = Checkpoints.open(model)) {
        assertEquals(adapted.config(), read.config());
        assertEquals(adapted.provenance(), read.provenance());
        assertEquals(
            List.of(
                "img_size 8 became 12; pos_embed was interpolated",
                "num_classes 11 became 4; every class starts as the mean of the old ones, and the"
                    + " last row was kept"),
            read.provenance().changes());
        assertArrayEquals(after, Tensors.floats(read.tensors().get("pos_embed")));
      }
      assertEquals(
          List.of(
              "no longer the published network: img_size 8 became 12; pos_embed was interpolated"),
          checkpoint.adapted(change(12, null)).notes().stream()
              .filter(note -> note.contains("no longer"))
              .toList());
    }
  }

  @Test
  void aChangedNetworkBearsNoPublishedName() {
    DitConfig config = new DitConfig(32, 2, 4, 384, 12, 6, 1536, 1000, true, 256);
    Map<String, TensorData> table = Map.of("pos_embed", sineCosine(16, 384));
    try (Checkpoint published = Checkpoint.generated(config, table)) {
      assertEquals(Optional.of("DiT-S/2"), published.publishedName());
      assertEquals(Optional.empty(), published.adapted(change(64, null)).publishedName());
      assertEquals(
          Optional.of("DiT-S/2"), published.adapted(change(32, 1000)).publishedName(), "as it was");
      assertSame(published, published.adapted(Adaptation.NONE));
    }
  }

  @Test
  void efficientVitReplacesItsClassifier() {
    Path file = Fixtures.of("efficientvit-b-tiny").resolve("efficientvit_b_tiny.pt");
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      Checkpoint adapted = checkpoint.adapted(change(null, 3));
      assertEquals(3, ((EfficientVitConfig) adapted.config()).head().orElseThrow().classes());
      float[] old = Tensors.floats(checkpoint.tensors().get("head.op_list.3.linear.bias"));
      double mean = 0;
      for (float value : old) {
        mean += value / old.length;
      }
      assertArrayEquals(
          new double[] {mean, mean, mean},
          Tensors.doubles(adapted.tensors().get("head.op_list.3.linear.bias")),
          1e-6);
      assertEquals(
          List.of(3L, 56L), adapted.tensors().get("head.op_list.3.linear.weight").type().shape());
      assertEquals(
          "EfficientViT takes images of any size; there is nothing to change",
          refusal(checkpoint, change(96, null)));
    }
  }

  @Test
  void refusesWhatCannotBeChanged() {
    try (Checkpoint unconditional = uvit("uvit-tiny-uncond-mlptime", 4)) {
      assertEquals(
          "this U-ViT has no classes that could be changed",
          refusal(unconditional, change(null, 5)));
      assertEquals(
          "img_size 9 is not a multiple of patch_size 2", refusal(unconditional, change(9, null)));
    }
  }

  private static String refusal(Checkpoint checkpoint, Adaptation change) {
    return assertThrows(IllegalArgumentException.class, () -> checkpoint.adapted(change))
        .getMessage();
  }

  @Test
  void newClassesAreTheMeanOfTheOld() {
    TensorData table = MemoryTensor.of(new float[] {1, 2, 3, 6, 50, 60}, 3, 2);
    assertArrayEquals(
        new float[] {2, 4, 2, 4, 2, 4, 50, 60},
        Tensors.floats(ClassTable.replaced(table, 4, true)));
    assertArrayEquals(
        new float[] {18, 68 / 3f}, Tensors.floats(ClassTable.replaced(table, 1, false)), 1e-5f);
  }
}
