package org.canbridge.verifiers.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Arrays;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.Trained;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.ModelSampler;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.objective.Respacing;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.formats.TensorFiles;
import org.canbridge.verifiers.ParityOptions;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.junit.ParityAssertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Model directories of {@code canbridge/1}, written by the version before the objective (14404a6):
 * a DiT, Condition-Aware Networks beside its control and in place of it, a U-ViT, an EfficientViT.
 * They open, verify and draw what that version computed with them, which {@code recorded} holds: on
 * the machine that recorded it to the bit, elsewhere as closely as kernels of other CPUs agree.
 */
class FirstFormatTest {
  private static final Path FOLDER = Fixtures.of("canbridge-1");
  private static final Path RECORDED = FOLDER.resolve("recorded");

  @ParameterizedTest
  @ValueSource(strings = {"dit", "dit-can", "dit-can-only", "uvit", "efficientvit"})
  void itVerifiesAgainstTheVersionThatWroteIt(String name) {
    try (ReferenceBundle bundle = ReferenceBundle.open(RECORDED.resolve(name));
        ModelSubject subject =
            ModelSubject.open(FOLDER.resolve(name), ImportOptions.defaults(), bundle)) {
      assertEquals(name.contains("can"), subject.model().can().isPresent());
      ParityAssertions.assertParity(subject.check(ParityOptions.NONE));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"dit", "dit-can", "dit-can-only", "uvit"})
  void itDrawsWhatThatVersionDrew(String name) {
    double[] recorded;
    try (TensorFile latents = TensorFiles.open(RECORDED.resolve("latents.safetensors"))) {
      recorded = Tensors.doubles(latents.tensors().get(name));
    }
    double largest = Arrays.stream(recorded).map(Math::abs).max().orElseThrow();
    assertArrayEquals(
        recorded, drawn(FOLDER.resolve(name), ImportOptions.defaults()), 1e-5 * largest);
  }

  @Test
  void aModelDirectoryIsTheModelOfItsPublishedFile() {
    Path published = Fixtures.of("dit-tiny-bf16").resolve("checkpoint.pt");
    assertArrayEquals(
        drawn(published, ImportOptions.defaults().withHeads(3)),
        drawn(FOLDER.resolve("dit"), ImportOptions.defaults()));
  }

  @Test
  void aConvertedModelPreservesTheFunction() {
    assertArrayEquals(
        drawn(FOLDER.resolve("dit"), ImportOptions.defaults()),
        drawn(FOLDER.resolve("dit-can"), ImportOptions.defaults()),
        1e-4);
  }

  private static double[] drawn(Path path, ImportOptions options) {
    try (Model model = Model.open(path, options);
        Session session = model.session(Target.F32)) {
      assertEquals(Trained.ASSUMED, model.checkpoint().training().orElseThrow().from());
      assertEquals("eps on vp-discrete, null class 10", model.objective().orElseThrow().toString());
      return ModelSampler.of(model, session)
          .draw(
              SamplingSettings.of(SolverName.DDIM, Respacing.even(4)).withGuidance(2).withSeed(5),
              3,
              7)
          .values();
    }
  }
}
