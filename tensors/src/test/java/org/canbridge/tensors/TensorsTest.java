package org.canbridge.tensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TensorsTest {
  private static final double INF = Double.POSITIVE_INFINITY;

  /** Values at the edges of the small types. */
  private static final double[] VALUES = {
    0.0,
    -0.0,
    1.0,
    -2.5,
    Math.PI,
    1e-8,
    6e-8,
    0x1p-24,
    2.98e-8,
    65504,
    65519.999,
    65520,
    448,
    464,
    57344,
    61439,
    61440,
    1e30,
    3.4e38,
    0.001,
    0x1p-9,
    0x1p-10,
    1.00390625,
    1.01171875,
    1.0048828125,
    1.00048828125,
    1.00146484375,
    9e-41,
    INF,
    -INF
  };

  private static long[] bits(TensorData tensor) {
    ByteBuffer bytes = tensor.bytes();
    int width = tensor.type().dtype().bytes();
    long[] bits = new long[bytes.remaining() / width];
    for (int i = 0; i < bits.length; i++) {
      bits[i] =
          switch (width) {
            case 1 -> bytes.get(i) & 0xff;
            case 2 -> bytes.getShort(2 * i) & 0xffff;
            case 4 -> bytes.getInt(4 * i) & 0xffffffffL;
            default -> bytes.getLong(8 * i);
          };
    }
    return bits;
  }

  private static TensorData raw(DType dtype, int count) {
    ByteBuffer bytes = ByteBuffer.allocate(count * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      if (dtype.bytes() == 2) {
        bytes.putShort((short) i);
      } else {
        bytes.put((byte) i);
      }
    }
    return MemoryTensor.of(TensorType.of(dtype, count), bytes.flip());
  }

  private static long[] rounded(DType dtype) {
    return bits(Tensors.as(MemoryTensor.of(VALUES, VALUES.length), dtype));
  }

  /** Expected bits by PyTorch 2.13, from the same values. */
  @Test
  void roundsToNearestEven() {
    assertArrayEquals(
        new long[] {
          0x0, 0x8000, 0x3f80, 0xc020, 0x4049, 0x322c, 0x3381, 0x3380, 0x3300, 0x4780, 0x4780,
          0x4780, 0x43e0, 0x43e8, 0x4760, 0x4770, 0x4770, 0x714a, 0x7f80, 0x3a83, 0x3b00, 0x3a80,
          0x3f80, 0x3f82, 0x3f81, 0x3f80, 0x3f80, 0x1, 0x7f80, 0xff80
        },
        rounded(DType.BF16));
    assertArrayEquals(
        new long[] {
          0x0, 0x8000, 0x3c00, 0xc100, 0x4248, 0x0, 0x1, 0x1, 0x0, 0x7bff, 0x7bff, 0x7c00, 0x5f00,
          0x5f40, 0x7b00, 0x7b80, 0x7b80, 0x7c00, 0x7c00, 0x1419, 0x1800, 0x1400, 0x3c04, 0x3c0c,
          0x3c05, 0x3c00, 0x3c02, 0x0, 0x7c00, 0xfc00
        },
        rounded(DType.F16));
    assertArrayEquals(
        new long[] {
          0x0, 0x80, 0x3c, 0xc1, 0x42, 0x0, 0x0, 0x0, 0x0, 0x7c, 0x7c, 0x7c, 0x5f, 0x5f, 0x7b, 0x7b,
          0x7c, 0x7c, 0x7c, 0x14, 0x18, 0x14, 0x3c, 0x3c, 0x3c, 0x3c, 0x3c, 0x0, 0x7c, 0xfc
        },
        rounded(DType.F8_E5M2));
    // Where PyTorch 2.13 saturates (0x7e), earlier versions and we give NaN (0x7f).
    assertArrayEquals(
        new long[] {
          0x0, 0x80, 0x38, 0xc2, 0x45, 0x0, 0x0, 0x0, 0x0, 0x7f, 0x7f, 0x7f, 0x7e, 0x7e, 0x7f, 0x7f,
          0x7f, 0x7f, 0x7f, 0x1, 0x1, 0x0, 0x38, 0x38, 0x38, 0x38, 0x38, 0x0, 0x7f, 0xff
        },
        rounded(DType.F8_E4M3));
  }

  /** 1 + 2^-11 + 2^-40 is above the tie in F16, but a float on the way would make it one. */
  @Test
  void roundsOnlyOnce() {
    TensorData value = MemoryTensor.of(new double[] {1 + 0x1p-11 + 0x1p-40}, 1);
    assertArrayEquals(new long[] {0x3c01}, bits(Tensors.as(value, DType.F16)));
  }

  @Test
  void keepsEveryValueOfSmallTypesThroughWiderOnes() {
    for (DType dtype : List.of(DType.F16, DType.BF16, DType.F8_E4M3, DType.F8_E5M2)) {
      TensorData all = raw(dtype, 1 << (8 * dtype.bytes()));
      double[] values = Tensors.doubles(all);
      for (DType wide : List.of(DType.F32, DType.F64)) {
        TensorData back = Tensors.as(Tensors.as(all, wide), dtype);
        double[] again = Tensors.doubles(back);
        long[] bits = bits(back);
        for (int i = 0; i < values.length; i++) {
          assertEquals(Double.isNaN(values[i]), Double.isNaN(again[i]), dtype + " " + i);
          if (!Double.isNaN(values[i])) {
            assertEquals(i, bits[i], dtype.toString());
          }
        }
      }
    }
  }

  @Test
  void decodesKnownBits() {
    assertEquals(0x1p-24, Tensors.doubles(raw(DType.F16, 1 << 16))[1]);
    assertEquals(65504, Tensors.doubles(raw(DType.F16, 1 << 16))[0x7bff]);
    assertEquals(-INF, Tensors.doubles(raw(DType.F16, 1 << 16))[0xfc00]);
    assertEquals(0x1p-9, Tensors.doubles(raw(DType.F8_E4M3, 256))[1]);
    assertEquals(448, Tensors.doubles(raw(DType.F8_E4M3, 256))[0x7e]);
    assertTrue(Double.isNaN(Tensors.doubles(raw(DType.F8_E4M3, 256))[0xff]));
    assertEquals(0x1p-16, Tensors.doubles(raw(DType.F8_E5M2, 256))[1]);
    assertEquals(57344, Tensors.doubles(raw(DType.F8_E5M2, 256))[0x7b]);
    assertEquals(INF, Tensors.doubles(raw(DType.F8_E5M2, 256))[0x7c]);
    assertTrue(Double.isNaN(Tensors.doubles(raw(DType.F8_E5M2, 256))[0x7d]));
  }

  @Test
  void widensBf16BitByBit() {
    long[] bits = bits(Tensors.as(raw(DType.BF16, 1 << 16), DType.F32));
    for (int i = 0; i < bits.length; i++) {
      assertEquals((long) i << 16, bits[i]);
    }
  }

  @Test
  void widensIntegers() {
    ByteBuffer bytes = ByteBuffer.wrap(new byte[] {1, 0, 0, 0, -1, -1, -1, -1});
    assertArrayEquals(new long[] {1, -1}, as(DType.I32, bytes));
    assertArrayEquals(new long[] {1, 0xffffffffL}, as(DType.U32, bytes));
    assertArrayEquals(new long[] {1, 0, -1, -1}, as(DType.I16, bytes));
    assertArrayEquals(new long[] {1, 0, 0xffff, 0xffff}, as(DType.U16, bytes));
    assertArrayEquals(new long[] {1, 0, 0, 0, -1, -1, -1, -1}, as(DType.I8, bytes));
    assertArrayEquals(new long[] {1, 0, 0, 0, 255, 255, 255, 255}, as(DType.U8, bytes));
    assertArrayEquals(new long[] {1, 0, 0, 0, 1, 1, 1, 1}, as(DType.BOOL, bytes));
    assertThrows(ArithmeticException.class, () -> as(DType.U64, bytes));
  }

  private static long[] as(DType dtype, ByteBuffer bytes) {
    long count = bytes.remaining() / dtype.bytes();
    TensorData tensor = MemoryTensor.of(TensorType.of(dtype, count), bytes);
    assertArrayEquals(Tensors.longs(tensor), bits(Tensors.as(tensor, DType.I64)));
    return Tensors.longs(tensor);
  }

  @Test
  void keepsTheTensorItselfIfItHasTheType() {
    TensorData tensor = MemoryTensor.of(new float[] {1}, 1);
    assertSame(tensor, Tensors.as(tensor, DType.F32));
  }

  @Test
  void refusesConversionsThatLoseMeaning() {
    TensorData floats = MemoryTensor.of(new float[] {1}, 1);
    TensorData integers = MemoryTensor.of(new long[] {1}, 1);
    assertThrows(IllegalArgumentException.class, () -> Tensors.as(floats, DType.I64));
    assertThrows(IllegalArgumentException.class, () -> Tensors.as(integers, DType.F32));
    assertThrows(IllegalArgumentException.class, () -> Tensors.longs(floats));
  }

  @Test
  void convertsPieceByPiece() {
    int count = (1 << 20) + 3;
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = i % 1000;
    }
    TensorData half = Tensors.as(MemoryTensor.of(values, count), DType.F16);
    assertArrayEquals(values, Tensors.floats(half));
    ByteBuffer whole = half.bytes();
    ByteBuffer odd = half.bytes(2_000_001, 97_151);
    for (int i = 0; i < 97_151; i++) {
      assertEquals(whole.get(2_000_001 + i), odd.get(i));
    }
  }

  @Test
  void memoryTensorsCannotBeChangedThroughTheirBuffers() {
    TensorData tensor = MemoryTensor.of(new long[] {5, 6}, 2);
    tensor.bytes().putLong(0, 9);
    assertArrayEquals(new long[] {5, 6}, Tensors.longs(tensor));
    assertEquals(6, tensor.bytes(8, 8).getLong());
    assertThrows(IndexOutOfBoundsException.class, () -> tensor.bytes(9, 8));
    assertThrows(IllegalArgumentException.class, () -> MemoryTensor.of(new long[] {5, 6}, 3));
  }

  @Test
  void constantTensorsOfAnySize() {
    TensorData huge = ConstantTensor.of(TensorType.of(DType.F32, 1L << 40), -1.5);
    ByteBuffer piece = huge.bytes((1L << 42) - 6, 6);
    assertEquals(-1.5f, piece.getFloat(2));
    assertEquals((short) 0xbfc0, piece.getShort(0));
    assertArrayEquals(
        new double[] {0, 0}, Tensors.doubles(ConstantTensor.zeros(TensorType.of(DType.F64, 2))));
    assertArrayEquals(
        new long[] {200}, Tensors.longs(ConstantTensor.of(TensorType.of(DType.U8), 200)));
    assertThrows(
        IllegalArgumentException.class, () -> ConstantTensor.of(TensorType.of(DType.I8), 200));
    assertThrows(
        IllegalArgumentException.class, () -> ConstantTensor.of(TensorType.of(DType.I64), 0.5));
    assertThrows(
        IllegalArgumentException.class, () -> ConstantTensor.of(TensorType.of(DType.I64), 0x1p63));
  }

  @Test
  void rowsAreScaledInFloat64() {
    TensorData tensor = MemoryTensor.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2);
    TensorData scaled = Tensors.scaledRows(tensor, new double[] {0.1, -2, 0});
    assertEquals(TensorType.of(DType.F64, 3, 2), scaled.type());
    assertArrayEquals(new double[] {0.1, 0.2, -6, -8, 0, 0}, Tensors.doubles(scaled));
    assertEquals(-8, scaled.bytes(24, 8).getDouble(0), "a range from the middle");
    assertThrows(
        IllegalArgumentException.class, () -> Tensors.scaledRows(tensor, new double[] {1, 2}));
    TensorData integers = MemoryTensor.of(new long[] {1}, 1);
    assertThrows(
        IllegalArgumentException.class, () -> Tensors.scaledRows(integers, new double[] {1}));
  }
}
