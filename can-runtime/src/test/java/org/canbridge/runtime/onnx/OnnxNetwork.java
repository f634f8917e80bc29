package org.canbridge.runtime.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/** A graph in ONNX Runtime, which is given the weights by name. */
public final class OnnxNetwork implements AutoCloseable {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final List<OnnxTensor> weights = new ArrayList<>();
  private final OrtSession session;

  public OnnxNetwork(
      Graph graph, Map<String, TensorData> tensors, List<String> outputs, OnnxOptions options)
      throws OrtException {
    OnnxProgram program = OnnxLowering.of(graph, outputs, options);
    Map<String, OnnxTensorLike> byName = new HashMap<>();
    Map<String, TensorData> typed = as(options.type(), tensors);
    for (OnnxProgram.Weight weight : program.weights()) {
      weights.add(tensor(typed.get(weight.name())));
      byName.put(weight.name(), weights.get(weights.size() - 1));
    }
    try (OrtSession.SessionOptions settings = new OrtSession.SessionOptions()) {
      settings.setIntraOpNumThreads(1);
      settings.addExternalInitializers(byName);
      session = environment.createSession(program.model().toByteArray(), settings);
    }
  }

  /** Weights in the type that a program takes. */
  static Map<String, TensorData> as(OnnxType type, Map<String, TensorData> tensors) {
    Map<String, TensorData> typed = new HashMap<>(tensors);
    typed.replaceAll((name, tensor) -> Tensors.as(tensor, type.dtype()));
    return typed;
  }

  private OnnxTensor tensor(TensorData data) throws OrtException {
    OnnxJavaType type =
        switch (data.type().dtype()) {
          case F32 -> OnnxJavaType.FLOAT;
          case F16 -> OnnxJavaType.FLOAT16;
          case BF16 -> OnnxJavaType.BFLOAT16;
          case I64 -> OnnxJavaType.INT64;
          default -> throw new IllegalArgumentException("" + data.type());
        };
    return OnnxTensor.createTensor(environment, data.bytes(), shape(data), type);
  }

  /** Timesteps may be given as integers. */
  private static TensorData floating(TensorData value) {
    return value.type().dtype().isFloating()
        ? value
        : MemoryTensor.of(Tensors.floats(value), shape(value));
  }

  private static long[] shape(TensorData value) {
    return value.type().shape().stream().mapToLong(Long::longValue).toArray();
  }

  /** The outputs, in the order in which they were asked for. */
  public List<float[]> run(Map<String, TensorData> inputs) throws OrtException {
    Map<String, OnnxTensor> arguments = new LinkedHashMap<>();
    try {
      for (String name : session.getInputNames()) {
        boolean integer =
            ((TensorInfo) session.getInputInfo().get(name).getInfo()).type == OnnxJavaType.INT64;
        arguments.put(name, tensor(integer ? inputs.get(name) : floating(inputs.get(name))));
      }
      try (OrtSession.Result result = session.run(arguments)) {
        List<float[]> values = new ArrayList<>();
        for (int i = 0; i < result.size(); i++) {
          OnnxTensor value = (OnnxTensor) result.get(i);
          values.add(new float[value.getFloatBuffer().remaining()]);
          value.getFloatBuffer().get(values.get(i));
        }
        return values;
      }
    } finally {
      arguments.values().forEach(OnnxTensor::close);
    }
  }

  @Override
  public void close() throws OrtException {
    session.close();
    weights.forEach(OnnxTensor::close);
  }
}
