package org.canbridge.verifiers;

import java.util.List;

/**
 * The comparisons of one call.
 *
 * @param call the call's name
 * @param seconds what the run took, without the comparisons; 0 if it was not run
 * @param comparisons activations in execution order, then outputs
 */
public record CallReport(String call, double seconds, List<Comparison> comparisons) {
  /** Keeps a copy. */
  public CallReport {
    comparisons = List.copyOf(comparisons);
  }
}
