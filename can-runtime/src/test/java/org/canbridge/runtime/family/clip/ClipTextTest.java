package org.canbridge.runtime.family.clip;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.clip.ClipTextConfig;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.BundleCoverage;
import org.canbridge.runtime.family.clip.ClipText.Padding;
import org.canbridge.runtime.graph.CostModel;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClipTextTest {

  @ParameterizedTest
  @CsvSource({
    "clip-text-tiny, model.safetensors",
    "clip-text-tiny, pytorch_model.bin",
    "clip-text-tiny-eos, model.safetensors"
  })
  void agreesWithTransformers(String name, String file) {
    try (BundleCoverage reference = new BundleCoverage(name)) {
      try (Checkpoint checkpoint =
          Checkpoints.open(reference.path(file), options(reference.json("config.json")))) {
        List<String> outputs = List.of("last_hidden_state", "pooler_output");
        run(
            reference,
            checkpoint,
            Padding.SEEN,
            BundleCoverage.names(outputs, reference.activations(""), UnaryOperator.identity()));
        run(reference, checkpoint, Padding.MASKED, masked(outputs));
      }
      reference.assertComplete();
    }
  }

  /** Of a whole CLIP, the text half; the rest of the case belongs to the image half. */
  @Test
  void agreesWithTheTextHalfOfClip() {
    try (BundleCoverage reference = new BundleCoverage("clip-tiny")) {
      ObjectNode config = (ObjectNode) reference.json("config.json").get("text_config");
      try (Checkpoint checkpoint =
          Checkpoints.open(reference.path("model.safetensors"), options(config))) {
        List<String> outputs = List.of("text_embeds");
        run(
            reference,
            checkpoint,
            Padding.SEEN,
            BundleCoverage.names(outputs, List.of("text_projection"), UnaryOperator.identity()));
        run(reference, checkpoint, Padding.MASKED, masked(outputs));
      }
      List<String> image = new ArrayList<>();
      for (String name :
          List.of(
              "output.clip_score",
              "output.cosine",
              "output.image_embeds",
              "output.logits_per_image",
              "output.logits_per_text",
              "output.vision_last_hidden_state",
              "output.vision_pooler_output")) {
        image.add(name);
      }
      reference.activations("visi").forEach(path -> image.add("activation." + path));
      reference.activations("visual").forEach(path -> image.add("activation." + path));
      reference.assertComplete(image.stream().distinct().toArray(String[]::new));
    }
  }

  private static ImportOptions options(ObjectNode config) {
    return ImportOptions.defaults().withArguments(config, "config.json");
  }

  private static Map<String, String> masked(List<String> outputs) {
    Map<String, String> names = new LinkedHashMap<>();
    outputs.forEach(name -> names.put(name, "output.masked." + name));
    return names;
  }

  private static void run(
      BundleCoverage reference, Checkpoint checkpoint, Padding padding, Map<String, String> names) {
    ClipTextConfig config = (ClipTextConfig) checkpoint.config();
    Graph graph = ClipText.graph(config, padding, config.maxPositionEmbeddings());
    try (Session session = Session.open(graph, checkpoint.tensors(), Target.F32)) {
      reference.check(session, reference.inputs("input_ids", "attention_mask"), names);
    }
  }

  /** A causal network gives the first tokens the same, however many follow. */
  @Test
  void shorterTextsGiveTheSameTokens() {
    try (BundleCoverage reference = new BundleCoverage("clip-text-tiny-eos");
        Checkpoint checkpoint =
            Checkpoints.open(
                reference.path("model.safetensors"), options(reference.json("config.json")))) {
      ClipTextConfig config = (ClipTextConfig) checkpoint.config();
      long[] ids = Tensors.longs(reference.input("input_ids"));
      long[] start = new long[5];
      System.arraycopy(ids, 0, start, 0, start.length);
      double[] whole = states(checkpoint, config, reference.input("input_ids"));
      double[] first = states(checkpoint, config, MemoryTensor.of(start, 1, start.length));
      for (int i = 0; i < first.length; i++) {
        assertEquals(whole[i], first[i], 1e-5, "value " + i);
      }
    }
  }

  private static double[] states(Checkpoint checkpoint, ClipTextConfig config, TensorData ids) {
    Graph graph = ClipText.graph(config, Padding.SEEN, ids.type().shape().get(1));
    try (Session session = Session.open(graph, checkpoint.tensors(), Target.F32)) {
      return Tensors.doubles(
          session
              .run(Map.of("input_ids", ids), List.of("last_hidden_state"))
              .get("last_hidden_state"));
    }
  }

  /** 123.06 million, as transformers counts them for openai/clip-vit-large-patch14. */
  @Test
  void publishedSizeHasThePublishedParameters() {
    ClipTextConfig config =
        (ClipTextConfig)
            Families.byName("clip-text")
                .orElseThrow()
                .config(Families.published("clip-vit-large-text").arguments());
    assertEquals(123_060_480, CostModel.of(ClipText.graph(config, Padding.SEEN, 77)).parameters());
  }
}
