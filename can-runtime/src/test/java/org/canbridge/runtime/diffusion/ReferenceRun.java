package org.canbridge.runtime.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.NoiseSchedule;
import org.canbridge.runtime.objective.Parameterization;
import org.canbridge.runtime.objective.Respacing;

/**
 * One recorded run of the DiT code's sampling loops (cases {@code sampler-dit} and {@code
 * sampler-dit-network}): replays its start and noise through our solver and compares every step. A
 * guided run recorded 2B rows, conditional rows then null rows, of which only the first B are
 * meant; {@link #batch} counts the rows that are replayed.
 */
public final class ReferenceRun {
  private final String name;
  private final JsonNode settings;
  private final ImageShape shape;
  private final int recordedRows;
  private final int batch;
  private final double[] start;
  private final double[] states;
  private final double[] timesteps;
  private final double[] labels;
  private final Optional<double[]> noise;
  private final Optional<double[]> denoised;
  private final Optional<double[]> modelOutput;

  private ReferenceRun(String name, JsonNode settings, ReferenceTensors file, boolean guidedRows) {
    this.name = name;
    this.settings = settings;
    List<Long> size = file.shape("input.x_T");
    shape = new ImageShape(size.get(1).intValue(), size.get(2).intValue(), size.get(3).intValue());
    recordedRows = size.get(0).intValue();
    batch = guidedRows ? recordedRows / 2 : recordedRows;
    start = file.read("input.x_T");
    states = file.read("output.x");
    timesteps = file.read("input.t");
    labels = optional(file, "input.y").orElse(new double[recordedRows]);
    noise = optional(file, "input.noise");
    denoised = optional(file, "output.pred_xstart");
    modelOutput = optional(file, "activation.model_output");
  }

  private static Optional<double[]> optional(ReferenceTensors file, String name) {
    return file.has(name) ? Optional.of(file.read(name)) : Optional.empty();
  }

  /** All runs of a case with every row that was recorded, to be fed the recorded outputs. */
  public static List<ReferenceRun> recorded(String fixture) {
    return all(fixture, false);
  }

  /** All runs of a case, guided ones without their null rows, to be run with a network. */
  public static List<ReferenceRun> live(String fixture) {
    return all(fixture, true);
  }

