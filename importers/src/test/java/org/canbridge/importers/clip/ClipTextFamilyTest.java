package org.canbridge.importers.clip;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.FamilyContract;
import org.canbridge.importers.clip.ClipTextConfig.Activation;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.junit.jupiter.api.Test;

class ClipTextFamilyTest extends FamilyContract {
  private static final ClipTextConfig TINY = tiny(2, OptionalInt.empty());

  private static ClipTextConfig tiny(int endOfText, OptionalInt projection) {
    return new ClipTextConfig(
        120, 32, 64, 2, 4, 16, Activation.QUICK_GELU, 1e-5, endOfText, projection);
  }

  @Override
  protected Family family() {
    return new ClipTextFamily();
  }

  @Override
  protected List<Arguments> examples() {
    return List.of(
        new ClipTextConfig(11, 8, 12, 2, 2, 5, Activation.QUICK_GELU, 1e-5, 10, OptionalInt.empty())
            .arguments(),
        new ClipTextConfig(7, 6, 9, 1, 3, 4, Activation.GELU, 1e-6, 2, OptionalInt.of(5))
            .arguments());
  }

  /** Without the projection it is a text encoder, too. */
  @Override
  protected boolean isOptional(Layout layout, String source) {
    return source.equals("text_projection.weight");
  }

  @Override
  protected List<Fixture> fixtures() {
    String prefixed = "transformers (text_model)";
    return List.of(
        fixture("clip-text-tiny", "model.safetensors", "transformers", "", TINY),
        fixture("clip-text-tiny", "pytorch_model.bin", prefixed, "", TINY),
        fixture(
            "clip-text-tiny-eos",
            "model.safetensors",
            "transformers",
            "",
            tiny(117, OptionalInt.empty())),
        fixture(
            "clip-tiny",
            "model.safetensors",
            prefixed,
            "/text_config",
            tiny(117, OptionalInt.of(24))));
  }

  private static Fixture fixture(
      String folder, String file, String layout, String section, ClipTextConfig config) {
    return new Fixture(folder, file, layout, beside(folder, section), config);
  }

  private static ImportOptions beside(String fixture, String section) {
    try {
      JsonNode config =
          new ObjectMapper().readTree(Fixtures.of(fixture).resolve("config.json").toFile());
      return ImportOptions.defaults().withArguments((ObjectNode) config.at(section), "config.json");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void positionsAndTheImageHalfAreIgnoredWithAReason() {
    assertEquals(
        Map.of("the positions 0, 1, 2, ...", List.of("text_model.embeddings.position_ids")),
        ignored("clip-text-tiny", "pytorch_model.bin", ""));
    Map<String, List<String>> ofClip = ignored("clip-tiny", "model.safetensors", "/text_config");
    assertEquals(
        Set.of("the temperature of CLIP's training", "the image half of CLIP"), ofClip.keySet());
    assertEquals(List.of("logit_scale"), ofClip.get("the temperature of CLIP's training"));
    assertEquals(40, ofClip.get("the image half of CLIP").size());
  }

  private static Map<String, List<String>> ignored(String fixture, String file, String section) {
    try (Checkpoint checkpoint =
        Checkpoints.open(Fixtures.of(fixture).resolve(file), beside(fixture, section))) {
      return checkpoint.provenance().ignored();
    }
  }

  @Test
  void headsAreThoseOfThePublishedSizes() {
    Arguments large = family().published().get(1).arguments();
    assertEquals(12, large.integer("num_attention_heads").orElseThrow());
    assertEquals(768, large.integer("hidden_size").orElseThrow());
  }
}
