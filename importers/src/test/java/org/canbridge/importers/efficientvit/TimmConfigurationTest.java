package org.canbridge.importers.efficientvit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.FamilyContract;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.published.PublishedExport;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** timm's {@code config.json}, written and read. */
class TimmConfigurationTest {
  private static final TimmConfiguration TIMM = new TimmConfiguration();

  @TempDir Path folder;

  private static ObjectNode json(Path file) throws IOException {
    return (ObjectNode) Json.parse(Files.readAllBytes(file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"efficientvit-timm-b-tiny", "efficientvit-timm-l-tiny"})
  void aFolderOfTimmComesBack(String name) throws IOException {
    Path out = folder.resolve("out");
    try (Checkpoint source = Checkpoints.open(Fixtures.of(name))) {
      PublishedExport export = PublishedExport.ofLibrary(source, "timm");
      assertEquals(List.of(), export.changes());
      export.writeFolder(out);
      try (Checkpoint back = Checkpoints.open(out)) {
        assertEquals(source.config(), back.config());
        FamilyContract.assertSameTensors(source.tensors(), back.tensors());
      }
    }
    // What timm itself wrote, but for what does not change the network.
    ObjectNode expected = json(Fixtures.of(name).resolve("config.json"));
    ObjectNode actual = json(out.resolve("config.json"));
    ObjectNode arguments = (ObjectNode) actual.get("model_args");
    arguments.remove(List.of("in_chans", "expand_ratio", "norm_eps"));
    arguments.put("num_classes", 10);
    ObjectNode preparation = (ObjectNode) expected.get("pretrained_cfg");
    preparation.remove(List.of("tag", "license"));
    preparation.put("num_classes", 10);
    assertEquals(expected, actual);
  }

  /** Those that have a classifier are made by name alone; L0 was published without. */
  @Test
  void publishedNetworksAreNamed() {
    Map<String, String> names =
        EfficientVitModel.ALL.stream()
            .filter(model -> model.config().head().isPresent())
            .collect(
                Collectors.toMap(
                    EfficientVitModel::name,
                    model -> {
                      ObjectNode json = TIMM.write(model.config().arguments());
                      assertFalse(json.has("model_args"), model.name());
                      return json.get("architecture").asText();
                    }));
    assertEquals(
        Map.of(
            "B0", "efficientvit_b0",
            "B1", "efficientvit_b1",
            "B2", "efficientvit_b2",
            "B3", "efficientvit_b3",
            "L1", "efficientvit_l1",
            "L2", "efficientvit_l2",
            "L3", "efficientvit_l3"),
        names);
  }

  private static EfficientVitConfig tiny(
      EfficientVitSeries series, List<Integer> expansion, Optional<EfficientVitHead> head) {
    List<Integer> widths = List.of(8, 8, 8, 8, 8);
    return new EfficientVitConfig(
        series, widths, List.of(1, 1, 1, 1, 1), 3, 4, expansion, head, series.normEps(), 1e-15);
  }

  @ParameterizedTest
  @EnumSource
  void whatIsSaidIsReadAgain(EfficientVitSeries series) {
    EfficientVitConfig config =
        tiny(
            series,
            series == EfficientVitSeries.B ? List.of(1, 6, 6, 6, 6) : List.of(1, 4, 4, 4, 6),
            Optional.of(new EfficientVitHead(List.of(16, 24), 5)));
    Arguments arguments = config.arguments();
    assertEquals(Optional.empty(), TIMM.refusal(arguments));
    Arguments read = TIMM.read(TIMM.write(arguments));
    assertEquals(List.of(), List.copyOf(arguments.contradictions(read)));
    Arguments fixed = TIMM.fixed(arguments);
    assertEquals(List.of("attention_eps"), List.copyOf(arguments.contradictions(fixed)));
    List<String> said = new ArrayList<>(read.names());
    said.addAll(fixed.names());
    said.add("depth_list");
    List<String> unsaid = new ArrayList<>(arguments.names());
    unsaid.removeAll(said);
    assertEquals(
        series == EfficientVitSeries.B
            ? List.of("batch_norm_folded")
            : List.of("expand_list", "batch_norm_folded"),
        unsaid);
  }

  @Test
  void whatTimmCannotBuildIsRefused() {
    assertEquals(
        Optional.of("timm's network has a classifier, and this one is a backbone alone"),
        TIMM.refusal(
            tiny(EfficientVitSeries.B, List.of(1, 4, 4, 4, 4), Optional.empty()).arguments()));
    assertEquals(
        Optional.of(
            "timm's network widens the blocks of its stages by [1, 4, 4, 4, 6], and this one by"
                + " [1, 4, 4, 4, 4]"),
        TIMM.refusal(
            tiny(
                    EfficientVitSeries.L,
                    List.of(1, 4, 4, 4, 4),
                    Optional.of(new EfficientVitHead(List.of(16, 24), 5)))
                .arguments()));
    try (Checkpoint source = Checkpoints.open(Fixtures.of("efficientvit-timm-b-tiny"))) {
      EfficientVitConfig config = (EfficientVitConfig) source.config();
      Map<String, TensorData> tensors = new LinkedHashMap<>(source.tensors());
      tensors.keySet().removeIf(name -> name.startsWith("head."));
      Checkpoint backbone = Checkpoint.generated(config.withHead(Optional.empty()), tensors);
      assertEquals(
          "the timm layout cannot hold this model: timm's network has a classifier, and this one is"
              + " a backbone alone",
          assertThrows(
                  IllegalArgumentException.class, () -> PublishedExport.ofLibrary(backbone, "timm"))
              .getMessage());
    }
  }

  @Test
  void classesKeepTheirNames() throws IOException {
    Path out = folder.resolve("out");
    Map<Integer, List<String>> names = Map.of(0, List.of("cat", "kitten"), 9, List.of("dog"));
    try (Checkpoint source = Checkpoints.open(Fixtures.of("efficientvit-timm-b-tiny"))) {
      PublishedExport.ofLibrary(source.withClassNames(names), "timm").writeFolder(out);
    }
    assertEquals(
        "{\"0\":\"cat\",\"9\":\"dog\"}",
        json(out.resolve("config.json")).get("label_names").toString());
    try (Checkpoint back = Checkpoints.open(out)) {
      assertEquals(Map.of(0, List.of("cat"), 9, List.of("dog")), back.classNames());
    }
    ObjectNode listed = Json.object();
    listed.putArray("label_names").add("cat").addNull().add("dog");
    assertEquals(Map.of(0, List.of("cat"), 2, List.of("dog")), TIMM.classNames(listed));
  }

  @Test
  void theConfigurationOfAnotherNetworkIsRefused() throws IOException {
    Path out = folder.resolve("out");
    try (Checkpoint source = Checkpoints.open(Fixtures.of("efficientvit-timm-b-tiny"))) {
      PublishedExport.ofLibrary(source, "timm").writeFolder(out);
    }
    ObjectNode json = json(out.resolve("config.json"));
    Files.writeString(
        out.resolve("config.json"), json.put("architecture", "efficientvit_m0").toString());
    InputFileException e =
        assertThrows(InputFileException.class, () -> Checkpoints.open(out).close());
    assertEquals(
        """
        the configuration beside the weights describes another network
          actual: architecture must be an efficientvit_b or efficientvit_l, is "efficientvit_m0"
          file: %s
          next: put the configuration beside them that they were published with"""
            .formatted(out.resolve("config.json")),
        e.getMessage());
  }
}
