package org.canbridge.verifiers.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.ImportOptions;
import org.canbridge.importers.format.MemoryTensor;
import org.canbridge.importers.format.TensorData;
import org.canbridge.importers.format.Tensors;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.verifiers.Comparison;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.Tolerance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The transformer of a whole pipeline folder, held against the latents after every step of the
 * recorded runs: each step starts from the recorded latents, so that only the network and one DDIM
 * step (diffusers' {@code DDIMScheduler}, eta 0) stand between the two.
 */
class DitPipelineTest {
  private static final int TRAINING_STEPS = 1000;
  private static final int NULL_CLASS = 1000;

  @ParameterizedTest
  @CsvSource({"ddim_noguide, 1", "ddim, 4"})
  void everyStepIsReproduced(String run, double guidance) {
    Path folder = Fixtures.of("dit-pipeline");
    try (ReferenceBundle bundle = ReferenceBundle.open(folder);
        Model model = Model.open(folder, ImportOptions.defaults());
        Session session = model.session(Precision.F32)) {
      long[] timesteps = Tensors.longs(bundle.inputs().get(run + ".timesteps"));
      float[] recorded = Tensors.floats(bundle.outputs().get("output." + run + ".latents"));
      float[] latents = Tensors.floats(bundle.inputs().get("latents"));
      long[] labels = Tensors.longs(bundle.inputs().get("class_labels"));
      int size = latents.length;
      for (int step = 0; step < timesteps.length; step++) {
        float[] eps = eps(session, latents, labels, timesteps[step], guidance);
        float[] next = ddim(latents, eps, timesteps[step], TRAINING_STEPS / timesteps.length);
        float[] expected = Arrays.copyOfRange(recorded, step * size, (step + 1) * size);
        Comparison comparison =
            Comparison.of(
                run + " step " + step,
                MemoryTensor.of(expected, size),
                MemoryTensor.of(next, size),
                new Tolerance(1e-4, 1e-5, "one forward pass and one step"));
        assertTrue(comparison.passed(), comparison::toString);
        latents = expected;
      }
    }
  }

  /** Guided on all latent channels; the variance half is dropped. */
  private static float[] eps(
      Session session, float[] latents, long[] labels, long timestep, double guidance) {
    int batch = labels.length;
    long[] shape = {2L * batch, 4, 8, 8};
    float[] twice = Arrays.copyOf(latents, 2 * latents.length);
    System.arraycopy(latents, 0, twice, latents.length, latents.length);
    long[] both = Arrays.copyOf(labels, 2 * batch);
    Arrays.fill(both, batch, 2 * batch, NULL_CLASS);
    long[] times = new long[2 * batch];
    Arrays.fill(times, timestep);
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    inputs.put("x", MemoryTensor.of(twice, shape));
    inputs.put("t", MemoryTensor.of(times, 2L * batch));
    inputs.put("y", MemoryTensor.of(both, 2L * batch));
    float[] out = Tensors.floats(session.run(inputs, List.of("output")).get("output"));
    int perSample = latents.length / batch;
    float[] eps = new float[latents.length];
    for (int i = 0; i < eps.length; i++) {
      int at = i / perSample * 2 * perSample + i % perSample;
      float conditional = out[at];
      float unconditional = out[out.length / 2 + at];
      eps[i] = (float) (unconditional + guidance * (conditional - unconditional));
    }
    return eps;
  }

  private static float[] ddim(float[] x, float[] eps, long timestep, int stride) {
    List<Double> alphas = alphas();
    double alpha = alphas.get((int) timestep);
    long before = timestep - stride;
    double previous = before < 0 ? 1 : alphas.get((int) before);
    float[] next = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      double clean = (x[i] - Math.sqrt(1 - alpha) * eps[i]) / Math.sqrt(alpha);
      next[i] = (float) (Math.sqrt(previous) * clean + Math.sqrt(1 - previous) * eps[i]);
    }
    return next;
  }

  /** Cumulative products for linear betas from 1e-4 to 0.02. */
  private static List<Double> alphas() {
    List<Double> alphas = new ArrayList<>();
    double product = 1;
    for (int t = 0; t < TRAINING_STEPS; t++) {
      product *= 1 - (1e-4 + t * (0.02 - 1e-4) / (TRAINING_STEPS - 1));
      alphas.add(product);
    }
    return alphas;
  }
}