  private static List<ReferenceRun> all(String fixture, boolean dropNullRows) {
    Path folder = Fixtures.of(fixture);
    try {
      List<ReferenceRun> runs = new ArrayList<>();
      JsonNode json = new ObjectMapper().readTree(folder.resolve("reference.json").toFile());
      json.get("runs")
          .properties()
          .forEach(
              entry -> {
                JsonNode settings = entry.getValue();
                if (!settings.has("sampler")) {
                  return; // the schedule tables
                }
                try (ReferenceTensors file =
                    new ReferenceTensors(folder.resolve(settings.get("file").asText()))) {
                  boolean drop = dropNullRows && settings.hasNonNull("cfg_scale");
                  runs.add(new ReferenceRun(entry.getKey(), settings, file, drop));
                }
              });
      return runs;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Shape of one row. */
  public ImageShape shape() {
    return shape;
  }

  /** Rows that are replayed. */
  public int batch() {
    return batch;
  }

  /** Classes of the replayed rows; 0 where the run has none. */
  public long[] labels() {
    return Arrays.stream(labels).limit(batch).mapToLong(y -> (long) y).toArray();
  }

  /** Guidance scale, 1 for none. */
  public double guidanceScale() {
    return settings.path("cfg_scale").asDouble(1);
  }

  /** Whether the network of this run learned its variance. */
  public boolean learnsVariance() {
    return settings.path("learn_sigma").asBoolean(true);
  }

  /** Whether the run's arithmetic was float64 (but for its float32 coefficients). */
  public boolean isFloat64() {
    return settings.path("dtype").asText("float32").equals("float64");
  }

  /** The timesteps that the network was given. */
  public double[] timesteps() {
    return timesteps.clone();
  }

  /** The schedule of the run. */
  public NoiseSchedule schedule() {
    return PublishedSchedules.linear(1000)
        .respace(Respacing.parse(settings.get("respacing").asText()));
  }

  /**
   * Replays the run. Fails when a step's state is off by more than {@code tolerance} stds of it.
   */
  public void check(Denoiser denoiser, double tolerance) {
    int[] draws = {0};
    NoiseSource replay =
        asked -> {
          assertEquals(shape, asked);
          return noiseOf(draws[0]++);
        };
    int[] seen = {0};
    Latents last =
        solver()
            .solve(
                clipped(denoiser),
                start(),
                replay,
                step -> {
                  int index = seen[0]++;
                  String where = name + ", step " + step.done() + " of " + step.of();
                  assertEquals(index + 1, step.done(), where);
                  assertEquals(timesteps[index], step.timestep(), where);
                  compare(where, slice(states, index), step.x(), tolerance);
                  denoised.ifPresent(
                      all ->
                          compare(
                              where + " (x_0)",
                              slice(all, index),
                              step.denoised(),
                              tolerance * cancellation(index)));
                });
    assertEquals(timesteps.length, seen[0], "steps of " + name);
    assertEquals(timesteps.length, draws[0], "draws of noise of " + name);
    compare(name, slice(states, timesteps.length - 1), last, tolerance);
  }

  /**
   * Takes each step on its own, from the recorded state with the recorded output. Fails when one
   * leads away from the next recorded state by more than {@code tolerance} stds of it.
   */
  void checkSingleSteps(double tolerance) {
    Denoiser outputs = clipped(recordedOutputs());
    OneStepSolver solver = solver();
    Latents x = start();
    for (int done = 0; done < timesteps.length; done++) {
      NoiseLevel level = schedule().level(timesteps.length - 1 - done).inSinglePrecision();
      Prediction prediction = outputs.predict(x, level);
      Latents drawn = noiseOf(done);
      Latents next = solver.step(timesteps.length - 1 - done, x, prediction, drawn);
      x = slice(states, done);
      compare(name + ", step " + (done + 1) + " alone", x, next, tolerance);
    }
  }

  /** A denoiser that answers with the recorded outputs, in order. */
  Denoiser recordedOutputs() {
    int[] call = {0};
    double[] all = modelOutput.orElseThrow();
    int each = all.length / timesteps.length;
    return new NetworkDenoiser(
        (x, timestep) -> {
          int from = each * call[0]++;
          return Arrays.copyOfRange(all, from, from + each);
        },
        Parameterization.EPSILON);
  }

  private Denoiser clipped(Denoiser denoiser) {
    return settings.get("clip_denoised").asBoolean() ? Thresholding.fixed(denoiser) : denoiser;
  }

  private OneStepSolver solver() {
    if (settings.get("sampler").asText().equals("ddim")) {
      return new Ddim(schedule(), settings.path("eta").asDouble(0));
    }
    boolean small = settings.path("sigma_small").asBoolean(false);
    return new Ddpm(schedule(), small ? Ddpm.FixedVariance.SMALL : Ddpm.FixedVariance.LARGE);
  }

  /** The recorded noise; where there is none (eta 0), what is drawn must not matter. */
  private Latents noiseOf(int step) {
    return noise.map(values -> slice(values, step)).orElseGet(this::start);
  }

  /**
   * By how much the estimate of the clean image, a difference of two large terms, loses more digits
   * than the state.
   */
  private double cancellation(int step) {
    Latents expected = slice(denoised.orElseThrow(), step);
    return 1 + schedule().sqrtRecipAlphaCumprod(timesteps.length - 1 - step) / std(expected);
  }

  private Latents start() {
    return slice(start, 0);
  }

  /** The replayed rows of one step of a recorded {@code (steps, rows, C, H, W)}. */
  private Latents slice(double[] recorded, int step) {
    int from = step * recordedRows * shape.size();
    return new Latents(shape, Arrays.copyOfRange(recorded, from, from + batch * shape.size()));
  }

  private static void compare(String where, Latents expected, Latents actual, double tolerance) {
    double[] values = expected.values();
    double std = std(expected);
    assertEquals(values.length, actual.values().length, where);
    for (int i = 0; i < values.length; i++) {
      double error = Math.abs(values[i] - actual.get(i)) / std;
      String difference = where + ", value " + i + ": " + values[i] + " or " + actual.get(i);
      assertTrue(error < tolerance, () -> difference + ", " + error + " stds");
    }
  }

  private static double std(Latents latents) {
    double[] values = latents.values();
    double mean = Arrays.stream(values).average().orElseThrow();
    return Math.sqrt(
        Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow());
  }

  @Override
  public String toString() {
    return name;
  }
}
