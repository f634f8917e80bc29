package org.canbridge.verifiers.family.sit;

import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.family.sit.SitRuntime;
import org.canbridge.verifiers.Call;
import org.canbridge.verifiers.CallPlan;
import org.canbridge.verifiers.family.FamilyBundles;
import org.canbridge.verifiers.family.ModelRuns;
import org.canbridge.verifiers.family.dit.PublishedGuidance;

/** Bundles of SiT: a forward pass, and a guided one as {@code forward_with_cfg} makes it. */
public final class SitBundles implements FamilyBundles {
  private static final CallPlan PLAN =
      CallPlan.of(
          "sit",
          Call.named(CallPlan.FORWARD).inputs("x", "t", "y").output("output", "output").build(),
          Call.named(CallPlan.CFG)
              .input("x", "cfg_x")
              .input("t", "cfg_t")
              .input("y", "cfg_y")
              .output("output.cfg", "output")
              .build());

  @Override
  public CallPlan plan() {
    return PLAN;
  }

  @Override
  public boolean add(ModelRuns runs) {
    if (!(runs.model().family() instanceof SitRuntime)) {
      return false;
    }
    Session session = runs.session(runs.model());
    runs.add(CallPlan.FORWARD, runs.runner(session));
    runs.bundle()
        .cfgScale()
        .ifPresent(scale -> runs.add(CallPlan.CFG, new PublishedGuidance(session, scale)));
    return true;
  }
}
