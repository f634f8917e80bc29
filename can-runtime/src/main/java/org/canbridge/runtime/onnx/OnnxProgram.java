package org.canbridge.runtime.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;

/**
 * A network in ONNX without its weights, which are huge and may lie anywhere: inside, in a file
 * beside, or in memory that the runtime is given. A weight's initializer has the name of the tensor
 * in the state dict.
 */
public final class OnnxProgram {

  /**
   * An initializer that is still to be filled.
   *
   * @param name of the tensor
   * @param dtype what it must be converted to
   * @param shape its sizes
   */
  public record Weight(String name, OnnxType dtype, List<Long> shape) {
    /** Keeps its own copy. */
    public Weight {
      shape = List.copyOf(shape);
    }

    /** Element type and shape. */
    public TensorType type() {
      return new TensorType(dtype.dtype(), shape);
    }

    /**
     * The weight as bytes of another file.
     *
     * @param location name of a file in the folder of the model
     * @param offset of the first byte in it
     */
    public TensorProto external(String location, long offset) {
      return tensor()
          .setDataLocation(TensorProto.DataLocation.EXTERNAL)
          .addExternalData(entry("location", location))
          .addExternalData(entry("offset", Long.toString(offset)))
          .addExternalData(entry("length", Long.toString(type().bytes())))
          .build();
    }

    /**
     * The weight inside the model.
     *
     * @param tensor of this shape, in any floating type
     */
    public TensorProto inside(TensorData tensor) {
      return tensor()
          .setRawData(ByteString.copyFrom(Tensors.as(tensor, dtype.dtype()).bytes()))
          .build();
    }

    /** Bytes of the tensor as a message, with its weight inside. */
    private int size() {
      return Math.addExact(
          tensor().build().getSerializedSize(),
          field(TensorProto.RAW_DATA_FIELD_NUMBER, Math.toIntExact(type().bytes())));
    }

    private TensorProto.Builder tensor() {
      return TensorProto.newBuilder().setName(name).setDataType(dtype.number()).addAllDims(shape);
    }
  }

  private final GraphProto graph;
  private final OnnxOptions options;
  private final List<Weight> weights;

  OnnxProgram(GraphProto graph, OnnxOptions options, List<Weight> weights) {
    this.graph = graph;
    this.options = options;
    this.weights = List.copyOf(weights);
  }

  /** The weights that it needs, in the order of the network's parameters. */
  public List<Weight> weights() {
    return weights;
  }

  /**
   * The model in a file of its own.
   *
   * @param filled gives each weight's initializer
   * @param metadata whatever should stand in the file, by key
   */
  public ModelProto model(Function<Weight, TensorProto> filled, Map<String, String> metadata) {
    ModelProto.Builder model = head(metadata).setGraph(graph);
    weights.forEach(weight -> model.getGraphBuilder().addInitializer(filled.apply(weight)));
    return model.build();
  }

  /** All but the graph. */
  private ModelProto.Builder head(Map<String, String> metadata) {
    ModelProto.Builder model =
        ModelProto.newBuilder()
            .setIrVersion(options.irVersion())
            .setProducerName("canbridge")
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(options.opset()));
    metadata.forEach((key, value) -> model.addMetadataProps(entry(key, value)));
    return model;
  }

  /**
   * The model with weights that the runtime is given by name when it opens it; the file that they
   * point into need not exist.
   */
  public ModelProto model() {
    return model(weight -> weight.external("weights", 0), Map.of());
  }

  /**
   * Writes the model with all weights inside, one after another: none is held in memory.
   *
   * @param tensors by weight, of the types that these have
   * @throws IOException if the channel cannot be written to
   */
  public void writeTo(
      WritableByteChannel channel, Map<String, TensorData> tensors, Map<String, String> metadata)
      throws IOException {
    int size = graph.getSerializedSize();
    for (Weight weight : weights) {
      size = Math.addExact(size, field(GraphProto.INITIALIZER_FIELD_NUMBER, weight.size()));
    }
    CodedOutputStream out = CodedOutputStream.newInstance(Channels.newOutputStream(channel));
    head(metadata).build().writeTo(out);
    begin(out, ModelProto.GRAPH_FIELD_NUMBER, size);
    graph.writeTo(out);
    for (Weight weight : weights) {
      begin(out, GraphProto.INITIALIZER_FIELD_NUMBER, weight.size());
      weight.tensor().build().writeTo(out);
      begin(out, TensorProto.RAW_DATA_FIELD_NUMBER, Math.toIntExact(weight.type().bytes()));
      out.flush();
      tensors.get(weight.name()).writeTo(channel);
    }
    out.flush();
  }

  /** Writes what stands before the bytes of a field. */
  private static void begin(CodedOutputStream out, int number, int bytes) throws IOException {
    out.writeTag(number, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    out.writeUInt32NoTag(bytes);
  }

  /** How many bytes a field of so many bytes takes. */
  private static int field(int number, int bytes) {
    return Math.addExact(
        CodedOutputStream.computeTagSize(number) + CodedOutputStream.computeUInt32SizeNoTag(bytes),
        bytes);
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }
}
