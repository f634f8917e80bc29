package org.canbridge.tensors.onnx;

import static org.canbridge.tensors.formats.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.formats.Digests;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names of weights in what PyTorch's exporters write, and in graphs built to mislead. */
final class OnnxNamesTest {
  /** First bytes of the SHA-256 of the tensors of dit-tiny-legacy, computed with PyTorch. */
  private static final String DIGESTS =
      """
      pos_embed 74808d652fc7ee43
      x_embedder.proj.weight 0c8a8705b96cd302
      x_embedder.proj.bias 7588cc77a9647aa4
      t_embedder.mlp.0.weight b2a97506fd7c7a6f
      t_embedder.mlp.0.bias 9cf81ece74098e82
      t_embedder.mlp.2.weight 486e1198434d44bc
      t_embedder.mlp.2.bias f1625a245cf9e7df
      y_embedder.embedding_table.weight 9cdb55fd107ce652
      blocks.0.attn.qkv.weight 5cb0531bd96f1936
      blocks.0.attn.qkv.bias fd3e7f450368f1ad
      blocks.0.attn.proj.weight 1f2282c45441b366
      blocks.0.attn.proj.bias 03045aa24111de8d
      blocks.0.mlp.fc1.weight 13a8b63fab8b2080
      blocks.0.mlp.fc1.bias 6d6676e0158b24dc
      blocks.0.mlp.fc2.weight 846fcbe0de9d5ab4
      blocks.0.mlp.fc2.bias 28294aca2da37a4d
      blocks.0.adaLN_modulation.1.weight d070096a67433b1e
      blocks.0.adaLN_modulation.1.bias 606268f537dfde9b
      final_layer.linear.weight b1491a9d30ace529
      final_layer.linear.bias ffd658c267cd8754
      final_layer.adaLN_modulation.1.weight 07bacfe518f7f49d
      final_layer.adaLN_modulation.1.bias cfd7f412e35cf34d
      """;

  @TempDir Path folder;
  private final GraphProto.Builder graph = GraphProto.newBuilder();

  @ParameterizedTest
  @CsvSource({
    "onnx-dit-tiny, 17, 5",
    "onnx-dit-tiny-external, 17, 5",
    "onnx-dit-tiny-legacy, 0, 0",
    "onnx-dit-tiny-legacy-folded, 0, 5"
  })
  void exportsOfPyTorchKeepTheStateDict(String name, int constants, int renamed) {
    Map<String, String> expected = new LinkedHashMap<>();
    DIGESTS.lines().forEach(line -> expected.put(line.split(" ", -1)[0], line.split(" ", -1)[1]));
    try (TensorFile file = OnnxFile.open(Fixtures.of(name).resolve("model.onnx"))) {
      Map<String, String> actual = new LinkedHashMap<>();
      file.tensors()
          .forEach((key, tensor) -> actual.put(key, Digests.sha256(tensor).substring(0, 16)));
      assertEquals(constants, file.constants().size());
      actual.keySet().removeAll(file.constants().keySet());
      assertEquals(expected, actual);
      assertEquals(
          renamed, file.values().keySet().stream().filter(k -> k.startsWith("renamed.")).count());
    }
  }

