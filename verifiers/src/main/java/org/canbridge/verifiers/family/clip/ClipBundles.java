package org.canbridge.verifiers.family.clip;

import org.canbridge.importers.clip.ClipTextConfig;
import org.canbridge.runtime.family.clip.ClipText;
import org.canbridge.runtime.family.clip.ClipTextRuntime;
import org.canbridge.verifiers.Call;
import org.canbridge.verifiers.CallPlan;
import org.canbridge.verifiers.family.FamilyBundles;
import org.canbridge.verifiers.family.ModelRuns;

/** Bundles of CLIP's text encoder; each call has a graph for the length of the bundle's text. */
public final class ClipBundles implements FamilyBundles {
  private static final int TEXT_RANK = 2;
  private static final String MASKED = "masked";

  /** CLIP: without and with the mask of the padding. */
  private static final CallPlan PLAN =
      CallPlan.of(
          "clip",
          Call.named(CallPlan.FORWARD)
              .inputs("input_ids")
              .optionalInput("pixel_values", "pixel_values")
              .output("output.*", "*")
              .build(),
          Call.named(MASKED)
              .inputs("input_ids", "attention_mask")
              .output("output.masked.*", "*")
              .build());

  @Override
  public CallPlan plan() {
    return PLAN;
  }

  @Override
  public boolean add(ModelRuns runs) {
    if (!(runs.model().family() instanceof ClipTextRuntime family)) {
      return false;
    }
    ClipTextConfig config = family.config();
    runs.sizes("input_ids", TEXT_RANK)
        .map(size -> ClipText.graph(config, ClipText.Padding.SEEN, size.get(1)))
        .ifPresent(graph -> runs.add(CallPlan.FORWARD, runs.runner(runs.session(graph))));
    runs.sizes("attention_mask", TEXT_RANK)
        .map(size -> ClipText.graph(config, ClipText.Padding.MASKED, size.get(1)))
        .ifPresent(graph -> runs.add(MASKED, runs.runner(runs.session(graph))));
    return !runs.runners().isEmpty();
  }
}
