package org.canbridge.verifiers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * The calls of each family's reference bundles, as data. A new family adds a constant and its line
 * in {@link #ALL}; a family without one is run by {@link CallPlan#plain}.
 */
public final class CallPlans {
  /** The name of the call that makes {@code output} and the activations. */
  public static final String FORWARD = "forward";

  /** The name of the call with an image that is wider than high. */
  public static final String WIDE = "wide";

  /** The name of the call that makes a latent of an image. */
  public static final String ENCODE = "encode";

  /** The name of the call that makes an image of a latent. */
  public static final String DECODE = "decode";

  /** The name of the call in which padding is hidden from the text. */
  public static final String MASKED = "masked";

  /** What the names of the calls of a pipeline's runs start with. */
  public static final String PIPELINE = "pipeline ";

  /** The name of the call with classifier-free guidance. */
  public static final String CFG = "cfg";

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
  public static final CallPlan DIT =
      CallPlan.of(
          "dit",
          Call.named(FORWARD)
              .inputs("x", "t", "y")
              .output("output", "output")
              .tolerance("activation.transformer_blocks.0.norm1.emb.time_proj", SINUSOID)
              .build(),
          Call.named(CFG)
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

  /** U-ViT: unconditional, with labels, or with text features as {@code context}. */
  public static final CallPlan UVIT =
      CallPlan.of(
          "uvit",
          Call.named(FORWARD)
              .inputs("x", "t")
              .optionalInput("y", "y")
              .optionalInput("context", "context")
              .output("output", "output")
              .build(),
          Call.named(CFG)
              .inputs("x", "t")
              .optionalInput("y", "cfg_y")
              .optionalInput("context", "context")
              .optionalInput("empty_context", "empty_context")
              .output("output.cfg", "output")
              .build());

  /**
   * Five times the table's absolute part, for what is inside an EfficientViT; outputs keep the
   * table's. In float64 networks with norms and with folded norms agree to 1e-12 ({@code
   * NormFoldingTest}), so it is rounding and nothing else.
   */
  private static final Tolerance EFFICIENTVIT_INSIDE =
      new Tolerance(
          1e-4,
          5e-5,
          "single small elements of the maps round to 1.6 times the float32 default against"
              + " float64, 2.8 times where batch norms were folded");

  /** EfficientViT: a square image, and a {@code wide} one. */
  public static final CallPlan EFFICIENTVIT =
      CallPlan.of(
          "efficientvit",
          Call.named(FORWARD)
              .inputs("x")
              .output("output", "output")
              .tolerance("activation.*", EFFICIENTVIT_INSIDE)
              .build(),
          Call.named(WIDE)
              .input("x", "x.wide")
              .output("output.wide", "output")
              .suffix("wide")
              .tolerance("activation.*", EFFICIENTVIT_INSIDE)
              .build());

  /** Autoencoders: {@code encode} an image, {@code decode} a latent. */
  public static final CallPlan VAE =
      CallPlan.of(
          "vae",
          Call.named(ENCODE)
              .inputs("image")
              .optionalInput("noise", "noise")
              .output("output.moments", "moments")
              .output("output.mean", "mean")
              .output("output.logvar", "logvar")
              .output("output.std", "std")
              .output("output.sample", "sample")
              .output("output.latent", "latent")
              .build(),
          Call.named(DECODE).inputs("latent").output("output.decoded", "decoded").build());

  /** CLIP: without and with the mask of the padding. */
  public static final CallPlan CLIP =
      CallPlan.of(
          "clip",
          Call.named(FORWARD)
              .inputs("input_ids")
              .optionalInput("pixel_values", "pixel_values")
              .output("output.*", "*")
              .build(),
          Call.named(MASKED)
              .inputs("input_ids", "attention_mask")
              .output("output.masked.*", "*")
              .build());

  /** ONNX files: what ONNX Runtime computed, and the module that was exported. */
  public static final CallPlan ONNX =
      CallPlan.of(
          "onnx",
          Call.named(FORWARD)
              .inputs("x", "t", "y")
              .output("output", "output")
              .output("output.torch", "output")
              .build());

  private static final Map<String, CallPlan> ALL =
      List.of(DIT, UVIT, EFFICIENTVIT, VAE, CLIP, ONNX).stream()
          .collect(Collectors.toUnmodifiableMap(CallPlan::family, Function.identity()));

  private CallPlans() {}

  /**
   * The plan of the bundle's family with the bundle's own guidance scale and runs, or the plain
   * one.
   */
  public static CallPlan of(ReferenceBundle bundle) {
    return bundle
        .family()
        .map(ALL::get)
        .map(plan -> plan.equals(DIT) ? withRuns(plan, bundle) : plan)
        .map(plan -> withScale(plan, bundle.cfgScale()))
        .orElseGet(() -> CallPlan.plain(bundle));
  }

  /** {@code s c - (s - 1) n} and U-ViT's {@code (1 + s) c - s n} add up the errors of c and n. */
  private static CallPlan withScale(CallPlan plan, OptionalDouble scale) {
    if (scale.isEmpty()) {
      return plan;
    }
    Tolerance table = Tolerance.of(DType.F32);
    Tolerance guided =
        new Tolerance(
            table.rtol(),
            table.atol() * (1 + 2 * Math.abs(scale.getAsDouble())),
            "guidance multiplies the network's error by up to 1 + 2 times its scale");
    return new CallPlan(
        plan.family(),
        plan.calls().stream()
            .map(call -> call.name().equals(CFG) ? call.with("output.cfg", guided) : call)
            .toList());
  }

  private static CallPlan withRuns(CallPlan plan, ReferenceBundle bundle) {
    List<Call> calls = new ArrayList<>(plan.calls());
    bundle.runs().forEach(run -> calls.add(pipelineRun(run, bundle)));
    return new CallPlan(plan.family(), calls);
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
}
