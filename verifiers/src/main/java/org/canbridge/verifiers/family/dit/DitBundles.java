package org.canbridge.verifiers.family.dit;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.canbridge.importers.detection.DetectionProblem;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.family.Weights;
import org.canbridge.runtime.LatentDecoder;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.family.dit.Dit;
import org.canbridge.runtime.family.dit.DitRuntime;
import org.canbridge.runtime.objective.NoiseSchedule;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.verifiers.Call;
import org.canbridge.verifiers.CallPlan;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.Tolerance;
import org.canbridge.verifiers.family.FamilyBundles;
import org.canbridge.verifiers.family.ModelRuns;

/** Bundles of DiT. */
public final class DitBundles implements FamilyBundles {
  private static final String MODEL_WEIGHTS = "model_weights";

  /** What the names of the calls of a pipeline's runs start with. */
  private static final String PIPELINE = "pipeline ";

  /** Both sides compute the frequencies in float32, but exp rounds differently on other CPUs. */
  private static final Tolerance SINUSOID =
      new Tolerance(
          1e-4, 1.2e-4, "two ulps of a frequency turn its angle by 1.2e-4 at timestep 999");

  /** Of the latents' standard deviation. */
  private static final double PIPELINE_TOLERANCE = 1e-4;

  /**
   * DiT in all layouts. {@code model_weights} is the forward pass with a training checkpoint's
   * {@code model} in place of its {@code ema}; the calls on the official arithmetic run weights in
   * diffusers' layout as facebookresearch/DiT would; {@code sample} is a sampling run. A bundle of
   * diffusers' pipeline has a further call for each of its runs.
   */
  private static final CallPlan PLAN =
      CallPlan.of(
          "dit",
          Call.named(CallPlan.FORWARD)
              .inputs("x", "t", "y")
              .output("output", "output")
              .tolerance("activation.transformer_blocks.0.norm1.emb.time_proj", SINUSOID)
              .build(),
          Call.named(CallPlan.CFG)
              .input("x", "cfg_x")
              .input("t", "cfg_t")
              .input("y", "cfg_y")
              .output("output.cfg", "output")
              .build(),
          Call.named("model_weights")
              .inputs("x", "t", "y")
              .output("output.model_weights", "output")
              .build(),
          Call.named("at_t0")
              .input("x", "x")
              .zeros("t", "t")
              .input("y", "y")
              .output("output.at_t0", "output")
              .build(),
          Call.named("official").inputs("x", "t", "y").output("output.official", "output").build(),
          Call.named("official_at_t0")
              .input("x", "x")
              .zeros("t", "t")
              .input("y", "y")
              .output("output.official_at_t0", "output")
              .build(),
          Call.named("frequency_shift_0")
              .inputs("x", "t", "y")
              .output("output.frequency_shift_0", "output")
              .build(),
          Call.named("sample")
              .input("x_T", "sample.x_T")
              .input("y", "sample.y")
              .output("output.sample.*", "*")
              .tolerance(
                  "output.sample.*",
                  new Tolerance(1e-4, 1e-3, "a sampling run adds up the rounding of every step"))
              .build());

  @Override
  public CallPlan plan() {
    return PLAN;
  }

  @Override
  public CallPlan plan(ReferenceBundle bundle) {
    List<Call> calls = new ArrayList<>(PLAN.calls());
    bundle.runs().forEach(run -> calls.add(pipelineRun(run, bundle)));
    return new CallPlan(PLAN.family(), calls);
  }

  /** The latents after every step {@code (steps, B, C, H, W)}, and the decoded images. */
  private static Call pipelineRun(String run, ReferenceBundle bundle) {
    String latents = "output." + run + ".latents";
    Call.Builder call =
        Call.named(PIPELINE + run)
            .inputs("latents", "class_labels")
            .input("timesteps", run + ".timesteps")
            .output("output." + run + ".*", "*");
    TensorData recorded = bundle.outputs().get(latents);
    if (recorded != null) {
      OptionalDouble spread = standardDeviation(Tensors.doubles(recorded));
      spread.ifPresent(
          std ->
              call.tolerance(
                  latents,
                  new Tolerance(
                      0,
                      PIPELINE_TOLERANCE * std,
                      "1e-4 of the latents' standard deviation: every step mixes large values into"
                          + " small ones")));
    }
    return call.build();
  }

