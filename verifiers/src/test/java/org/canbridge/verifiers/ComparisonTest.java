package org.canbridge.verifiers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.canbridge.tensors.ConstantTensor;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ComparisonTest {
  private static final Tolerance HALF_AND_QUARTER = new Tolerance(0.5, 0.25, "test");

  private static Comparison compare(double[] expected, double[] actual, Tolerance tolerance) {
    return Comparison.of("t", vector(expected), vector(actual), tolerance);
  }

  private static TensorData vector(double... values) {
    return MemoryTensor.of(values, values.length);
  }

  private static Differences found(Comparison comparison) {
    return comparison.differences().orElseThrow();
  }

  @Test
  void passesUpToTheBoundAndNotBeyond() {
    // bounds: 0.25 + 0.5 * 2 = 1.25, and 0.25
    assertTrue(compare(new double[] {2, 0}, new double[] {3.25, 0.25}, HALF_AND_QUARTER).passed());
    Comparison beyond =
        compare(new double[] {2, 0}, new double[] {3.25, Math.nextUp(0.25)}, HALF_AND_QUARTER);
    assertEquals(Outcome.VALUES_DIFFER, beyond.outcome());
    assertEquals(1, found(beyond).bad());
    assertEquals(List.of(1L), found(beyond).worst().orElseThrow().index());
    assertTrue(found(beyond).factorNeeded() > 1);
  }

  @Test
  void reportsWhatWasFound() {
    // Element 0: difference 1, bound 0.25 + 0.5 * 4 = 2.25.
    // Element 1: difference 3, bound 0.25 + 0.5 * 2 = 1.25, factor 2.4, rtol (3 - 0.25) / 2 =
    // 1.375.
    // Element 2: difference 3.5, bound 0.25 + 0.5 * 8 = 4.25.
    // Element 3: difference 0.5, bound 0.25 + 0.5 * 0.25 = 0.375, rtol (0.5 - 0.25) / 0.25 = 1.
    Differences d =
        found(
            compare(
                new double[] {4, 2, -8, 0.25}, new double[] {5, -1, -4.5, 0.75}, HALF_AND_QUARTER));
    assertEquals(4, d.elements());
    assertEquals(2, d.bad());
    assertEquals(0.5, d.badShare());
    assertEquals(Optional.of(new Differences.Element(List.of(1L), 2, -1)), d.worst());
    assertEquals(3.5, d.maxAbsolute());
    assertEquals(2, d.maxRelative());
    assertEquals(2.4, d.factorNeeded());
    assertEquals(1.375, d.rtolNeeded());
    assertEquals(0, d.nonFiniteExpected());
    assertEquals(0, d.nonFiniteActual());
  }

  @Test
  void zeroReferenceNeedsTheAbsolutePart() {
    Differences d = found(compare(new double[] {0}, new double[] {0.5}, HALF_AND_QUARTER));
    assertEquals(2, d.factorNeeded());
    assertEquals(Double.POSITIVE_INFINITY, d.rtolNeeded());
    assertEquals(Double.POSITIVE_INFINITY, d.maxRelative());
  }

  @Test
  void equalTensorsNeedNoTolerance() {
    Tolerance none = new Tolerance(0, 0, "test");
    Comparison equal = compare(new double[] {0, -1}, new double[] {-0.0, -1}, none);
    assertTrue(equal.passed());
    assertEquals(0, found(equal).factorNeeded());
    assertEquals(0, found(equal).rtolNeeded());
    Differences differs = found(compare(new double[] {1}, new double[] {1.5}, none));
    assertEquals(Double.POSITIVE_INFINITY, differs.factorNeeded());
    assertEquals(0.5, differs.rtolNeeded());
  }

  @Test
  void toleranceNeededIsEnoughAndHardlyLessIsNot() {
    Random random = new Random(7);
    Tolerance tolerance = new Tolerance(1e-4, 1e-5, "test");
    for (int round = 0; round < 2000; round++) {
      double scale = Math.pow(10, random.nextInt(8) - 5);
      double[] expected = random.doubles(4, -scale, scale).toArray();
      double[] actual = expected.clone();
      for (int i = 0; i < actual.length; i++) {
        actual[i] += random.nextGaussian() * Math.pow(10, -random.nextInt(8));
      }
      Comparison comparison = compare(expected, actual, tolerance);
      Differences d = found(comparison);
      assertEquals(comparison.passed(), d.factorNeeded() <= 1);
      assertTrue(compare(expected, actual, new Tolerance(d.rtolNeeded(), 1e-5, "enough")).passed());
      if (d.rtolNeeded() > 0) {
        assertFalse(
            compare(expected, actual, new Tolerance(d.rtolNeeded() * 0.999999, 1e-5, "less"))
                .passed());
      }
      double enough = d.factorNeeded() * (1 + 1e-12);
      assertTrue(
          compare(expected, actual, new Tolerance(1e-4 * enough, 1e-5 * enough, "enough"))
              .passed());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "NaN, 1, 1, 0",
    "1, NaN, 0, 1",
    "NaN, NaN, 1, 1",
    "Infinity, Infinity, 1, 1",
    "-Infinity, -Infinity, 1, 1",
    "Infinity, -Infinity, 1, 1",
    "1, Infinity, 0, 1",
    "-Infinity, 1, 1, 0"
  })
  void whatIsNotFiniteNeverPasses(
      double expected, double actual, long nonFiniteExpected, long nonFiniteActual) {
    Tolerance anything = new Tolerance(Double.MAX_VALUE, Double.MAX_VALUE, "test");
    // The first element would be the worst of the finite ones.
    Comparison comparison =
        compare(new double[] {0, 1, expected, 2}, new double[] {1e300, 1, actual, 2}, anything);
    assertEquals(Outcome.VALUES_DIFFER, comparison.outcome());
    Differences d = found(comparison);
    assertEquals(1, d.bad());
    assertEquals(nonFiniteExpected, d.nonFiniteExpected());
    assertEquals(nonFiniteActual, d.nonFiniteActual());
    assertEquals(Optional.of(new Differences.Element(List.of(2L), expected, actual)), d.worst());
    assertEquals(Double.POSITIVE_INFINITY, d.factorNeeded());
    assertEquals(Double.POSITIVE_INFINITY, d.rtolNeeded());
    assertEquals(1e300, d.maxAbsolute());
  }

  @Test
  void firstOfSeveralNonFiniteElementsIsTheWorst() {
    Differences d =
        found(
            compare(
                new double[] {1, 2, 3},
                new double[] {1, Double.NaN, Double.POSITIVE_INFINITY},
                HALF_AND_QUARTER));
    assertEquals(List.of(1L), d.worst().orElseThrow().index());
    assertEquals(2, d.bad());
  }

  @ParameterizedTest
  @ValueSource(strings = {"F64", "F32", "F16", "BF16", "F8_E5M2", "F8_E4M3"})
  void nanNeverPassesInAnyType(DType dtype) {
    TensorData nan = ConstantTensor.of(TensorType.of(dtype, 3), Double.NaN);
    Differences d = found(Comparison.of("t", nan, nan, Tolerance.of(dtype)));
    assertEquals(3, d.bad());
    assertEquals(3, d.nonFiniteActual());
  }

  @Test
  void infinityOfHalfPrecisionNeverPasses() {
    for (DType dtype : List.of(DType.F16, DType.BF16, DType.F8_E5M2)) {
      TensorData infinite = ConstantTensor.of(TensorType.of(dtype, 2), Double.NEGATIVE_INFINITY);
      assertFalse(Comparison.of("t", infinite, infinite, Tolerance.of(dtype)).passed());
    }
  }

  @Test
  void comparesFloatingTypesWithEachOther() {
    TensorData wide = vector(1, -0.5, 0);
    for (DType dtype : List.of(DType.F32, DType.F16, DType.BF16, DType.F8_E5M2, DType.F8_E4M3)) {
      Comparison comparison =
          Comparison.of("t", wide, Tensors.as(wide, dtype), new Tolerance(0, 0, "exact"));
      assertTrue(comparison.passed(), dtype::name);
      assertEquals(dtype, comparison.actual().orElseThrow().dtype());
    }
    TensorData third = Tensors.as(vector(1.0 / 3), DType.BF16);
    // bfloat16 has 8 significant bits: 1/3 is 171/512 there.
    assertEquals(
        171 / 512.0 - 1.0 / 3,
        found(Comparison.of("t", vector(1.0 / 3), third, Tolerance.of(DType.BF16))).maxAbsolute());
  }

  @Test
  void worstIndexIsMultiDimensional() {
    float[] expected = new float[2 * 3 * 4];
    float[] actual = expected.clone();
    actual[1 * 12 + 2 * 4 + 3] = 5;
    actual[0] = 4;
    Differences d =
        found(
            Comparison.of(
                "t",
                MemoryTensor.of(expected, 2, 3, 4),
                MemoryTensor.of(actual, 2, 3, 4),
                Tolerance.of(DType.F32)));
    assertEquals(Optional.of(new Differences.Element(List.of(1L, 2L, 3L), 0, 5)), d.worst());
    assertEquals(2, d.bad());
  }

  @Test
  void scalarsHaveAnEmptyIndex() {
    Comparison comparison =
        Comparison.of(
            "t",
            MemoryTensor.of(new double[] {1}),
            MemoryTensor.of(new double[] {2}),
            HALF_AND_QUARTER);
    assertEquals(Outcome.VALUES_DIFFER, comparison.outcome());
    assertEquals(Optional.of(new Differences.Element(List.of(), 1, 2)), found(comparison).worst());
  }

  @Test
  void emptyTensorsAreEqualIfTheirShapesAre() {
    TensorData empty = MemoryTensor.of(new float[0], 0, 4);
    Comparison equal = Comparison.of("t", empty, empty, Tolerance.of(DType.F32));
    assertTrue(equal.passed());
    assertEquals(0, found(equal).elements());
    assertEquals(0, found(equal).badShare());
    assertEquals(Optional.empty(), found(equal).worst());
    Comparison other =
        Comparison.of("t", empty, MemoryTensor.of(new float[0], 4, 0), Tolerance.of(DType.F32));
    assertEquals(Outcome.SHAPE_DIFFERS, other.outcome());
  }

  @Test
  void shapeIsCheckedBeforeType() {
    TensorData floats = MemoryTensor.of(new float[] {1, 2}, 2);
    TensorData longs = MemoryTensor.of(new long[] {1, 2}, 1, 2);
    Comparison comparison = Comparison.of("t", floats, longs, Tolerance.of(DType.F32));
    assertEquals(Outcome.SHAPE_DIFFERS, comparison.outcome());
    assertEquals(Optional.of(TensorType.of(DType.I64, 1, 2)), comparison.actual());
    assertEquals(Optional.empty(), comparison.differences());
  }

  @Test
  void kindsOfElementsDoNotMix() {
    TensorData floats = ConstantTensor.zeros(TensorType.of(DType.F32, 2));
    TensorData integers = ConstantTensor.zeros(TensorType.of(DType.I64, 2));
    TensorData booleans = ConstantTensor.zeros(TensorType.of(DType.BOOL, 2));
    Tolerance any = Tolerance.of(DType.F32);
    assertEquals(Outcome.DTYPE_DIFFERS, Comparison.of("t", floats, integers, any).outcome());
    assertEquals(Outcome.DTYPE_DIFFERS, Comparison.of("t", integers, booleans, any).outcome());
    assertEquals(Outcome.DTYPE_DIFFERS, Comparison.of("t", booleans, floats, any).outcome());
    assertTrue(Comparison.of("t", booleans, booleans, any).passed());
  }

  @Test
  void integersAreExactAtAnyTolerance() {
    Tolerance loose = new Tolerance(1, 1, "test");
    Comparison comparison =
        Comparison.of(
            "t",
            MemoryTensor.of(new long[] {7, 1L << 53}, 2),
            MemoryTensor.of(new long[] {7, (1L << 53) + 1}, 2),
            loose);
    assertEquals(1, found(comparison).bad());
    assertEquals(1, found(comparison).maxAbsolute());
    assertEquals(0, comparison.tolerance().orElseThrow().atol());
    assertTrue(
        Comparison.of(
                "t",
                MemoryTensor.of(new long[] {-3, 200}, 2),
                ofBytes(DType.I16, 2, b -> b.putShort((short) -3).putShort((short) 200)),
                loose)
            .passed());
  }

  @Test
  void unsignedIntegersPastTheSignedRange() {
    TensorData top = ofBytes(DType.U64, 1, b -> b.putLong(-1));
    TensorData below = ofBytes(DType.U64, 1, b -> b.putLong(-2));
    assertTrue(Comparison.of("t", top, top, Tolerance.of(DType.U64)).passed());
    assertEquals(1, found(Comparison.of("t", top, below, Tolerance.of(DType.U64))).maxAbsolute());
    Differences d =
        found(
            Comparison.of("t", top, MemoryTensor.of(new long[] {-1}, 1), Tolerance.of(DType.U64)));
    assertEquals(0x1p64, d.maxAbsolute());
  }

  private static TensorData ofBytes(DType dtype, int count, Consumer<ByteBuffer> fill) {
    TensorType type = TensorType.of(dtype, count);
    ByteBuffer bytes = ByteBuffer.allocate((int) type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    fill.accept(bytes);
    return MemoryTensor.of(type, bytes.flip());
  }

  @Test
  void readsLargeTensorsInPieces() {
    // 2^24 + 3 elements; reading them at once would take more than a piece.
    TensorType type = TensorType.of(DType.BF16, 3, (1L << 24) / 3 + 1);
    RecordingTensor expected = new RecordingTensor(ConstantTensor.of(type, 2));
    RecordingTensor actual = new RecordingTensor(ConstantTensor.of(type, 2.5));
    Differences d = found(Comparison.of("t", expected, actual, new Tolerance(0, 0.25, "test")));
    assertEquals(type.elements(), d.elements());
    assertEquals(type.elements(), d.bad());
    assertEquals(List.of(0L, 0L), d.worst().orElseThrow().index());
    assertTrue(expected.largest <= 1 << 20, () -> "piece of " + expected.largest + " bytes");
    assertTrue(actual.largest <= 1 << 20, () -> "piece of " + actual.largest + " bytes");
  }

  /** Notes the largest piece that was asked for. */
  private static final class RecordingTensor implements TensorData {
    private final TensorData tensor;
    private int largest;

    RecordingTensor(TensorData tensor) {
      this.tensor = tensor;
    }

    @Override
    public TensorType type() {
      return tensor.type();
    }

    @Override
    public ByteBuffer bytes(long offset, int length) {
      largest = Math.max(largest, length);
      return tensor.bytes(offset, length);
    }
  }

  @Test
  void comparesSetsByName() {
    Map<String, TensorData> expected = new LinkedHashMap<>();
    expected.put("b", vector(1));
    expected.put("a", vector(2));
    expected.put("gone", vector(3));
    Map<String, TensorData> actual = new LinkedHashMap<>();
    actual.put("extra", vector(4));
    actual.put("a", vector(2));
    actual.put("b", vector(9));
    List<Comparison> results = Comparison.ofAll(expected, actual, Tolerance.of(DType.F64));
    assertEquals(
        List.of("b VALUES_DIFFER", "a EQUAL", "gone MISSING", "extra UNEXPECTED"),
        results.stream().map(c -> c.name() + " " + c.outcome()).toList());
  }
}
