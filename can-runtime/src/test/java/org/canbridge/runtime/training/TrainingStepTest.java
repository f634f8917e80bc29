package org.canbridge.runtime.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.AdamW;
import org.canbridge.runtime.engine.Arithmetic;
import org.canbridge.runtime.engine.MachineKernels;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.engine.TrainingSession;
import org.canbridge.runtime.engine.kernels.ConvolutionForm;
import org.canbridge.runtime.engine.kernels.Kernel;
import org.canbridge.runtime.engine.kernels.Kernels;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.safetensors.SafetensorsFile;
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
    try (Case each = new Case(name, new Arithmetic(Target.of(precision), kernels), tolerance)) {
      for (int step = 0; step < STEPS; step++) {
        each.differentiate(step, 0, BATCH, 1);
        each.checkLosses(step);
        each.check("step" + step + ".gradient.", each.session.gradients());
        double norm = each.session.gradientNorm();
        assertEquals(each.scalar("step" + step + ".output.gradient_norm"), norm, tolerance * norm);
        each.update(step, norm);
        each.check("step" + step + ".weight.", each.session.weights());
      }
      each.check("step2.ema.", each.session.ema());
      assertEquals(Set.of(), each.open, "never compared");
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
    try (Case each = new Case("training-uvit", new Arithmetic(Target.BF16, kernels), 0.1)) {
      each.differentiate(0, 0, BATCH, 1);
      each.check("step0.gradient.", each.session.gradients());
    }
  }

  @Test
  void batchesGatherToOneStep() throws IOException {
    try (Case each = new Case("training-dit", new Arithmetic(Target.F64, Kernels.PLAIN), 1e-9)) {
      each.differentiate(0, 0, BATCH / 2, 0.5);
      each.differentiate(0, BATCH / 2, BATCH / 2, 0.5);
      each.check("step0.gradient.", each.session.gradients());
    }
  }

  /** A recorded case and the session that repeats it. */
  private static final class Case implements AutoCloseable {
    private final JsonNode settings;
    private final SafetensorsFile file;
    private final Model model;
    private final DenoisingLoss loss;
    private final TrainingSession session;
    private final double tolerance;
    private final Set<String> open = new TreeSet<>();
    private double[][] terms;

    Case(String name, Arithmetic arithmetic, double tolerance) throws IOException {
      Path folder = Fixtures.of(name);
      this.tolerance = tolerance;
      settings = new ObjectMapper().readTree(folder.resolve("training.json").toFile());
      file = SafetensorsFile.open(folder.resolve("training.safetensors"));
      file.tensors().keySet().stream()
          .filter(key -> !key.contains(".input.") && !key.endsWith(".prediction"))
          .filter(key -> !key.endsWith(".output.mean"))
          .forEach(open::add);
      JsonNode weights = settings.path("weights");
      ImportOptions options = ImportOptions.defaults();
      model =
          Model.open(
              Fixtures.of(weights.path("case").asText()).resolve(weights.path("file").asText()),
              name.equals("training-can")
                  ? options
                  : options.withHeads(settings.path("config").path("num_heads").intValue()));
      loss = DenoisingLoss.of(model.diffusion());
      List<TrainingSession.Group> groups = new ArrayList<>();
      for (JsonNode group : settings.path("optimizer").path("groups")) {
        Set<String> names = new LinkedHashSet<>();
        group.path("parameters").forEach(each -> names.add(each.asText()));
        boolean decays = group.path("weight_decay").doubleValue() > 0;
        groups.add(new TrainingSession.Group(names, 1, decays ? 1 : 0));
      }
      session =
          TrainingSession.open(
              model.graph(), model.checkpoint().tensors(), groups, loss, arithmetic);
    }

    void differentiate(int step, int from, int count, double scale) {
      String inputs = "step" + step + ".input.";
      Map<String, TensorData> network = new LinkedHashMap<>();
      network.put("t", rows(inputs + "t", from, count));
      network.put("y", rows(inputs + "y", from, count));
      Map<String, TensorData> objective = new LinkedHashMap<>();
      objective.put("clean", rows(inputs + "x", from, count));
      objective.put("noise", rows(inputs + "noise", from, count));
      objective.put("level", levels(inputs + "t", from, count));
      terms = session.differentiate(network, objective, scale);
      if (step == 0) {
        // The average is the start, and the forward pass alone is the same arithmetic.
        double[][] alone = session.averagedLosses(network, objective);
        for (int i = 0; i < terms.length; i++) {
          assertArrayEquals(terms[i], alone[i], tolerance * terms[i][0]);
        }
      }
    }

    /** The number that chooses a timestep lies in the middle of its thousandth. */
    private TensorData levels(String name, int from, int count) {
      long first = (long) loss.at(0).timestep();
      double[][] rows = new double[count][];
      for (int i = 0; i < count; i++) {
        long t = Tensors.longs(file.tensors().get(name))[from + i];
        DenoisingLoss.Level level = loss.at(((double) (t - first) + 0.5) / 1000);
        assertEquals((double) t, level.timestep());
        rows[i] = level.coefficients().stream().mapToDouble(Double::doubleValue).toArray();
      }
      return MemoryTensor.of(
          Stream.of(rows).flatMapToDouble(Arrays::stream).toArray(), count, rows[0].length);
    }

    private TensorData rows(String name, int from, int count) {
      TensorData tensor = file.tensors().get(name);
      long[] shape = tensor.type().shape().stream().mapToLong(Long::longValue).toArray();
      int row = Math.toIntExact(tensor.type().elements() / shape[0]);
      shape[0] = count;
      if (!tensor.type().dtype().isFloating()) {
        long[] all = Tensors.longs(tensor);
        long[] part = Arrays.copyOfRange(all, from * row, (from + count) * row);
        // Timesteps are real numbers to the network.
        return name.endsWith(".t")
            ? MemoryTensor.of(Arrays.stream(part).asDoubleStream().toArray(), shape)
            : MemoryTensor.of(part, shape);
      }
      double[] all = Tensors.doubles(tensor);
      return MemoryTensor.of(Arrays.copyOfRange(all, from * row, (from + count) * row), shape);
    }

    void checkLosses(int step) {
      List<String> names = loss.terms().size() == 1 ? List.of("loss") : List.copyOf(loss.terms());
      for (int i = 0; i < names.size(); i++) {
        compare("step" + step + ".output." + names.get(i), terms[i]);
      }
      double[] sum = new double[BATCH];
      for (double[] term : terms) {
        for (int i = 0; i < BATCH; i++) {
          sum[i] += term[i];
        }
      }
      compare("step" + step + ".output.loss", sum);
    }

    void update(int step, double norm) {
      JsonNode optimizer = settings.path("optimizer");
      AdamW adamW =
          new AdamW(
              optimizer.path("betas").get(0).doubleValue(),
              optimizer.path("betas").get(1).doubleValue(),
              optimizer.path("eps").doubleValue(),
              optimizer.path("groups").get(0).path("weight_decay").doubleValue(),
              optimizer.path("clip_norm").doubleValue());
      LearningRate rate =
          new LearningRate(
              optimizer.path("lr").doubleValue(), optimizer.path("warm_up_steps").longValue(), 0);
      assertEquals(settings.path("steps").get(step).path("lr").doubleValue(), rate.at(step), 1e-15);
      session.update(
          new TrainingSession.Update(
              rate.at(step),
              adamW.beta1(),
              adamW.beta2(),
              adamW.eps(),
              adamW.weightDecay(),
              adamW.divisor(norm),
              settings.path("ema_decay").isNumber() ? settings.path("ema_decay").asDouble() : 0));
    }

    /** Compares all that is recorded under a prefix. */
    void check(String prefix, Map<String, TensorData> actual) {
      for (String key : file.tensors().keySet()) {
        if (key.startsWith(prefix)) {
          String name = key.substring(prefix.length());
          assertTrue(actual.containsKey(name), key);
          compare(key, Tensors.doubles(actual.get(name)));
        }
      }
    }

    /** The largest difference, in units of the tensor's largest element. */
    private void compare(String key, double[] actual) {
      double[] expected = Tensors.doubles(file.tensors().get(key));
      assertEquals(expected.length, actual.length, key);
      double largest = 0;
      double scale = 0;
      for (int i = 0; i < expected.length; i++) {
        assertTrue(Double.isFinite(actual[i]), key);
        largest = Math.max(largest, Math.abs(expected[i] - actual[i]));
        scale = Math.max(scale, Math.abs(expected[i]));
      }
      assertTrue(
          largest <= tolerance * scale, key + ": " + largest + " of " + scale + " is too much");
      open.remove(key);
    }

    double scalar(String key) {
      open.remove(key);
      return Tensors.doubles(file.tensors().get(key))[0];
    }

    @Override
    public void close() {
      session.close();
      model.close();
      file.close();
    }
  }
}
