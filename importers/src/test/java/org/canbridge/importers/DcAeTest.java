package org.canbridge.importers;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.family.ObjectiveSettings;
import org.canbridge.importers.keys.KeyFate;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.uvit.UvitFamily;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.junit.jupiter.api.Test;

/**
 * The diffusion models of DC-AE (Chen et al., ICLR 2025): one file with the autoencoder and a DiT
 * or U-ViT of patch size 1 on 32 or 128 channels. Names as in {@code diffusioncore/models} of
 * mit-han-lab/efficientvit; {@code DCAE_Diffusion_HF} puts the prefixes in front.
 */
class DcAeTest {

  private static Examination examine(String family, Arguments arguments, boolean labelTable) {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    tensors.put(
        "autoencoder.encoder.project_in.weight", TestTensors.random(1, DType.F32, List.of(2L)));
    Families.byName(family)
        .orElseThrow()
        .canonical()
        .keyMap(arguments)
        .targets()
        .forEach(
            (name, shape) ->
                tensors.put(
                    "diffusion_model."
                        + (labelTable
                            ? name.replace("label_emb.weight", "label_emb.embedding_table.weight")
                            : name),
                    TestTensors.random(name.hashCode(), DType.F32, shape)));
    return Examination.of(
        Path.of("weights"),
        MemoryFile.of(tensors),
        ImportOptions.defaults().withArguments(arguments.toJson(), "the test"));
  }

  private static void assertRead(Examination examined, String layout, Arguments arguments) {
    assertEquals(List.of(), examined.problems());
    assertEquals(layout, examined.detection().chosen().orElseThrow().layout().name());
    assertEquals(arguments, examined.known());
    assertEquals(
        List.of(
            new KeyFate(
                "autoencoder.encoder.project_in.weight",
                TestTensors.random(1, DType.F32, List.of(2L)).type(),
                new KeyFate.Ignored("outside diffusion_model"))),
        examined.fates().stream()
            .filter(fate -> !(fate.outcome() instanceof KeyFate.Mapped))
            .toList());
  }

  @Test
  void itsDitHasTheOfficialNames() {
    Arguments arguments =
        Families.published("DiT-S/2")
            .arguments()
            .with("patch_size", 1)
            .with("in_channels", 32)
            .with("input_size", 4)
            .with("depth", 2);
    assertRead(examine("dit", arguments, false), "official", arguments);
  }

  @Test
  void itsUvitNamesTheLabelTableOtherwise() {
    Arguments arguments =
        Families.published("U-ViT-L/2")
            .arguments()
            .with("patch_size", 1)
            .with("in_chans", 32)
            .with("img_size", 4)
            .with("embed_dim", 32)
            .with("depth", 2)
            .with("num_heads", 4)
            .with("conv", false);
    assertRead(examine("uvit", arguments, true), "dc-ae", arguments);
    assertRead(examine("uvit", arguments, false), "official", arguments);
  }

  /** USiT, the one trained as SiT, is told by the name in the hub's configuration. */
  @Test
  void itsFlowModelIsNamedInTheConfiguration() {
    UvitFamily family = new UvitFamily();
    Arguments arguments =
        Families.published("U-ViT-L/2").arguments().with("in_chans", 32).with("img_size", 4);
    Objective usual = family.objective(family.config(arguments)).orElseThrow();
    assertEquals("eps on vp-discrete, null class 1000", usual.toString());
    assertEquals(
        "velocity on flow-linear, null class 1000",
        told(family, usual, "dc-ae-f32c32-in-1.0-usit-h-in-512px"));
    assertEquals(usual.toString(), told(family, usual, "dc-ae-f32c32-in-1.0-uvit-h-in-512px"));
    assertEquals(
        usual.with(ObjectiveSettings.parse("sit")),
        usual.with(family.objectiveOf(usual, Map.of("config.model_name", "x-usit-h-x"))));
  }

  private static String told(UvitFamily family, Objective usual, String name) {
    return usual.with(family.objectiveOf(usual, Map.of("config.model_name", name))).toString();
  }
}
