package org.canbridge.runtime.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.CanBaking;
import org.canbridge.runtime.CanConversion;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPlan;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.engine.Target;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Condition-aware networks and layouts. */
class PublishedNetworkTest {
  @TempDir private Path folder;

  private Model converted(CanTarget... targets) throws IOException {
    Path directory = folder.resolve("can");
    try (Model model = Model.open(Fixtures.of("dit-diffusers"), ImportOptions.defaults())) {
      CanPlan plan = CanPlan.paper(List.of(targets), CanCondition.CLASS);
      CanConversion conversion =
          CanConversion.convert(model, CanConversion.estimate(model, plan).spec(), 1, Target.F32);
      ModelDirectory.write(directory, conversion.checkpoint(), WriteOptions.defaults());
    }
    return Model.open(directory, ImportOptions.defaults());
  }

  private Model frozen(CanTarget... targets) throws IOException {
    Path directory = folder.resolve("frozen");
    try (Model model = converted(targets)) {
      CanBaking baking =
          CanBaking.bake(model, Map.of("y", MemoryTensor.of(new long[] {3}, 1)), 1, Target.F32);
      ModelDirectory.write(directory, baking.checkpoint(), WriteOptions.defaults());
    }
    return Model.open(directory, ImportOptions.defaults());
  }

  private static List<Exporter> layouts() {
    return List.of(new PublishedExporter(), new DiffusersExporter(), new TimmExporter());
  }

  private static void assertRefused(Model model, String message) {
    for (Exporter exporter : layouts()) {
      assertEquals(
          message,
          assertThrows(
                  IllegalArgumentException.class,
                  () -> exporter.prepare(model, ExportOptions.defaults()))
              .getMessage());
    }
  }

  /** The forms that hold it, as the refusal names them. */
  private static String others() {
    return ", or this one with --format "
        + Exporters.all().stream()
            .map(Exporter::name)
            .filter(name -> layouts().stream().noneMatch(layout -> layout.name().equals(name)))
            .collect(Collectors.joining(" or "));
  }

  @Test
  void weightsOfSamplesHaveNoPlaceInALayout() throws IOException {
    try (Model can = converted(CanTarget.OUT_PROJ)) {
      assertRefused(
          can,
          "a condition-aware network makes weights for every sample, which no published layout has"
              + " a place for; freeze it at one condition (canbridge bake) and export that, or"
              + " export the model that it was converted from"
              + others());
    }
  }

  @Test
  void aFrozenNetworkOfThePublishedLayersGoesThrough() throws IOException {
    Path out = folder.resolve("out");
    try (Model frozen = frozen(CanTarget.PATCH_EMBED, CanTarget.OUT_PROJ)) {
      try (Export export = new DiffusersExporter().prepare(frozen, ExportOptions.defaults())) {
        assertEquals(2, export.write(out).size());
      }
      try (Model back = Model.open(out, ImportOptions.defaults())) {
        Checkpoint checkpoint = back.checkpoint();
        assertEquals(frozen.checkpoint().config(), checkpoint.config());
        assertEquals(
            List.of(),
            checkpoint.tensors().keySet().stream()
                .filter(
                    name ->
                        !Tensors.sameBytes(
                            checkpoint.tensors().get(name),
                            frozen.checkpoint().tensors().get(name)))
                .toList());
      }
    }
  }

  @Test
  void aFrozenNetworkWithOtherLayersDoesNot() throws IOException {
    try (Model frozen = frozen(CanTarget.PAPER.toArray(CanTarget[]::new))) {
      assertRefused(
          frozen,
          "this frozen network has other layers than the published one; added:"
              + " blocks.0.mlp.dwconv.bias, blocks.0.mlp.dwconv.weight, blocks.1.mlp.dwconv.bias"
              + " and 3 more. No published layout has a place for that; export the model that it"
              + " was converted from"
              + others());
    }
  }
}
