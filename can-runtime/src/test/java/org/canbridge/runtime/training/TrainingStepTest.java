package org.canbridge.runtime.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.canbridge.runtime.engine.Arithmetic;
import org.canbridge.runtime.engine.MachineKernels;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.engine.kernels.ConvolutionForm;
import org.canbridge.runtime.engine.kernels.Kernel;
import org.canbridge.runtime.engine.kernels.Kernels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Three training steps against PyTorch's own autograd and AdamW in float64, made by {@code
 * fixtures/scripts/make_training.py}: losses, the norm and every recorded gradient, weight and
 * average.
 */
class TrainingStepTest {
  private static final int BATCH = 4;
  private static final int STEPS = 3;
  private static final Kernels FILLED =
      new Kernels(Map.of(Kernel.PARTIAL_CONVOLUTION, ConvolutionForm.PADDED), false, Map.of());

  static Stream<Arguments> cases() {
    return Stream.of("training-dit", "training-uvit", "training-can")
        .flatMap(
            name ->
                Stream.of(
                    Arguments.of(name, Precision.F64, Kernels.PLAIN, 1e-9),
                    // The bound. PyTorch's own float32 run is as far from its float64 one.
                    Arguments.of(name, Precision.F32, MachineKernels.of(Target.F32), 1e-5),
                    // The same with the convolutions of machines that compute the others wrongly.
                    Arguments.of(name, Precision.F64, FILLED, 1e-9),
                    Arguments.of(name, Precision.F32, FILLED, 1e-5)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void stepsAreThoseOfPyTorch(String name, Precision precision, Kernels kernels, double tolerance)
      throws IOException {
    try (RecordedTraining each =
        new RecordedTraining(name, new Arithmetic(Target.of(precision), kernels), tolerance)) {
      for (int step = 0; step < STEPS; step++) {
        each.differentiate(step, 0, BATCH, 1);
        each.checkLosses(step);
        each.check("step" + step + ".gradient.", each.session().gradients());
        double norm = each.session().gradientNorm();
        assertEquals(each.scalar("step" + step + ".output.gradient_norm"), norm, tolerance * norm);
        each.update(step, norm);
        each.check("step" + step + ".weight.", each.session().weights());
      }
      each.check("step2.ema.", each.session().ema());
      assertEquals(Set.of(), each.open(), "never compared");
    }
  }

  /**
   * In bfloat16, whatever form its convolutions have, every gradient points where PyTorch's does in
   * float64.
   */
  @ParameterizedTest
  @CsvSource({"false, false", "true, false", "false, true", "true, true"})
  void gradientsOfBfloat16AreThoseOfPyTorchUpToRounding(boolean padded, boolean wide)
      throws IOException {
    Kernels kernels =
        new Kernels(
            Map.of(Kernel.PARTIAL_CONVOLUTION, new ConvolutionForm(padded, wide)), false, Map.of());
    try (RecordedTraining each =
        new RecordedTraining("training-uvit", new Arithmetic(Target.BF16, kernels), 0.1)) {
      each.differentiate(0, 0, BATCH, 1);
      each.check("step0.gradient.", each.session().gradients());
    }
  }

  @Test
  void batchesGatherToOneStep() throws IOException {
    try (RecordedTraining each =
        new RecordedTraining("training-dit", new Arithmetic(Target.F64, Kernels.PLAIN), 1e-9)) {
      each.differentiate(0, 0, BATCH / 2, 0.5);
      each.differentiate(0, BATCH / 2, BATCH / 2, 0.5);
      each.check("step0.gradient.", each.session().gradients());
    }
  }
}
