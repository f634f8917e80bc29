package org.canbridge.importers.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.cat.CatFamily;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.dit.DitFamily;
import org.canbridge.importers.sit.SitFamily;
import org.canbridge.importers.uvit.UvitFamily;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Objectives there and back, strictly, and told otherwise. */
class ObjectiveTest {
  private static final Objective DIT = usual(new DitFamily(), "DiT-S/2");

  private static Objective usual(Family family, String name) {
    Arguments arguments =
        family.published().stream()
            .filter(model -> model.name().equals(name))
            .findFirst()
            .orElseThrow()
            .arguments();
    return family.objective(family.config(arguments)).orElseThrow();
  }

  @Test
  void everyFamilysObjectiveIsReadBack() {
    for (Family family :
        List.of(new DitFamily(), new SitFamily(), new UvitFamily(), new CatFamily())) {
      for (PublishedModel model : family.published()) {
        Objective objective = family.objective(family.config(model.arguments())).orElseThrow();
        assertEquals(objective, Objective.of(objective.toJson()), model.name());
        assertEquals(
            objective, objective.with(ObjectiveSettings.parse("classes=" + objective.classes())));
      }
    }
  }

  @Test
  void theUsualOnesAreTheAuthors() {
    assertEquals("eps on vp-discrete, null class 1000", DIT.toString());
    assertEquals(4, DIT.interpolatedGuidance());
    assertEquals(
        "velocity on flow-linear, null class 1000", usual(new SitFamily(), "SiT-XL/2").toString());
    Objective latents = usual(new UvitFamily(), "U-ViT-L/2");
    assertEquals("eps on vp-discrete, null class 1000", latents.toString());
    assertEquals(1.4, latents.interpolatedGuidance());
    Objective pixels = usual(new UvitFamily(), "U-ViT-M/4");
    assertEquals("eps on vp-continuous, no null class", pixels.toString());
    assertEquals(1, pixels.interpolatedGuidance());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "prediction=velocity | prediction velocity needs a path of flow matching, not vp-discrete",
        "prediction=noise | prediction must be one of [eps, x0, v, velocity, score], is \"noise\"",
        "flow-linear,prediction=v | prediction v needs a variance-preserving path, not flow-linear",
        "time_scale.clean=999 | time_scale must tell both ends of the path apart, both are 999.0;"
            + " time_scale must count the steps of vp-discrete one by one, is 999.0 to 999.0",
        "steps=500 | time_scale must count the steps of vp-discrete one by one, is 0.0 to 999.0",
        "null_class=3 | null_class must be 1000, which follows the classes, or null, is 3",
        "guidance.channels=4 | guidance.channels must be one of [all, first-three], is 4",
        "latent_scale=0 | latent_scale must be a positive number, is 0",
        "image_range=0..1 | a learned variance needs images of -1..1",
        "image_range=0..255 | image_range must be one of [-1..1, 0..1], is \"0..255\"",
        "speed=3 | speed is unknown"
      })
  void whatMakesNoSenseIsRefused(String settings, String reasons) {
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class, () -> DIT.with(ObjectiveSettings.parse(settings)));
    assertEquals(reasons, refused.getMessage().replace("\n", "; "));
  }

  @Test
  void aFieldThatIsMissingIsNamed() {
    ObjectNode json = DIT.toJson();
    json.remove(List.of("prediction", "null_class"));
    assertEquals(
        "prediction is missing; null_class is missing",
        assertThrows(IllegalArgumentException.class, () -> Objective.of(json))
            .getMessage()
            .replace("\n", "; "));
    assertEquals(
        "path must be one of vp-discrete, vp-continuous, flow-linear, flow-gvp, flow-vp, is"
            + " missing",
        assertThrows(
                IllegalArgumentException.class, () -> Objective.of(json.deepCopy().removeAll()))
            .getMessage());
  }

  /** Directories of {@code canbridge/2} that were written before the field have none. */
  @Test
  void guidanceActsOnAllChannelsUnlessSomebodySaysOtherwise() {
    ObjectNode json = DIT.toJson();
    assertEquals("all", ((ObjectNode) json.get("guidance")).remove("channels").textValue());
    assertEquals(DIT, Objective.of(json));
    Objective three = DIT.with(ObjectiveSettings.parse("guidance.channels=first-three"));
    assertEquals(GuidedChannels.FIRST_THREE, three.guidance().channels());
    assertEquals(three, Objective.of(three.toJson()));
  }

  /** A field that only models of another range have, so that all others' bytes stay. */
  @Test
  void imagesAreOfTheUsualRangeUnlessSomebodySaysOtherwise() {
    assertFalse(DIT.toJson().has("image_range"));
    Objective unit = DIT.with(ObjectiveSettings.parse("learned_variance=false,image_range=0..1"));
    assertEquals(Objective.Range.UNIT, unit.range());
    assertEquals("0..1", unit.toJson().get("image_range").textValue());
    assertEquals(unit, Objective.of(unit.toJson()));
    assertEquals(0.75, unit.range().ofSigned(0.5));
    assertEquals(0.5, unit.range().toSigned(0.75));
    assertEquals(Objective.Range.UNIT, unit.withLabels(5).range());
  }

  @Test
  void anotherPathHasParametersOfItsOwn() {
    Objective flow = DIT.with(ObjectiveSettings.parse("sit"));
    assertEquals(Arguments.none(), flow.parameters());
    assertEquals(PathKind.FLOW_LINEAR, flow.path());
    assertEquals(1, flow.timestep(0));
    assertEquals(0.75, flow.timestep(0.25));
    assertEquals(250, DIT.timestep(0.25));
    Objective vp = flow.with(ObjectiveSettings.parse("flow-vp,beta_max=10"));
    assertEquals(
        Arguments.none().with("beta_min", 0.1).with("beta_max", 10).toString(),
        vp.parameters().toString());
    assertEquals(
        "'fast' is neither field=value nor sit nor a path: vp-discrete, vp-continuous, flow-linear,"
            + " flow-gvp, flow-vp",
        assertThrows(IllegalArgumentException.class, () -> ObjectiveSettings.parse("fast"))
            .getMessage());
  }

  @Test
  void trainingArgumentsTellWhetherThereIsANullRow() {
    assertEquals(1001, told(1001).classes());
    assertEquals(false, told(1001).nullClass());
    assertEquals(1, told(1001).interpolatedGuidance());
    assertEquals(DIT, told(1000));
    assertEquals(DIT, told(7));
  }

  @Test
  void otherProgramsArgumentsTellItToo() {
    assertEquals(false, told(Map.of("config.num_classes", 1001L)).nullClass());
    assertEquals(false, told(Map.of("hyper_parameters.model.num_classes", 1001L)).nullClass());
    assertEquals(false, told(Map.of("args.class_dropout_prob", 0.0)).nullClass());
    assertEquals(false, told(Map.of("cfg.class_dropout_prob", 0L)).nullClass());
    assertEquals(DIT, told(Map.of("args.class_dropout_prob", 0.1)));
    // Two that differ, and a text, tell nothing.
    assertEquals(DIT, told(Map.of("a.num_classes", 1001L, "b.num_classes", 1000L)));
    assertEquals(DIT, told(Map.of("args.num_classes", "1001")));
    assertEquals(DIT, told(Map.of("my_num_classes", 1001L)));
  }

  /** U-ViT's own settings count the null class, and its models of pixels have none. */
  @Test
  void uvitsOfPixelsHaveNoNullClass() {
    UvitFamily family = new UvitFamily();
    Arguments imagenet = Families.published("U-ViT-M/4").arguments();
    for (int rows : new int[] {10, 1000}) {
      Objective objective =
          family.objective(family.config(imagenet.with("num_classes", rows))).orElseThrow();
      assertEquals("eps on vp-continuous, no null class", objective.toString());
      assertEquals(rows, objective.classes());
    }
    Objective guided = UvitFamily.latents(1001, true, false);
    assertEquals(
        guided, guided.with(family.objectiveOf(guided, Map.of("nnet.num_classes", 1001L))));
    Objective few = UvitFamily.latents(10, true, false);
    assertEquals(
        false, few.with(family.objectiveOf(few, Map.of("args.num_classes", 10L))).nullClass());
  }

  private static Objective told(long classes) {
    return told(Map.of("args.num_classes", classes));
  }

  private static Objective told(Map<String, Object> values) {
    return DIT.with(new DitFamily().objectiveOf(DIT, values));
  }
}
