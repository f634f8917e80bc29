package org.canbridge.runtime.graph.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.family.PublishedModel;
import org.canbridge.runtime.RuntimeFamilies;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Role;
import org.canbridge.runtime.graph.Shape;
import org.canbridge.runtime.graph.TokenGrid;
import org.canbridge.tensors.files.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class GraphJsonTest {
  /** The names are part of the format on disk: docs/can-format.md. */
  @Test
  void operationsKeepTheirNames() {
    assertEquals(
        List.of(
            "add",
            "add_mul",
            "add_scalar",
            "attention",
            "batch_norm",
            "below",
            "causal_attention",
            "clamp",
            "concat",
            "conv2d",
            "detach",
            "div_scalar",
            "embedding",
            "group_norm",
            "input",
            "l2_normalize",
            "layer_norm",
            "linear",
            "mean",
            "mul",
            "mul_scalar",
            "pad",
            "parameter",
            "permute",
            "pointwise",
            "relu_linear_attention",
            "reshape",
            "sample_conv2d",
            "sample_linear",
            "select_token",
            "slice",
            "softmax",
            "sub",
            "timestep_embedding",
            "upsample_nearest"),
        OpJson.names());
  }

  static Stream<PublishedModel> networks() {
    return Families.all().stream().flatMap(family -> family.published().stream().limit(1));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void everyFamilysNetworkComesBack(PublishedModel model) {
    ModelConfig config =
        Families.byPublishedName(model.name()).orElseThrow().config(model.arguments());
    Graph graph = RuntimeFamilies.of(config).graph();
    Arguments written = GraphJson.write(graph);
    Graph read = GraphJson.read(written);
    assertEquals(written, GraphJson.write(read));
    assertEquals(
        graph.nodes().stream().map(n -> n.op().getClass() + " " + n.role() + n.shape()).toList(),
        read.nodes().stream().map(n -> n.op().getClass() + " " + n.role() + n.shape()).toList());
    assertEquals(graph.tokenGrid(), read.tokenGrid());
  }

  private static Graph small() {
    GraphBuilder g = new GraphBuilder();
    Node x = g.input("x", Kind.FLOAT, Shape.batched(2, 4));
    g.tokenGrid(new TokenGrid(1, 0, 1, 1));
    g.output("output", g.linear("head", x, 3, Role.HEAD));
    return g.build();
  }

  private static String refusal(String from, String to) throws IOException {
    String text = GraphJson.write(small()).toString();
    String changed = text.replace(from, to);
    assertNotEquals(text, changed);
    Arguments arguments =
        Arguments.of((ObjectNode) Json.parse(changed.getBytes(StandardCharsets.UTF_8)));
    return assertThrows(IllegalArgumentException.class, () -> GraphJson.read(arguments))
        .getMessage();
  }

  @Test
  void whatIsNoGraphIsRefused() throws IOException {
    assertEquals(
        "node 3: there is no operation 'java.lang.Runtime'",
        refusal("\"op\":\"linear\"", "\"op\":\"java.lang.Runtime\""));
    assertEquals(
        "node 3: unknown role 'boss'; roles are patch_embed, qkv, output_projection, mlp_in,"
            + " mlp_out, depthwise_conv, head, time_embed, label_embed, condition, generated",
        refusal("\"role\":\"head\"", "\"role\":\"boss\""));
    assertEquals(
        "node 3: nodes[3].spare is unknown",
        refusal("\"in\":[0,1,2]", "\"in\":[0,1,2],\"spare\":1"));
    assertEquals(
        "node 3: inputs or fields that the operation cannot have",
        refusal("\"in\":[0,1,2]", "\"in\":[0]"));
    assertEquals("there are no outputs", refusal("\"output\":3", " "));
    assertEquals(
        "outputs.output must be a whole number from 0 to 3, is 4",
        refusal("\"output\":3", "\"output\":4"));
  }
}
