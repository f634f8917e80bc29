package org.canbridge.runtime.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.Arithmetic;
import org.canbridge.runtime.engine.MachineKernels;
import org.canbridge.runtime.engine.Target;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.formats.TensorFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Twenty steps that a plain loop in PyTorch made with the export of a condition-aware network, by
 * {@code fixtures/scripts/make_torchscript.py}: ours lead to the same weights, and those of PyTorch
 * come back to the last bit.
 */
class ScriptTrainingTest {
  private static final Path CASE = Fixtures.of("torchscript");
  private static final int BATCH = 4;
  private static final int STEPS = 20;
  private static final double TOLERANCE = 1e-4;

  @TempDir Path folder;

  private static Checkpoint back(String file) {
    Checkpoint model = Checkpoints.open(CASE.resolve("model"));
    return Checkpoints.openLike(CASE.resolve(file), model, ImportOptions.defaults());
  }

  @Test
  void stepsAreThoseOfALoopInPyTorch() throws IOException {
    Arithmetic arithmetic = new Arithmetic(Target.F32, MachineKernels.of(Target.F32));
    try (RecordedTraining training = new RecordedTraining("torchscript", arithmetic, TOLERANCE);
        Checkpoint trained = back("trained.pt")) {
      for (int step = 0; step < STEPS; step++) {
        training.differentiate(step, 0, BATCH, 1);
        training.checkLosses(step);
        training.update(step, training.session().gradientNorm());
      }
      assertEquals(Set.of(), training.open(), "never compared");
      Map<String, TensorData> start = training.model().checkpoint().tensors();
      for (Map.Entry<String, TensorData> ours : training.session().weights().entrySet()) {
        TensorData theirs = trained.tensors().get(ours.getKey());
        training.compare(ours.getKey(), Tensors.doubles(theirs), Tensors.doubles(ours.getValue()));
        assertEquals(
            training.session().trained().contains(ours.getKey()),
            !Tensors.sameBytes(theirs, start.get(ours.getKey())),
            ours.getKey());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"trained.pt, model.", "trained-script.pt, ''"})
  void weightsComeBackToTheLastBit(String file, String wrapper) throws IOException {
    Path written = folder.resolve("back");
    try (Checkpoint back = back(file)) {
      ModelDirectory.write(written, back, WriteOptions.defaults());
    }
    try (Model before = Model.open(CASE.resolve("model"), ImportOptions.defaults());
        Model after = Model.open(written, ImportOptions.defaults());
        TensorFile theirs = TensorFiles.open(CASE.resolve(file))) {
      assertEquals(before.checkpoint().config(), after.checkpoint().config());
      assertEquals(before.can(), after.can());
      assertEquals(before.objective(), after.objective());
      assertEquals(before.checkpoint().tensors().keySet(), after.checkpoint().tensors().keySet());
      for (Map.Entry<String, TensorData> tensor : after.checkpoint().tensors().entrySet()) {
        TensorData expected = theirs.tensors().get(wrapper + tensor.getKey());
        assertEquals(expected.type(), tensor.getValue().type());
        assertTrue(Tensors.sameBytes(expected, tensor.getValue()), tensor.getKey());
      }
    }
  }
}
