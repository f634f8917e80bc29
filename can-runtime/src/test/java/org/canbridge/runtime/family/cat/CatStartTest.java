package org.canbridge.runtime.family.cat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.cat.CatCondition;
import org.canbridge.importers.cat.CatConfig;
import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.importers.efficientvit.EfficientVitSeries;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.CanConversion;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.RuntimeFamilies;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.Beginning;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CatStartTest {
  private static final CatConfig TINY =
      new CatConfig(8, 4, 1, List.of(8, 16), List.of(1, 2), 4, 4, 12, new CatCondition.Label(3));

  @TempDir private Path folder;

  @Test
  void aCatIsMadeConditionAwareWrittenAndReadBack() throws IOException {
    Path directory = folder.resolve("cat");
    try (Model model =
        Model.generated(new CatStart(TINY).begin(Optional.empty(), 3).checkpoint())) {
      CanConversion conversion =
          CanConversion.convert(
              model,
              CanPreset.paper(model.source(), CanTarget.PAPER, CanCondition.ALL),
              3,
              Target.F32);
      assertTrue(conversion.passed());
      assertTrue(conversion.check().deviation() > 0.1, "an output worth comparing");
      ModelDirectory.write(directory, conversion.checkpoint(), WriteOptions.defaults());
    }
    try (Model model = Model.open(directory, ImportOptions.defaults())) {
      assertEquals(TINY, model.checkpoint().config());
      assertTrue(model.can().isPresent());
    }
  }

  @Test
  void modulesOfEqualShapeComeFromTheEfficientVit() {
    EfficientVitConfig config =
        new EfficientVitConfig(
            EfficientVitSeries.B,
            List.of(4, 4, 8, 12, 16),
            List.of(1, 1, 1, 1, 1),
            3,
            4,
            List.of(1, 4, 4, 4, 4),
            Optional.empty(),
            1e-5,
            1e-15);
    Map<String, TensorData> weights =
        new RandomTensors(3).weights(RuntimeFamilies.of(config).graph());
    Beginning.Start start =
        new CatStart(TINY).begin(Optional.of(Checkpoint.generated(config, weights)), 3);
    String ours = "middle.blocks.0.context_module.main.qkv.conv.weight";
    String theirs = start.taken().get(ours);
    assertTrue(theirs.endsWith("op_list.1.context_module.main.qkv.conv.weight"), theirs);
    assertTrue(Tensors.sameBytes(weights.get(theirs), start.checkpoint().tensors().get(ours)));
    assertTrue(
        start.taken().keySet().stream().allMatch(name -> name.startsWith("middle.blocks.0.")),
        () -> "there is one module of width 16 and none of width 8: " + start.taken());
  }
}