  private void initializer(String name, long... dims) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(TensorProto.DataType.FLOAT_VALUE);
    long count = 1;
    for (long size : dims) {
      tensor.addDims(size);
      count *= size;
    }
    for (int i = 0; i < count; i++) {
      tensor.addFloatData(i);
    }
    graph.addInitializer(tensor);
  }

  private NodeProto.Builder node(String operator, String name, String output, String... inputs) {
    return graph
        .addNodeBuilder()
        .setOpType(operator)
        .setName(name)
        .addOutput(output)
        .addAllInput(Arrays.asList(inputs));
  }

  private Path write() throws IOException {
    ModelProto model =
        ModelProto.newBuilder()
            .setIrVersion(8)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
            .setGraph(graph)
            .build();
    return Files.write(folder.resolve("model.onnx"), model.toByteArray());
  }

  private void assertNames(String... names) throws IOException {
    try (TensorFile file = OnnxFile.open(write())) {
      assertEquals(List.of(names), List.copyOf(file.tensors().keySet()));
    }
  }

  private void assertLost(String key, String actual) throws IOException {
    Path path = write();
    assertRefused(
        OnnxProblem.RENAMED,
        path,
        () -> OnnxFile.open(path),
        "the exporter renamed a weight, and its name cannot be recovered",
        "expected: a weight whose layer the graph names once",
        "actual: " + actual,
        "file: FILE",
        "key: " + key,
        "next: export again with torch.onnx.export(..., dynamo=False, do_constant_folding=False),"
            + " which keeps the names, or import the PyTorch checkpoint itself");
  }

  @Test
  void theBiasTellsTheLayer() throws IOException {
    initializer("a.fc.bias", 3);
    initializer("onnx::MatMul_7", 2, 3);
    initializer("onnx::Mul_8");
    node("MatMul", "m", "p", "x", "onnx::MatMul_7");
    node("Add", "b", "y", "a.fc.bias", "p");
    node("Mul", "s", "z", "y", "onnx::Mul_8");
    try (TensorFile file = OnnxFile.open(write())) {
      assertEquals(
          List.of("a.fc.bias", "a.fc.weight", "onnx::Mul_8"), List.copyOf(file.tensors().keySet()));
      assertEquals(Map.of("onnx::Mul_8", "constant of the ONNX graph"), file.constants());
      assertEquals("onnx::MatMul_7", file.values().get("renamed.a.fc.weight"));
      assertEquals(
          List.of(
              "weights that the exporter renamed have their names back: 1 of them, e.g."
                  + " onnx::MatMul_7 is a.fc.weight"),
          file.notes());
      TensorData weight = file.tensors().get("a.fc.weight");
      assertEquals(TensorType.of(DType.F32, 3, 2), weight.type());
      assertArrayEquals(new float[] {0, 3, 1, 4, 2, 5}, Tensors.floats(weight));
    }
  }

  @Test
  void gemmMayHaveTheWeightAsItIs() throws IOException {
    initializer("fc.bias", 3);
    initializer("onnx::Gemm_7", 3, 2);
    node("Gemm", "m", "p", "x", "onnx::Gemm_7", "fc.bias")
        .addAttribute(
            AttributeProto.newBuilder()
                .setName("transB")
                .setI(1)
                .setType(AttributeProto.AttributeType.INT));
    try (TensorFile file = OnnxFile.open(write())) {
      assertArrayEquals(
          new float[] {0, 1, 2, 3, 4, 5}, Tensors.floats(file.tensors().get("fc.weight")));
    }
  }

  @Test
  void withoutBiasThePathInTheNodesNameTells() throws IOException {
    initializer("onnx::MatMul_7", 2, 3);
    node("MatMul", "/blocks.0/mlp/mlp.2/MatMul", "p", "x", "onnx::MatMul_7");
    assertNames("blocks.0.mlp.2.weight");
  }

  @Test
  void theInnermostScopeTells() throws IOException {
    initializer("w", 2);
    initializer("val_7", 2, 3);
    graph
        .addValueInfoBuilder()
        .setName("w")
        .addMetadataProps(entry("pkg.torch.export.graph_signature.InputSpec.kind", "PARAMETER"));
    node("MatMul", "n", "p", "x", "val_7")
        .addMetadataProps(entry("pkg.torch.onnx.name_scopes", "['', 'b.0', 'b.0.qkv', 'linear']"));
    assertNames("w", "b.0.qkv.weight");
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  @Test
  void refusesContradictingSigns() throws IOException {
    initializer("a.bias", 3);
    initializer("onnx::MatMul_7", 2, 3);
    node("MatMul", "m", "p", "x", "onnx::MatMul_7")
        .addMetadataProps(entry("pkg.torch.onnx.name_scopes", "['', 'b', 'linear']"));
    node("Add", "s", "y", "a.bias", "p");
    assertLost("onnx::MatMul_7", "signs of several layers: b, a");
  }

  @Test
  void refusesAWeightThatNothingNames() throws IOException {
    initializer("onnx::MatMul_7", 2, 3);
    node("MatMul", "m", "p", "x", "onnx::MatMul_7");
    assertLost("onnx::MatMul_7", "nothing that tells its layer");
  }

  @Test
  void aBiasOfAnotherLengthTellsNothing() throws IOException {
    initializer("a.bias", 2);
    initializer("onnx::MatMul_7", 2, 3);
    node("MatMul", "m", "p", "x", "onnx::MatMul_7");
    node("Add", "s", "y", "a.bias", "p");
    assertLost("onnx::MatMul_7", "nothing that tells its layer");
  }

  @Test
  void refusesASecondWeightOfOneLayer() throws IOException {
    initializer("a.weight", 3, 2);
    initializer("a.bias", 3);
    initializer("onnx::MatMul_7", 2, 3);
    node("MatMul", "m", "p", "x", "onnx::MatMul_7");
    node("Add", "s", "y", "p", "a.bias");
    assertLost("onnx::MatMul_7", "a second weight of a");
  }

  @Test
  void refusesFoldedBatchNorms() throws IOException {
    initializer("onnx::Conv_7", 2, 3, 1, 1);
    initializer("onnx::Conv_8", 2);
    node("Conv", "/stem/conv/Conv", "p", "x", "onnx::Conv_7", "onnx::Conv_8");
    assertLost("onnx::Conv_7", "a tensor of a convolution, into which a batch norm was folded");
  }

  @Test
  void refusesAWeightUsedInSeveralWays() throws IOException {
    initializer("onnx::MatMul_7", 2, 2);
    node("MatMul", "/a/MatMul", "p", "x", "onnx::MatMul_7");
    node("Mul", "/b/Mul", "q", "p", "onnx::MatMul_7");
    assertLost("onnx::MatMul_7", "used by Mul too");
  }

  @Test
  void refusesAnOperandThatIsNoMatrix() throws IOException {
    initializer("onnx::MatMul_7", 2, 2, 2);
    node("MatMul", "/a/MatMul", "p", "x", "onnx::MatMul_7");
    assertLost("onnx::MatMul_7", "an operand of MatMul of shape F32[2, 2, 2]");
  }
}
