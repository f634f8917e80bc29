package org.canbridge.importers.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import org.canbridge.fixtures.Fixtures;
import org.junit.jupiter.api.Test;

final class SafetensorsFileTest {

  @Test
  void mapsTensorsPrivately() {
    try (SafetensorsFile file =
        SafetensorsFile.open(Fixtures.of("dit-tiny").resolve("reference.safetensors"))) {
      assertEquals(TensorType.of(DType.F32, 3, 4, 8, 8), file.tensors().get("input.x").type());
      TensorData labels = file.tensors().get("input.y");
      ByteBuffer first = labels.bytes();
      long label = first.getLong(0);
      assertTrue(first.isDirect());
      first.putLong(0, label + 1);
      assertEquals(label, labels.bytes().getLong(0));
    }
  }
}
