package org.canbridge.runtime.engine;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;

/**
 * An ONNX model in ONNX Runtime, whoever wrote it: its inputs are float32 and int64, its values the
 * outputs that it has.
 */
public final class OnnxModel implements RunningNetwork {
  /** What the Java API takes as one buffer. */
  private static final long MAX_TENSOR = Integer.MAX_VALUE - 32;

  private final OrtSession session;
  private final Map<String, TensorInfo> inputs = new LinkedHashMap<>();

  private OnnxModel(OrtSession session) throws OrtException {
    this.session = session;
    session.getInputInfo().forEach((name, info) -> inputs.put(name, (TensorInfo) info.getInfo()));
  }

  /**
   * Opens a model as it lies in its file, with its weights inside or in files beside it.
   *
   * @param device empty for the processor
   * @throws InputFileException if the runtime refuses it
   */
  public static OnnxModel open(Path file, Optional<TorchDevice> device) {
    try (OrtSession.SessionOptions options = OnnxRuntime.options(device)) {
      return new OnnxModel(OnnxRuntime.environment().createSession(file.toString(), options));
    } catch (OrtException e) {
      throw InputFileException.of(EngineProblem.ONNX_REFUSED, file)
          .what("ONNX Runtime does not open this model")
          .expected("an ONNX model, with the file of its weights where it says")
          .actual(e.getMessage())
          .next("check that all of its files are there, or export it again")
          .cause(e)
          .build();
    }
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

  /** What the file says beside its graph, by key. */
  public Map<String, String> metadata() {
    try {
      return session.getMetadata().getCustomMetadata();
    } catch (OrtException e) {
      throw OnnxRuntimeException.refused("cannot read the metadata of this network", e);
    }
  }

  /** Names of its outputs. */
  public List<String> outputs() {
    return List.copyOf(session.getOutputNames());
  }

  /** Shapes of its inputs, by name; sizes that are not fixed are -1. */
  public Map<String, List<Long>> inputs() {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    inputs.forEach(
        (name, info) -> shapes.put(name, Arrays.stream(info.getShape()).boxed().toList()));
    return shapes;
  }

  @Override
  public Map<String, TensorData> run(Map<String, TensorData> inputs, List<String> values) {
    Map<String, OnnxTensor> arguments = new HashMap<>();
    try {
      for (Map.Entry<String, TensorInfo> input : this.inputs.entrySet()) {
        arguments.put(input.getKey(), argument(input.getKey(), input.getValue(), inputs));
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

  private static OnnxTensor argument(String name, TensorInfo input, Map<String, TensorData> given)
      throws OrtException {
    TensorData tensor = given.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(
          "input '" + name + "' " + Arrays.toString(input.getShape()) + " is missing");
    }
    Kind kind = input.type == OnnxJavaType.INT64 ? Kind.INT : Kind.FLOAT;
    TensorData typed = Weights.typed(tensor, kind, DType.F32);
    return tensor(typed.file().isPresent() ? new WeightFiles.Copied(typed) : typed);
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
