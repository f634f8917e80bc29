package org.canbridge.importers.sit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.FamilyContract;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.family.PathKind;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SitFamilyTest extends FamilyContract {
  private static final ImportOptions SIT =
      ImportOptions.defaults().withHeads(3).withFamily("sit", "--family");

  @Override
  protected Family family() {
    return new SitFamily();
  }

  @Override
  protected List<Arguments> examples() {
    return List.of(
        new DitConfig(8, 2, 4, 24, 2, 3, 96, 10, true, 256).arguments(),
        new DitConfig(12, 4, 3, 20, 1, 5, 53, 7, false, 64).arguments());
  }

  @Override
  protected List<Fixture> fixtures() {
    return List.of(
        new Fixture(
            "sit-tiny",
            "checkpoint.pt",
            "official",
            SIT,
            new SitConfig(new DitConfig(8, 2, 4, 48, 2, 3, 192, 10, true, 256))),
        new Fixture(
            "sit-tiny-nosigma",
            "checkpoint.pt",
            "official",
            SIT,
            new SitConfig(new DitConfig(8, 2, 4, 48, 1, 3, 192, 10, false, 256))));
  }

  @Test
  void aBareStateDictIsTakenForADitAndImportSaysSo() {
    try (Checkpoint dit =
        Checkpoints.open(
            Fixtures.of("sit-tiny").resolve("checkpoint.pt"),
            ImportOptions.defaults().withHeads(3))) {
      assertEquals("dit", dit.config().architecture());
      assertEquals(
          "objective assumed, as of published models of dit: eps on vp-discrete, null class 10;"
              + " --objective says otherwise, --family sit reads the same tensors as that",
          dit.notes().get(dit.notes().size() - 1));
    }
    assertEquals(
        "sit", architecture(ImportOptions.defaults().withHeads(3).withFamily("sit", "--family")));
  }

  private static String architecture(ImportOptions options) {
    try (Checkpoint read =
        Checkpoints.open(Fixtures.of("sit-tiny").resolve("checkpoint.pt"), options)) {
      return read.config().architecture();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Linear, velocity, FLOW_LINEAR, VELOCITY",
    "GVP, noise, FLOW_GVP, EPS",
    "VP, score, FLOW_VP, SCORE"
  })
  void trainingFilesNameTheirObjective(
      String path, String prediction, PathKind kind, Objective.Prediction predicted) {
    Map<String, Object> values =
        Map.of("args.path_type", path, "args.prediction", prediction, "args.num_classes", 10L);
    assertTrue(family().isNamedBy(values));
    Objective usual = family().objective(family().config(examples().get(0))).orElseThrow();
    Objective told = usual.with(family().objectiveOf(usual, values));
    assertEquals(kind, told.path());
    assertEquals(predicted, told.prediction());
    assertEquals(1, told.cleanTime());
    assertEquals(0, told.noiseTime());
    assertTrue(told.nullClass());
  }

  @Test
  void publishedSizesAreThoseOfDit() {
    assertEquals(12, family().published().size());
    assertEquals("SiT-XL/2", family().published().get(9).name());
  }
}
