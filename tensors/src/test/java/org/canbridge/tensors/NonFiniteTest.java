package org.canbridge.tensors;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NonFiniteTest {
  private static final int ELEMENTS = 21;

  /** The largest finite number, infinity or NaN with the fewest bits, the same with the most. */
  @ParameterizedTest
  @CsvSource({
    "F64, 7fefffffffffffff, 7ff0000000000000, ffffffffffffffff",
    "F32, 7f7fffff, 7f800000, ffffffff",
    "BF16, 7f7f, 7f80, ffff",
    "F16, 7bff, 7c00, ffff",
    "F8_E5M2, 7b, 7c, ff",
    "F8_E4M3, 7e, 7f, ff"
  })
  void anElementIsFoundWhereverItLies(DType dtype, String finite, String least, String most) {
    for (int at = 0; at < ELEMENTS; at++) {
      for (String bits : new String[] {least, most}) {
        TensorData tensor = tensor(dtype, finite, bits, at);
        assertEquals(Optional.of(new NonFinite(1, at, ELEMENTS)), NonFinite.of(tensor));
      }
    }
    assertEquals(Optional.empty(), NonFinite.of(tensor(dtype, finite, finite, 0)));
    assertEquals(
        Optional.of(new NonFinite(ELEMENTS, 0, ELEMENTS)),
        NonFinite.of(tensor(dtype, most, most, 0)));
  }

  @ParameterizedTest
  @CsvSource({"I64, ffffffffffffffff", "U8, ff", "BOOL, 01"})
  void integersAreFinite(DType dtype, String bits) {
    assertEquals(Optional.empty(), NonFinite.of(tensor(dtype, bits, bits, 0)));
  }

  private static TensorData tensor(DType dtype, String all, String one, int at) {
    ByteBuffer bytes = ByteBuffer.allocate(ELEMENTS * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < ELEMENTS; i++) {
      long bits = Long.parseUnsignedLong(i == at ? one : all, 16);
      for (int k = 0; k < dtype.bytes(); k++) {
        bytes.put((byte) (bits >>> (8 * k)));
      }
    }
    return MemoryTensor.of(TensorType.of(dtype, ELEMENTS), bytes.flip());
  }
}
