package org.canbridge.runtime.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.objective.GvpPath;
import org.canbridge.runtime.objective.LinearPath;
import org.canbridge.runtime.objective.LinearVp;
import org.canbridge.runtime.objective.NoisePath;
import org.canbridge.runtime.objective.Parameterization;
import org.canbridge.runtime.objective.TimeScale;

/**
 * One recorded run of the SiT code's transport (case {@code sampler-sit}). Drift and score of a
 * stochastic step asked the network separately there, with the same state and time: every second
 * call is ours.
 */
public final class SitRun {
  private static final TimeScale TO_THE_IMAGE = new TimeScale(1, 0);

  private final String name;
  private final JsonNode settings;
  private final ImageShape shape;
  private final Latents start;
  private final long[] labels;
  private final double[] times;
  private final double[] inputs;
  private final double[] outputs;
  private final double[] noise;
  private final double[] last;

  private SitRun(String name, JsonNode settings, ReferenceTensors file) {
    this.name = name;
    this.settings = settings;
    List<Long> size = file.shape("input.x_T");
    shape = new ImageShape(size.get(1).intValue(), size.get(2).intValue(), size.get(3).intValue());
    start = new Latents(shape, file.read("input.x_T"));
    labels = Arrays.stream(file.read("input.y")).mapToLong(y -> (long) y).toArray();
    times = everySecond(read(file, "input.t"), 1);
    inputs = everySecond(read(file, "activation.model_input"), start.values().length);
    outputs = everySecond(read(file, "activation.model_output"), start.values().length);
    noise = read(file, "input.noise");
    last = file.read("output.final");
  }

  private static double[] read(ReferenceTensors file, String tensor) {
    return file.has(tensor) ? file.read(tensor) : new double[0];
  }

  private double[] everySecond(double[] all, int each) {
    if (!isStochastic()) {
      return all;
    }
    int calls = all.length / each;
    double[] kept = new double[(calls + 1) / 2 * each];
    for (int call = 0; call < calls; call += 2) {
      System.arraycopy(all, call * each, kept, call / 2 * each, each);
    }
    return kept;
  }

