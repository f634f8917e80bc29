package org.canbridge.verifiers;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * How a family's bundles were made: all calls that may occur, in the order in which they are
 * checked. A bundle need not hold the results of each.
 *
 * @param family the name in {@code reference.json}
 * @param calls names are unique
 */
public record CallPlan(String family, List<Call> calls) {

  /** Checks that the names of the calls are unique. */
  public CallPlan {
    calls = List.copyOf(calls);
    if (calls.stream().map(Call::name).distinct().count() != calls.size()) {
      throw new IllegalArgumentException("two calls of plan " + family + " have one name");
    }
  }

  /** Shorthand. */
  public static CallPlan of(String family, Call... calls) {
    return new CallPlan(family, List.of(calls));
  }

  /**
   * One call for everything: all inputs under their own names, {@code output} as {@code output},
   * {@code output.<name>} as {@code <name>}. For bundles of a family without a plan.
   */
  public static CallPlan plain(ReferenceBundle bundle) {
    Call.Builder call =
        Call.named(CallPlans.FORWARD).output("output", "output").output("output.*", "*");
    bundle.inputs().keySet().forEach(call::inputs);
    return of("plain", call.build());
  }

  /** The call whose pattern matches a tensor of the bundle best; the first of equals. */
  Optional<Call> callFor(String output) {
    return calls.stream()
        .filter(c -> c.rank(output) > 0)
        .sorted(Comparator.comparingInt(c -> -c.rank(output)))
        .findFirst();
  }
}
