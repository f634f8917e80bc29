package org.canbridge.importers.dit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;

class SineCosinePositionsTest {
  private static final SineCosinePositions TABLE = SineCosinePositions.TABLE;

  /** The authors' code stored this one. */
  @Test
  void isTheTableOfTheAuthors() {
    try (Checkpoint checkpoint =
        Checkpoints.open(
            Fixtures.of("dit-tiny").resolve("checkpoint.pt"),
            ImportOptions.defaults().withHeads(3))) {
      TensorData stored = checkpoint.tensors().get("pos_embed");
      assertTrue(Tensors.sameBytes(stored, TABLE.tensor(stored.type().shape())));
      assertEquals(Optional.empty(), TABLE.findFault(stored));
    }
  }

  @Test
  void holdsTheSinesAndCosinesOfColumnThenRow() {
    float[] row = new float[8];
    System.arraycopy(Tensors.floats(TABLE.tensor(List.of(1L, 9L, 8L))), 5 * 8, row, 0, 8);
    // Position 5 of a 3 x 3 grid: column 2, row 1; frequencies 1 and 1/100.
    float[] expected = {
      (float) Math.sin(2),
      (float) Math.sin(0.02),
      (float) Math.cos(2),
      (float) Math.cos(0.02),
      (float) Math.sin(1),
      (float) Math.sin(0.01),
      (float) Math.cos(1),
      (float) Math.cos(0.01)
    };
    assertArrayEquals(expected, row, 1e-7f);
  }

  @Test
  void acceptsTheRoundingOfSmallerTypes() {
    TensorData table = TABLE.tensor(List.of(1L, 256L, 64L));
    for (DType type : List.of(DType.F64, DType.F16, DType.BF16)) {
      assertEquals(Optional.empty(), TABLE.findFault(Tensors.as(table, type)), type.name());
    }
  }

  @Test
  void namesTheFirstDifference() {
    List<Long> shape = List.of(1L, 4L, 8L);
    float[] values = Tensors.floats(TABLE.tensor(shape));
    values[9] = Float.NaN;
    assertEquals(
        Optional.of(
            "not the sine-cosine table: NaN at position 1, channel 1, where that has 0.009999833"),
        TABLE.findFault(MemoryTensor.of(values, 1, 4, 8)));
    values = Tensors.floats(TABLE.tensor(shape));
    values[31] += 2e-6f;
    assertTrue(TABLE.findFault(MemoryTensor.of(values, 1, 4, 8)).isPresent());
  }

  @Test
  void saysWhereThereIsNoSuchTable() {
    assertEquals(
        Optional.of("3 positions are no square"),
        TABLE.findFault(MemoryTensor.of(new float[12], 1, 3, 4)));
    assertEquals(
        Optional.of("hidden_size 6 is not a multiple of 4, as sine-cosine needs"),
        TABLE.findFault(MemoryTensor.of(new float[6], 1, 1, 6)));
    assertEquals(
        Optional.of("1025 x 1025 positions; the most is 1024 a side"),
        SineCosinePositions.findObstacle(1025, 8));
  }
}
