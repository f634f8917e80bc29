package org.canbridge.runtime.lifting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.family.ObjectiveSettings;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.Model;
import org.canbridge.tensors.files.InputFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every way in which a graph can be none of ours has its message. */
final class GraphRefusalTest {
  @TempDir private Path folder;

  private static ValueInfoProto value(String name, DataType type, long... sizes) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (long size : sizes) {
      shape.addDim(
          size == 0
              ? Dimension.newBuilder().setDimParam("open")
              : Dimension.newBuilder().setDimValue(size));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape)))
        .build();
  }

  private static NodeProto node(String operator, String name, String in, String out) {
    return NodeProto.newBuilder()
        .setOpType(operator)
        .setName(name)
        .addInput(in)
        .addOutput(out)
        .build();
  }

  private Path file(GraphProto.Builder graph) throws IOException {
    Path file = folder.resolve("model.onnx");
    ModelProto model =
        ModelProto.newBuilder()
            .setIrVersion(8)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
            .setGraph(graph.setName("g"))
            .build();
    return Files.write(file, model.toByteArray());
  }

  private static String message(Path file, ImportOptions options) {
    return assertThrows(InputFileException.class, () -> Checkpoints.open(file, options))
        .getMessage();
  }

  @Test
  void everyOperationThatIsNotOursIsNamed() throws IOException {
    Path file =
        file(
            GraphProto.newBuilder()
                .addInput(value("x", DataType.FLOAT, 0, 3, 8, 8))
                .addNode(node("Selu", "first", "x", "a"))
                .addNode(node("Relu", "fine", "a", "b"))
                .addNode(node("LpPool", "second", "x", "c"))
                .addNode(node("MatMul", "third", "x", "d"))
                .addNode(node("Relu", "fourth", "nowhere", "e"))
                .addOutput(value("c", DataType.FLOAT, 0, 3, 8, 8)));
    assertEquals(
        """
        the graph holds what cannot be read as a network
          expected: operations of docs/formats.md, 'A network without a family'
          actual: 4 without counterpart
            Selu first: no operation of ours
            LpPool second: no operation of ours
            MatMul third: inputs or attributes that the operation cannot have
            Relu fourth: inputs or attributes that the operation cannot have
          file: FILE
          next: write the named parts of the PyTorch module in other operations, and export again"""
            .replace("FILE", file.toString()),
        message(file, ImportOptions.defaults()));
  }

  @Test
  void argumentsAndResultsThatAreNoNetworksAreNamed() throws IOException {
    Path file =
        file(
            GraphProto.newBuilder()
                .addInput(value("x", DataType.FLOAT, 0, 3, 0, 8))
                .addInput(value("mask", DataType.BOOL, 0, 3))
                .addNode(node("Relu", "r", "x", "a"))
                .addOutput(value("a", DataType.FLOAT, 0, 3, 8, 8))
                .addOutput(value("b", DataType.FLOAT, 0, 3, 8, 8)));
    assertEquals(
        """
        the graph holds what cannot be read as a network
          expected: operations of docs/formats.md, 'A network without a family'
          actual: 3 without counterpart
            argument x: a size other than the batch is open; export for one size
            argument mask: neither image, timestep, label nor text
            2 results; one is needed
          file: FILE
          next: write the named parts of the PyTorch module in other operations, and export again"""
            .replace("FILE", file.toString()),
        message(file, ImportOptions.defaults()));
  }

  @Test
  void whatNobodyKnowsButTheUserIsAskedFor() {
    Path file = Fixtures.of("graph-digits-conv").resolve("model.onnx");
    assertEquals(
        """
        the file does not tell what the network was trained for
          expected: --objective SETTINGS
          actual: objective.prediction: no file holds it, e.g. prediction=velocity; \
        objective.time_scale.clean: what the network is given for an image; \
        objective.time_scale.noise: what the network is given for noise; \
        objective.null_class: the label table's last row, if it stands for no class, else none
          file: FILE
          next: add what is missing to --objective; docs/can-format.md describes the fields"""
            .replace("FILE", file.toString()),
        message(
            file, ImportOptions.defaults().withObjective(ObjectiveSettings.parse("flow-linear"))));
  }

  @Test
  void aRoleIsOfALayer() {
    Path file = Fixtures.of("graph-unet").resolve("model.onnx");
    assertEquals(
        """
        --role names a layer that the network does not have
          expected: one of its 8 layers
          actual: stam; did you mean stem?
          file: FILE
          next: canbridge inspect lists the layers with and without a role"""
            .replace("FILE", file.toString()),
        message(file, ImportOptions.defaults().withRole("stam", "patch_embed", "--role")));
  }

  @Test
  void aStoredGraphIsBuiltAgain() throws IOException {
    ImportOptions options =
        ImportOptions.defaults()
            .withObjective(
                ObjectiveSettings.parse(
                    "flow-linear,prediction=x0,time_scale.clean=1,time_scale.noise=0"));
    Path directory = folder.resolve("unet");
    try (Checkpoint unet =
        Checkpoints.open(Fixtures.of("graph-unet").resolve("model.onnx"), options)) {
      ModelDirectory.write(directory, unet, WriteOptions.defaults());
    }
    Path config = directory.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("\"groups\" : 4", "\"groups\" : 5"));
    assertEquals(
        """
        the configuration describes a network that cannot be built
          expected: the fields of docs/can-format.md
          actual: node 15: GroupNorm[groups=5, eps=9.999999747378752E-6] at '': channels must be \
        a multiple of groups; got [(B, 4, 256)]
          file: FILE
          key: config
          next: import the published file again, or mend the configuration"""
            .replace("FILE", config.toString()),
        assertThrows(
                InputFileException.class, () -> Model.open(directory, ImportOptions.defaults()))
            .getMessage());
  }
}
