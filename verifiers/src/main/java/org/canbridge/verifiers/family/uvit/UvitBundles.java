package org.canbridge.verifiers.family.uvit;

import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.family.uvit.UvitRuntime;
import org.canbridge.verifiers.Call;
import org.canbridge.verifiers.CallPlan;
import org.canbridge.verifiers.family.FamilyBundles;
import org.canbridge.verifiers.family.ModelRuns;

/** Bundles of U-ViT. */
public final class UvitBundles implements FamilyBundles {
  /** U-ViT: unconditional, with labels, or with text features as {@code context}. */
  private static final CallPlan PLAN =
      CallPlan.of(
          "uvit",
          Call.named(CallPlan.FORWARD)
              .inputs("x", "t")
              .optionalInput("y", "y")
              .optionalInput("context", "context")
              .output("output", "output")
              .build(),
          Call.named(CallPlan.CFG)
              .inputs("x", "t")
              .optionalInput("y", "cfg_y")
              .optionalInput("context", "context")
              .optionalInput("empty_context", "empty_context")
              .output("output.cfg", "output")
              .build());

  @Override
  public CallPlan plan() {
    return PLAN;
  }

  @Override
  public boolean add(ModelRuns runs) {
    if (!(runs.model().family() instanceof UvitRuntime family)) {
      return false;
    }
    Session session = runs.session(runs.model());
    runs.add(CallPlan.FORWARD, runs.runner(session));
    runs.bundle()
        .cfgScale()
        .ifPresent(
            scale -> runs.add(CallPlan.CFG, new UvitGuidance(session, family.config(), scale)));
    return true;
  }
}
