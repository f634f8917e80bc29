package org.canbridge.runtime.diffusion;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.safetensors.SafetensorsFile;

/** Tensors of a reference file as float64 arrays. */
public final class ReferenceTensors implements AutoCloseable {
  private final SafetensorsFile file;

  /** Opens a file. */
  public ReferenceTensors(Path path) {
    file = SafetensorsFile.open(path);
  }

  boolean has(String name) {
    return file.tensors().containsKey(name);
  }

  List<Long> shape(String name) {
    return tensor(name).type().shape();
  }

  /** The values of a tensor. */
  public double[] read(String name) {
    TensorData tensor = tensor(name);
    ByteBuffer bytes = tensor.bytes().order(ByteOrder.LITTLE_ENDIAN);
    double[] values = new double[Math.toIntExact(tensor.type().elements())];
    switch (tensor.type().dtype()) {
      case F64 -> Arrays.setAll(values, i -> bytes.getDouble(8 * i));
      case F32 -> Arrays.setAll(values, i -> bytes.getFloat(4 * i));
      case I64 -> Arrays.setAll(values, i -> bytes.getLong(8 * i));
      default -> throw new IllegalArgumentException(name + " has type " + tensor.type());
    }
    return values;
  }

  private TensorData tensor(String name) {
    TensorData tensor = file.tensors().get(name);
    if (tensor == null) {
      throw new IllegalArgumentException("no tensor " + name + " in " + file.path());
    }
    return tensor;
  }

  @Override
  public void close() {
    file.close();
  }
}
