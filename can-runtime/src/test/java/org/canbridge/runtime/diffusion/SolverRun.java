package org.canbridge.runtime.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.canbridge.fixtures.Fixtures;

/**
 * One recorded run of somebody else's solver (cases {@code sampler-uvit-*}, {@code sampler-unipc},
 * {@code sampler-diffusers}): replays its start and noise through ours and compares the state after
 * every step, in units of the recorded state's standard deviation.
 */
public final class SolverRun {
  private final String name;
  private final JsonNode settings;
  private final ImageShape shape;
  private final Latents start;
  private final double[] timesteps;
  private final long[] labels;
  private final Optional<double[]> modelOutput;
  private final Optional<double[]> modelInput;
  private final Optional<double[]> states;
  private final Optional<double[]> sigmas;
  private final double[] last;
  private final Optional<double[]> noise;

  private SolverRun(String name, JsonNode settings, ReferenceTensors file) {
    this.name = name;
    this.settings = settings;
    List<Long> size = file.shape("input.x_T");
    shape = new ImageShape(size.get(1).intValue(), size.get(2).intValue(), size.get(3).intValue());
    start = new Latents(shape, file.read("input.x_T"));
    timesteps = file.read(file.has("input.t") ? "input.t" : "input.timesteps");
    labels =
        Arrays.stream(optional(file, "input.y").orElse(new double[start.batch()]))
            .mapToLong(y -> (long) y)
            .toArray();
    modelOutput = optional(file, "activation.model_output");
    modelInput = optional(file, "activation.model_input");
    states = recordsPredictions(file) ? optional(file, "output.x") : Optional.empty();
    sigmas = optional(file, "output.sigmas");
    last = file.read("output.final");
    noise = optional(file, "input.noise");
  }

  /**
   * The UniPC code told its states before the first step and after correction, one more than steps;
   * there the inputs of the network say where the predictor went.
   */
  private static boolean recordsPredictions(ReferenceTensors file) {
    return !file.has("output.x")
        || file.shape("output.x").get(0)
            <= file.shape(file.has("input.t") ? "input.t" : "input.timesteps").get(0);
  }

  private static Optional<double[]> optional(ReferenceTensors file, String name) {
    return file.has(name) ? Optional.of(file.read(name)) : Optional.empty();
  }

  /** All runs of a case. */
  public static List<SolverRun> of(String fixture) {
    Path folder = Fixtures.of(fixture);
    try {
      List<SolverRun> runs = new ArrayList<>();
      ObjectMapper mapper =
          JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();
      JsonNode json = mapper.readTree(folder.resolve("reference.json").toFile());
      json.get("runs")
          .properties()
          .forEach(
              entry -> {
                if (entry.getValue().has("what")) {
                  return; // tables
                }
                Path path = folder.resolve(entry.getValue().get("file").asText());
                try (ReferenceTensors file = new ReferenceTensors(path)) {
                  runs.add(new SolverRun(entry.getKey(), entry.getValue(), file));
                }
              });
      return runs;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  JsonNode settings() {
    return settings;
  }

  String text(String key, String otherwise) {
    return settings.path(key).asText(otherwise);
  }

  /** Number of steps or calls that was asked for. */
  public int steps() {
    return settings.path("steps").asInt(0);
  }

  boolean isFloat64() {
    return text("dtype", "float32").equals("float64");
  }

  /** The recorded sigmas, noise over signal. */
  double[] sigmas() {
    return sigmas.orElseThrow();
  }

  /** The timesteps of all calls. */
  double[] timesteps() {
    return timesteps.clone();
  }

  /** The recorded outputs, one for each call. */
  DenoisingNetwork recorded() {
    double[] all = modelOutput.orElseThrow();
    int each = all.length / timesteps.length;
    int[] call = {0};
    return (x, timestep) -> {
      int from = each * call[0]++;
      return Arrays.copyOfRange(all, from, from + each);
    };
  }

  /** Classes of the rows, 0 where the run had none. */
  public long[] labels() {
    return labels.clone();
  }

  /** Guidance scale of a guided run, in the form of the code that was recorded. */
  public double guidanceScale() {
    return settings.get("cfg_scale").asDouble();
  }

  /** Rows of the run. */
  int batch() {
    return start.batch();
  }

  /**
   * Runs a solver and checks that it calls the network with the recorded timesteps.
   *
   * @param timestepTolerance largest difference of a timestep
   * @return the largest error of any step
   */
  public double error(Solver solver, Denoiser denoiser, double timestepTolerance) {
    int[] calls = {0};
    int[] draws = {0};
    int[] steps = {0};
    double[] worst = {0};
    Latents end =
        solver.solve(
            (x, level) -> {
              int call = calls[0]++;
              assertTrue(call < timesteps.length, () -> name + ": one call too many");
              assertEquals(
                  timesteps[call], level.timestep(), timestepTolerance, name + ", timestep");
              modelInput.ifPresent(
                  all -> worst[0] = Math.max(worst[0], error(slice(all, call), x)));
              return denoiser.predict(x, level);
            },
            start,
            asked -> {
              int draw = draws[0]++;
              return noise
                  .filter(all -> draw < all.length / start.values().length)
                  .map(all -> slice(all, draw))
                  .orElse(start);
            },
            step -> {
              int index = steps[0]++;
              states.ifPresent(
                  all -> worst[0] = Math.max(worst[0], error(slice(all, index), step.x())));
            });
    assertEquals(timesteps.length, calls[0], "calls of " + name);
    states.ifPresent(
        all -> assertEquals(all.length / start.values().length, steps[0], "steps of " + name));
    return Math.max(worst[0], error(new Latents(shape, last), end));
  }

  private Latents slice(double[] recorded, int index) {
    int size = start.values().length;
    return new Latents(shape, Arrays.copyOfRange(recorded, index * size, (index + 1) * size));
  }

  private static double error(Latents expected, Latents actual) {
    double[] values = expected.values();
    double mean = Arrays.stream(values).average().orElseThrow();
    double std =
        Math.sqrt(Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow());
    double worst = 0;
    for (int i = 0; i < values.length; i++) {
      double error = Math.abs(values[i] - actual.get(i)) / std;
      worst = Double.isNaN(error) ? Double.POSITIVE_INFINITY : Math.max(worst, error);
    }
    return worst;
  }

  @Override
  public String toString() {
    return name;
  }
}