  /** Empty where it is no number; such values pass nowhere. */
  private static OptionalDouble standardDeviation(double... values) {
    double mean = Arrays.stream(values).average().orElse(0);
    double variance = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElse(0);
    double std = Math.sqrt(variance);
    return Double.isFinite(std) ? OptionalDouble.of(std) : OptionalDouble.empty();
  }

  @Override
  public boolean add(ModelRuns runs) {
    if (!(runs.model().family() instanceof DitRuntime family)) {
      return false;
    }
    DitConfig dit = family.config();
    ReferenceBundle bundle = runs.bundle();
    Session session = runs.session(runs.model());
    runs.add(CallPlan.FORWARD, runs.runner(session));
    bundle
        .cfgScale()
        .ifPresent(scale -> runs.add(CallPlan.CFG, new PublishedGuidance(session, scale)));
    String prefix = "output.sample.";
    List<String> samples =
        bundle.outputs().keySet().stream()
            .filter(n -> n.startsWith(prefix))
            .map(n -> n.substring(prefix.length()))
            .toList();
    Optional<NoiseSchedule> steps = runs.model().diffusion().schedule().discrete();
    if (steps.isPresent()) {
      runs.add(
          "sample",
          new RecordedSampling(
              session, steps.get(), dit.numClasses(), RecordedSampling.known(samples)));
    } else {
      samples.forEach(
          sample ->
              runs.leaveOut(
                  prefix + sample, "a run in steps, of which this model's path has none"));
    }
    if (bundle.outputs().containsKey("output." + MODEL_WEIGHTS)) {
      addModelWeights(runs);
    }
    runs.add("at_t0", runs.runner(session));
    addArithmetic(runs, dit.withOfficialArithmetic(), "official", "official_at_t0");
    addArithmetic(runs, dit.withArithmetic(0, dit.normEps()), "frequency_shift_0");
    addPipelineRuns(runs, dit, session);
    return true;
  }

  /** The same weights under the arithmetic of other code, if the bundle has results of that. */
  private static void addArithmetic(ModelRuns runs, DitConfig dit, String... calls) {
    for (String call : calls) {
      if (runs.bundle().outputs().containsKey("output." + call)) {
        runs.add(call, runs.runner(runs.session(Dit.graph(dit))));
      }
    }
  }

  /** The other set of weights of a training checkpoint. */
  private static void addModelWeights(ModelRuns runs) {
    if (Files.isDirectory(runs.path())) {
      runs.leaveOut("output." + MODEL_WEIGHTS, "a model directory holds one set of weights");
      return;
    }
    try {
      Model other = runs.opened(runs.options().withWeights(Weights.MODEL));
      runs.add(MODEL_WEIGHTS, runs.runner(runs.session(other)));
    } catch (InputFileException e) {
      if (e.problem() != DetectionProblem.NO_SUCH_WEIGHTS) {
        throw e;
      }
      runs.leaveOut("output." + MODEL_WEIGHTS, "this file holds no 'model' weights");
    }
  }

  /** The runs of a pipeline whose latents or images the bundle holds. */
  private static void addPipelineRuns(ModelRuns runs, DitConfig dit, Session session) {
    ReferenceBundle bundle = runs.bundle();
    List<String> names =
        bundle.runs().stream()
            .filter(
                run -> bundle.outputs().keySet().stream().anyMatch(n -> n.startsWith(prefix(run))))
            .toList();
    if (names.isEmpty()) {
      return;
    }
    Optional<LatentDecoder> decoder = runs.decoder();
    Objective objective = runs.model().objective().orElseThrow();
    for (String run : names) {
      runs.add(
          PIPELINE + run,
          PipelineRun.of(bundle, run, session, objective, dit.numClasses(), decoder));
      if (decoder.isEmpty()) {
        runs.leaveOut(
            prefix(run) + "image",
            "there is no autoencoder beside this model to decode with; --vae names one");
      }
    }
  }

  private static String prefix(String run) {
    return "output." + run + ".";
  }
}
