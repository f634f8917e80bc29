package org.canbridge.tensors.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataLocation;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import com.google.protobuf.ByteString;
import java.util.Arrays;

/** Small ONNX models, good and bad. */
final class OnnxModels {
  private OnnxModels() {}

  static byte[] bytes(TensorProto.Builder... tensors) {
    return model(tensors).build().toByteArray();
  }

  static ModelProto.Builder model(TensorProto.Builder... tensors) {
    GraphProto.Builder graph = GraphProto.newBuilder().setName("g");
    for (TensorProto.Builder tensor : tensors) {
      graph.addInitializer(tensor);
    }
    return ModelProto.newBuilder()
        .setIrVersion(8)
        .setProducerName("test")
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
        .setGraph(graph);
  }

  static TensorProto.Builder typed(String name, DataType type, long... dims) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(type.getNumber());
    Arrays.stream(dims).forEach(tensor::addDims);
    return tensor;
  }

  static TensorProto.Builder raw(String name, DataType type, byte[] data, long... dims) {
    return typed(name, type, dims).setRawData(ByteString.copyFrom(data));
  }

  static TensorProto.Builder external(String location, String... more) {
    TensorProto.Builder tensor =
        typed("w", DataType.FLOAT, 2).setDataLocation(DataLocation.EXTERNAL);
    tensor.addExternalData(entry("location", location));
    for (int i = 0; i < more.length; i += 2) {
      tensor.addExternalData(entry(more[i], more[i + 1]));
    }
    return tensor;
  }

  static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }
}
