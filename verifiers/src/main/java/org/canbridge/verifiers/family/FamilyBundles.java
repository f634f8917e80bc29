package org.canbridge.verifiers.family;

import org.canbridge.verifiers.CallPlan;
import org.canbridge.verifiers.ReferenceBundle;

/**
 * How the reference bundles of a family are made and run, where they hold more than a forward pass.
 * A family implements it in a package of its own, with one line in {@code CallPlans}.
 */
public interface FamilyBundles {

  /** All calls that may occur; its family is the name in {@code reference.json}. */
  CallPlan plan();

  /** The calls of this bundle. */
  default CallPlan plan(ReferenceBundle bundle) {
    return plan();
  }

  /**
   * Adds what runs the calls, if the model is of this family.
   *
   * @return false if nothing was added; the model is then run as it is
   */
  boolean add(ModelRuns runs);
}
