package org.canbridge.runtime.engine;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/** An ONNX model in ONNX Runtime; one call of {@link #run} is one native call. */
final class OnnxModel implements AutoCloseable {
  /** What the Java API takes as one buffer. */
  private static final long MAX_TENSOR = Integer.MAX_VALUE - 32;

  private final OrtSession session;

  private OnnxModel(OrtSession session) {
    this.session = session;
  }

  /**
   * Opens a model.
   *
   * @param model the file's bytes
   * @param weights what stands outside of it, by name; not needed any more once it is open
   * @param device empty for the processor
   * @throws IllegalArgumentException if a weight is too large for the Java API
   * @throws OnnxRuntimeException if the runtime refuses the model
   */
  static OnnxModel open(
      byte[] model, Map<String, TensorData> weights, Optional<TorchDevice> device) {
    Map<String, OnnxTensorLike> tensors = new LinkedHashMap<>();
    try (OrtSession.SessionOptions options = OnnxRuntime.options(device)) {
      for (Map.Entry<String, TensorData> weight : weights.entrySet()) {
        tensors.put(weight.getKey(), weight(weight.getKey(), weight.getValue()));
      }
      // Read while the model is opened, and packed for its kernels: no copy stays here.
      options.addExternalInitializers(tensors);
      return new OnnxModel(OnnxRuntime.environment().createSession(model, options));
    } catch (OrtException e) {
      throw OnnxRuntimeException.refused("cannot open this network", e);
    } finally {
      OnnxValue.close(tensors);
    }
  }

  private static OnnxTensor weight(String name, TensorData tensor) throws OrtException {
    TensorData single = Tensors.as(tensor, DType.F32);
    if (single.type().bytes() > MAX_TENSOR) {
      throw new IllegalArgumentException(
          "'"
              + name
              + "' has "
              + single.type().bytes()
              + " bytes; onnxruntime takes tensors of 2 GiB at most, pytorch any");
    }
    return tensor(single);
  }

  /** A tensor of type F32 or I64 over its own bytes. */
  private static OnnxTensor tensor(TensorData tensor) throws OrtException {
    long[] shape = tensor.type().shape().stream().mapToLong(Long::longValue).toArray();
    return tensor.type().dtype() == DType.I64
        ? OnnxTensor.createTensor(OnnxRuntime.environment(), tensor.bytes().asLongBuffer(), shape)
        : OnnxTensor.createTensor(OnnxRuntime.environment(), tensor.bytes().asFloatBuffer(), shape);
  }

  /**
   * A forward pass.
   *
   * @param inputs of type F32 or I64
   * @param values names of outputs
   * @return the values, float32, in the order asked for
   * @throws OnnxRuntimeException if it fails
   */
  Map<String, TensorData> run(Map<String, TensorData> inputs, List<String> values) {
    Map<String, OnnxTensor> arguments = new HashMap<>();
    try {
      for (Map.Entry<String, TensorData> input : inputs.entrySet()) {
        arguments.put(input.getKey(), tensor(input.getValue()));
      }
      try (OrtSession.Result results = session.run(arguments, new LinkedHashSet<>(values))) {
        Map<String, TensorData> named = new LinkedHashMap<>();
        for (String value : values) {
          named.put(value, copy((OnnxTensor) results.get(value).orElseThrow()));
        }
        return named;
      }
    } catch (OrtException e) {
      throw OnnxRuntimeException.refused("cannot run this network", e);
    } finally {
      OnnxValue.close(arguments);
    }
  }

  private static TensorData copy(OnnxTensor tensor) {
    FloatBuffer buffer = tensor.getFloatBuffer();
    float[] values = new float[buffer.remaining()];
    buffer.get(values);
    return MemoryTensor.of(values, tensor.getInfo().getShape());
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw OnnxRuntimeException.refused("cannot close this network", e);
    }
  }
}
