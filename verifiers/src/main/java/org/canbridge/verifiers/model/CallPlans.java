package org.canbridge.verifiers.model;

import java.util.List;
import java.util.Optional;
import org.canbridge.verifiers.Call;
import org.canbridge.verifiers.CallPlan;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.family.FamilyBundles;
import org.canbridge.verifiers.family.ModelRuns;
import org.canbridge.verifiers.family.autoencoder.AutoencoderBundles;
import org.canbridge.verifiers.family.clip.ClipBundles;
import org.canbridge.verifiers.family.dit.DitBundles;
import org.canbridge.verifiers.family.efficientvit.EfficientVitBundles;
import org.canbridge.verifiers.family.sit.SitBundles;
import org.canbridge.verifiers.family.uvit.UvitBundles;

/**
 * The calls of each family's reference bundles. A family whose bundles hold more than a plain
 * forward pass is one line here; one without is run by {@link CallPlan#plain}.
 */
public final class CallPlans {
  private static final List<FamilyBundles> ALL =
      List.of(
          new DitBundles(),
          new SitBundles(),
          new UvitBundles(),
          new EfficientVitBundles(),
          new AutoencoderBundles(),
          new ClipBundles());

  /** ONNX files: what ONNX Runtime computed, and the module that was exported. */
  private static final CallPlan ONNX =
      CallPlan.of(
          "onnx",
          Call.named(CallPlan.FORWARD)
              .inputs("x", "t", "y")
              .output("output", "output")
              .output("output.torch", "output")
              .build());

  private CallPlans() {}

  /**
   * The plan of the bundle's family with the bundle's own guidance scale and runs, or the plain
   * one.
   */
  public static CallPlan of(ReferenceBundle bundle) {
    Optional<CallPlan> plan =
        bundle
            .family()
            .flatMap(
                name ->
                    ALL.stream()
                        .filter(f -> f.plan().family().equals(name))
                        .findFirst()
                        .map(f -> f.plan(bundle))
                        .or(() -> Optional.of(ONNX).filter(p -> p.family().equals(name))));
    return plan.map(p -> p.guided(bundle.cfgScale())).orElseGet(() -> CallPlan.plain(bundle));
  }

  /** Adds what runs the calls on the model. */
  static void addTo(ModelRuns runs) {
    if (ALL.stream().noneMatch(family -> family.add(runs))) {
      runs.add(CallPlan.FORWARD, runs.runner(runs.session(runs.model())));
    }
  }
}
