package org.canbridge.importers.efficientvit;

import static org.canbridge.importers.efficientvit.EfficientVitSeries.B;
import static org.canbridge.importers.efficientvit.EfficientVitSeries.L;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.FamilyContract;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.PublishedModel;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.formats.TensorFiles;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EfficientVitFamilyTest extends FamilyContract {
  private static final EfficientVitHead HEAD = new EfficientVitHead(List.of(12, 14), 5);

  @Override
  protected Family family() {
    return new EfficientVitFamily();
  }

  @Override
  protected List<Arguments> examples() {
    return List.of(
        config(B, List.of(2, 3, 4, 6), List.of(1, 1, 2, 1), 3, 2, Optional.of(HEAD), 1e-5)
            .arguments(),
        config(L, List.of(2, 3, 4, 6, 8), List.of(1, 0, 1, 0, 1), 4, 3, Optional.of(HEAD), 1e-7)
            .arguments(),
        config(L, List.of(2, 3, 4, 6, 8), List.of(0, 1, 0, 1, 1), 4, 2, Optional.empty(), 1e-7)
            .arguments(),
        config(B, List.of(2, 3, 4, 6), List.of(1, 1, 2, 1), 3, 2, Optional.of(HEAD), 1e-5)
            .withBatchNormFolded(true)
            .arguments());
  }

  private static EfficientVitConfig config(
      EfficientVitSeries series,
      List<Integer> widths,
      List<Integer> depths,
      int dim,
      int expand,
      Optional<EfficientVitHead> head,
      double normEps) {
    List<Integer> expansion =
        series == B
            ? EfficientVitConfig.expansion(expand, widths.size())
            : List.of(1, expand, 2, 3, expand);
    return new EfficientVitConfig(series, widths, depths, 3, dim, expansion, head, normEps, 1e-15);
  }

  /** The counters of the batch norms are integers. */
  @Override
  protected TensorData tensor(String name, List<Long> shape) {
    return name.endsWith(".num_batches_tracked")
        ? MemoryTensor.of(new long[] {name.length()})
        : super.tensor(name, shape);
  }

  @Override
  protected List<Fixture> fixtures() {
    Optional<EfficientVitHead> head = Optional.of(new EfficientVitHead(List.of(48, 56), 10));
    List<Integer> widthsB = List.of(8, 8, 16, 16, 24);
    List<Integer> depthsB = List.of(1, 1, 2, 1, 2);
    List<Integer> expandB = List.of(1, 4, 4, 4, 4);
    List<Integer> widthsL = List.of(8, 8, 12, 12, 16);
    List<Integer> depthsL = List.of(1, 1, 1, 1, 2);
    List<Integer> expandL = List.of(1, 4, 4, 4, 6);
    return List.of(
        fixture(
            "efficientvit-b-tiny",
            "efficientvit_b_tiny.pt",
            "official",
            new EfficientVitConfig(B, widthsB, depthsB, 3, 8, expandB, head, 1e-5, 1e-15)),
        fixture(
            "efficientvit-l-tiny",
            "efficientvit_l_tiny.pt",
            "official",
            new EfficientVitConfig(L, widthsL, depthsL, 3, 4, expandL, head, 1e-7, 1e-15)),
        fixture(
            "efficientvit-timm-b-tiny",
            "model.safetensors",
            "timm",
            new EfficientVitConfig(B, widthsB, depthsB, 3, 8, expandB, head, 1e-5, 1e-5)),
        fixture(
            "efficientvit-timm-l-tiny",
            "model.safetensors",
            "timm",
            new EfficientVitConfig(L, widthsL, depthsL, 3, 4, expandL, head, 1e-7, 1e-5)));
  }

  private static Fixture fixture(
      String folder, String file, String layout, EfficientVitConfig config) {
    return new Fixture(folder, file, layout, ImportOptions.defaults(), config);
  }

  /** {@code timm.create_model(..., num_classes=0)}. */
  @Test
  void aHeadOfTimmWithoutClassesIsRead(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("model.safetensors");
    Path source = Fixtures.of("efficientvit-timm-b-tiny").resolve("model.safetensors");
    try (TensorFile whole = TensorFiles.open(source)) {
      Map<String, TensorData> tensors = new LinkedHashMap<>(whole.tensors());
      tensors.keySet().removeIf(name -> name.startsWith("head.classifier.4"));
      assertEquals(whole.tensors().size() - 2, tensors.size());
      SafetensorsWriter.write(file, tensors, Map.of());
    }
    try (Checkpoint checkpoint = Checkpoints.open(file)) {
      assertEquals(Optional.empty(), ((EfficientVitConfig) checkpoint.config()).head());
      assertEquals(
          Set.of("the head without classes (num_classes=0); the backbone is read"),
          checkpoint.provenance().ignored().keySet());
    }
  }

  @ParameterizedTest
  @CsvSource({"B0", "B1", "B2", "B3", "L0", "L1", "L2", "L3"})
  void namesThePublishedModels(String name) {
    EfficientVitModel model =
        EfficientVitModel.ALL.stream().filter(m -> m.name().equals(name)).findFirst().orElseThrow();
    EfficientVitConfig config = model.config();
    EfficientVitConfig otherClasses =
        new EfficientVitConfig(
            config.series(),
            config.widthList(),
            config.depthList(),
            config.inChannels(),
            config.dim(),
            config.expandList(),
            Optional.of(HEAD),
            config.normEps(),
            1e-5);
    assertEquals(
        Optional.of("EfficientViT-" + name),
        family().publishedAs(otherClasses.arguments()).map(PublishedModel::name));
  }

  @ParameterizedTest
  @CsvSource({
    "backbone.input_stem, stem",
    "backbone.input_stem.op_list.0.conv, stem.in_conv.conv",
    "backbone.input_stem.op_list.1.main, stem.res0.main",
    "backbone.stages.0, stages.0",
    "backbone.stages.2.op_list.1.context_module.main, stages.2.blocks.1.context_module.main",
    "head.op_list.0.norm, head.in_conv.norm",
    "head.op_list.1, head.global_pool.pool",
    "head.op_list.3.linear, head.classifier.4"
  })
  void timmNamesTheModulesOfTheSeriesB(String canonical, String timm) {
    assertEquals(timm, timmModule(canonical, examples().get(0)));
  }

  @ParameterizedTest
  @CsvSource({
    "backbone.stages.0, stem",
    "backbone.stages.0.op_list.0, stem.in_conv",
    "backbone.stages.4, stages.3",
    "backbone.stages.4.op_list.12.local_module.main, stages.3.blocks.12.local_module.main"
  })
  void timmNamesTheModulesOfTheSeriesL(String canonical, String timm) {
    assertEquals(timm, timmModule(canonical, examples().get(1)));
  }

  private String timmModule(String canonical, Arguments arguments) {
    return family().layouts().get(2).publishedModule(canonical, arguments);
  }

  @Test
  void refusesWidthsThatHeadsDoNotDivide() {
    assertEquals(
        "width 9 is not a multiple of the head's width 4",
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    config(
                        B,
                        List.of(2, 3, 4, 8, 9),
                        List.of(1, 1, 1, 1, 1),
                        4,
                        2,
                        Optional.empty(),
                        1e-5))
            .getMessage());
  }

  @Test
  void refusesListsOfDifferentLengths() {
    assertEquals(
        "width_list, depth_list and the expansion must be equally long; they are [2, 3], [1] and"
            + " [1, 2]",
        assertThrows(
                IllegalArgumentException.class,
                () -> config(B, List.of(2, 3), List.of(1), 4, 2, Optional.empty(), 1e-5))
            .getMessage());
  }
}
