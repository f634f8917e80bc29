package org.canbridge.runtime.lifting;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.family.ObjectiveSettings;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.CanConversion;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanRewriter;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.TokenGrid;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks read from their ONNX graphs: their roles, and the condition-aware ones made of them. */
final class GraphConversionTest {
  private static final String FLOW =
      "flow-linear,prediction=x0,time_scale.clean=1,time_scale.noise=0";

  private static Model open(String name, ImportOptions options) {
    return Model.open(Fixtures.of(name).resolve("model.onnx"), options);
  }

  private static ImportOptions flow(String more) {
    return ImportOptions.defaults()
        .withFamily("graph", "--family")
        .withObjective(ObjectiveSettings.parse(FLOW + more));
  }

  /** The layers of each role, in order. */
  private static Map<String, String> roles(Graph graph) {
    return graph.nodes().stream()
        .filter(n -> n.role().isPresent())
        .collect(
            Collectors.groupingBy(
                n -> n.role().orElseThrow().name(),
                TreeMap::new,
                Collectors.mapping(Node::path, Collectors.joining(" "))));
  }

  @Test
  void digitsHaveTheirRoles() {
    try (Model vit = open("graph-digits-vit", flow(",null_class=10"));
        Model conv = open("graph-digits-conv", flow(",null_class=10"))) {
      assertEquals(
          "transformer.0.self_attn.in_proj transformer.1.self_attn.in_proj"
              + " transformer.2.self_attn.in_proj transformer.3.self_attn.in_proj",
          roles(vit.graph()).get("QKV"));
      assertEquals(
          List.of(
              "CONDITION",
              "HEAD",
              "LABEL_EMBED",
              "MLP_IN",
              "MLP_OUT",
              "OUTPUT_PROJECTION",
              "PATCH_EMBED",
              "QKV",
              "TIME_EMBED"),
          List.copyOf(roles(vit.graph()).keySet()));
      assertEquals(new TokenGrid(0, 4, 4, 4), vit.graph().tokenGrid().orElseThrow());
      assertEquals(
          Map.of(
              "PATCH_EMBED", "patch_embed",
              "TIME_EMBED", "time_mlp",
              "LABEL_EMBED", "y_encoder",
              "CONDITION", "",
              "MLP_IN", "layers.0.0 layers.1.0 layers.2.0 layers.3.0",
              "DEPTHWISE_CONV", "layers.0.3 layers.1.3 layers.2.3 layers.3.3",
              "MLP_OUT", "layers.0.4 layers.1.4 layers.2.4 layers.3.4",
              "HEAD", "unpatch"),
          roles(conv.graph()));
    }
  }

  /** Structure alone tells of a DiT what its family says; both exporters' graphs are the same. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "onnx-dit-tiny",
        "onnx-dit-tiny-external",
        "onnx-dit-tiny-legacy",
        "onnx-dit-tiny-legacy-folded"
      })
  void aDitHasTheRolesOfItsFamily(String name) {
    try (Model graph =
            open(name, flow(",prediction=velocity,learned_variance=true,null_class=10"));
        Model dit = open(name, ImportOptions.defaults().withHeads(3))) {
      Map<String, String> expected = roles(dit.graph());
      expected.put("LABEL_EMBED", "y_embedder.embedding_table");
      assertEquals(expected, roles(graph.graph()));
      assertEquals(dit.graph().tokenGrid(), graph.graph().tokenGrid());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          graph-digits-vit | ,null_class=10 | patch_embed,dwconv,out_proj,head,qkv,mlp | ALL
          graph-digits-conv | ,null_class=10 | patch_embed,dwconv,head,mlp | CLASS
          graph-tokens | ,null_class=5 | patch_embed,out_proj,head,qkv,mlp | ALL
          graph-vit-fixed | ,null_class=none | patch_embed,dwconv,out_proj,head,qkv,mlp | TIME
          graph-unet | | out_proj,head,qkv | TIME
          """)
  void becomesConditionAwareWithoutADifference(
      String name, String objective, String targets, CanCondition condition, @TempDir Path folder)
      throws IOException {
    List<CanTarget> all = List.of(targets.split(",")).stream().map(CanTarget::of).toList();
    Path converted = folder.resolve("can");
    try (Model model = open(name, flow(objective == null ? "" : objective))) {
      CanSpec spec = CanPreset.paper(model.source(), all, condition);
      CanConversion conversion = CanConversion.convert(model, spec, 0, Target.F32);
      assertTrue(conversion.check().holds());
      if (name.startsWith("graph-digits")) {
        assertEquals(0, conversion.check().largest());
      }
      ModelDirectory.write(converted, conversion.checkpoint(), WriteOptions.defaults());
      try (Model again = Model.open(converted, ImportOptions.defaults())) {
        assertEquals(roles(CanRewriter.rewrite(model.source(), spec)), roles(again.graph()));
        assertEquals(model.objective(), again.objective());
      }
    }
  }

  /** A role that was said is in the model directory; later commands need it no more. */
  @Test
  void rolesThatAreSaidStay(@TempDir Path folder) throws IOException {
    ImportOptions said = flow("").withRole("stem", "patch_embed", "--role");
    Path stored = folder.resolve("unet");
    try (Model model = open("graph-unet", said)) {
      ModelDirectory.write(stored, model.checkpoint(), WriteOptions.defaults());
    }
    try (Model model = Model.open(stored, ImportOptions.defaults())) {
      CanSpec spec =
          CanPreset.paper(model.source(), List.of(CanTarget.PATCH_EMBED), CanCondition.TIME);
      assertEquals(List.of("stem"), spec.generators().get(0).layers());
      assertTrue(CanConversion.convert(model, spec, 0, Target.F32).check().holds());
    }
  }
}
