package org.canbridge.importers;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;

/** Tensors with recognisable bytes, and their bytes. */
public final class TestTensors {
  private TestTensors() {}

  /** A tensor of random bytes that depend on the seed alone. */
  public static TensorData random(long seed, DType dtype, List<Long> shape) {
    TensorType type = new TensorType(dtype, shape);
    byte[] bytes = new byte[Math.toIntExact(type.bytes())];
    new Random(seed).nextBytes(bytes);
    return MemoryTensor.of(type, ByteBuffer.wrap(bytes));
  }

  /** A random F32 tensor for each name, different for each name. */
  public static Map<String, TensorData> random(Map<String, List<Long>> shapes) {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    shapes.forEach((name, shape) -> tensors.put(name, random(name.hashCode(), DType.F32, shape)));
    return tensors;
  }

  /** All bytes of a tensor, as it writes them. */
  public static byte[] bytes(TensorData tensor) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      tensor.writeTo(Channels.newChannel(out));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }
}