  /** All runs. */
  public static List<SitRun> all() {
    Path folder = Fixtures.of("sampler-sit");
    try {
      List<SitRun> runs = new ArrayList<>();
      JsonNode json = new ObjectMapper().readTree(folder.resolve("reference.json").toFile());
      json.get("runs")
          .properties()
          .forEach(
              entry -> {
                JsonNode settings = entry.getValue();
                try (ReferenceTensors file =
                    new ReferenceTensors(folder.resolve(settings.get("file").asText()))) {
                  runs.add(new SitRun(entry.getKey(), settings, file));
                }
              });
      return runs;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String text(String key, String otherwise) {
    return settings.path(key).asText(otherwise).toLowerCase(Locale.ROOT);
  }

  private boolean isStochastic() {
    return settings.get("mode").asText().equals("sde");
  }

  /** Whether the run has only an end, that of the exact flow. */
  boolean isAdaptive() {
    return text("sampling_method", "").equals("dopri5");
  }

  /** Whether its network is that of case {@code sit-tiny}. */
  public boolean hasNetwork() {
    return name.startsWith("network");
  }

  boolean isFloat64() {
    return text("dtype", "").equals("float64");
  }

  /** Classes of the rows. */
  public long[] labels() {
    return labels.clone();
  }

  TrainedSchedule trained() {
    NoisePath path =
        switch (text("path", "")) {
          case "linear" -> new LinearPath(TO_THE_IMAGE);
          case "gvp" -> new GvpPath(TO_THE_IMAGE);
          default -> new LinearVp(0.1, 20, TO_THE_IMAGE);
        };
    return TrainedSchedule.flow(
        path,
        switch (text("prediction", "")) {
          case "velocity" -> Parameterization.VELOCITY_TO_IMAGE;
          case "noise" -> Parameterization.EPSILON;
          default -> Parameterization.SCORE;
        });
  }

  private Solver solver() {
    TrainedSchedule trained = trained();
    int points = settings.get("num_steps").asInt();
    boolean heun = text("sampling_method", "").startsWith("heun");
    PathOde.Method method = heun ? PathOde.Method.HEUN : PathOde.Method.EULER;
    if (settings.path("reverse").asBoolean()) {
      return PathOde.evenly(trained.path(), 0, 1, points - 1, method);
    }
    if (isAdaptive()) {
      OdeTolerance tight = new OdeTolerance(1e-11, 1e-11);
      return trained.dormandPrince(SolverOptions.DEFAULTS.withTolerance(tight));
    }
    if (!isStochastic()) {
      return trained.ode(method, points - 1, SolverOptions.DEFAULTS);
    }
    SdeSettings diffusion =
        new SdeSettings(
            DiffusionForm.parse(text("diffusion_form", "")),
            1,
            LastStep.parse(text("last_step", "mean")),
            0.04);
    return trained.sde(method, points, SolverOptions.DEFAULTS.withDiffusion(diffusion));
  }

  /**
   * The function that stood for the network: the noise of {@code eps_c} at {@code 1000 (1 - t)}, on
   * every path the score of the linear one, or the velocity of reference.json.
   */
  DenoisingNetwork closedForm() {
    DenoisingNetwork noisy = ClosedForm.network(labels, false);
    return (x, time) -> {
      double[] output = noisy.forward(x, 1000 * (1 - time));
      switch (trained().prediction()) {
        case EPSILON -> {}
        case SCORE -> Arrays.setAll(output, i -> -output[i] / (1 - time));
        default -> Arrays.setAll(output, i -> 0.7 * output[i] - 0.3 * x.get(i));
      }
      return output;
    };
  }

  /** The recorded outputs, in order. */
  DenoisingNetwork recorded() {
    int[] call = {0};
    int each = start.values().length;
    return (x, time) -> {
      int from = each * call[0]++;
      return Arrays.copyOfRange(outputs, from, from + each);
    };
  }

  /**
   * The state after the first Euler step of noise or score prediction, from the recorded state and
   * output, in the order of operations and the arithmetic of {@code transport.py}: float32.
   */
  float[] firstStepInFloat32() {
    float time = (float) times[0];
    float angle = time * (float) Math.PI / 2;
    boolean linear = text("path", "").equals("linear");
    float ratio = linear ? 1 / time : (float) Math.PI / (2 * (float) Math.tan(angle));
    float sigma = linear ? 1 - time : (float) Math.cos(angle);
    float sigmaRate = linear ? -1 : -(float) Math.PI / 2 * (float) Math.sin(angle);
    float variance = ratio * (sigma * sigma) - sigma * sigmaRate;
    float length = (float) times[1] - time;
    float[] state = new float[start.values().length];
    for (int i = 0; i < state.length; i++) {
      float x = (float) inputs[i];
      float output = (float) outputs[i];
      float score = text("prediction", "").equals("noise") ? output / -sigma : output;
      float drift = ratio * x + variance * score;
      state[i] = x + length * drift;
    }
    return state;
  }

  /** The recorded state after the first step. */
  float[] secondState() {
    float[] state = new float[start.values().length];
    for (int i = 0; i < state.length; i++) {
      state[i] = (float) inputs[state.length + i];
    }
    return state;
  }

  /**
   * Runs the solver and checks that it calls the network at the recorded times, the adaptive one
   * excepted.
   *
   * @return the largest error of a state that the network was given, or of the end, relative to the
   *     state's largest value
   */
  public double error(DenoisingNetwork network) {
    int[] calls = {0};
    int[] draws = {0};
    double[] worst = {0};
    DenoisingNetwork watched =
        (x, time) -> {
          int call = calls[0]++;
          if (!isAdaptive()) {
            assertEquals(times[call], time, isFloat64() ? 1e-12 : 1e-6, name);
            worst[0] = Math.max(worst[0], error(slice(inputs, call), x));
          }
          return network.forward(x, time);
        };
    Latents end =
        solver()
            .solve(
                new NetworkDenoiser(watched, trained().prediction()),
                start,
                asked -> slice(noise, draws[0]++),
                StepListener.NONE);
    assertEquals(noise.length / start.values().length, draws[0], "draws of " + name);
    if (!isAdaptive()) {
      assertEquals(times.length, calls[0], "calls of " + name);
    }
    return Math.max(worst[0], error(new Latents(shape, last), end));
  }

  private Latents slice(double[] recorded, int index) {
    int size = start.values().length;
    return new Latents(shape, Arrays.copyOfRange(recorded, index * size, (index + 1) * size));
  }

  private static double error(Latents expected, Latents actual) {
    double largest = 0;
    double worst = 0;
    for (int i = 0; i < expected.values().length; i++) {
      double error = Math.abs(expected.get(i) - actual.get(i));
      worst = Double.isNaN(error) ? Double.POSITIVE_INFINITY : Math.max(worst, error);
      largest = Math.max(largest, Math.abs(expected.get(i)));
    }
    return worst / largest;
  }

  @Override
  public String toString() {
    return name;
  }
}
