package org.canbridge.verifiers;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.canbridge.tensors.DType;

/**
 * How a family's bundles were made: all calls that may occur, in the order in which they are
 * checked. A bundle need not hold the results of each.
 *
 * @param family the name in {@code reference.json}
 * @param calls names are unique
 */
public record CallPlan(String family, List<Call> calls) {

  /** The name of the call that makes {@code output} and the activations. */
  public static final String FORWARD = "forward";

  /** The name of the call with classifier-free guidance. */
  public static final String CFG = "cfg";

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
    Call.Builder call = Call.named(FORWARD).output("output", "output").output("output.*", "*");
    bundle.inputs().keySet().forEach(call::inputs);
    return of("plain", call.build());
  }

  /**
   * The plan for this guidance scale: {@code s c - (s - 1) n} and U-ViT's {@code (1 + s) c - s n}
   * add up the errors of c and n.
   */
  public CallPlan guided(OptionalDouble scale) {
    if (scale.isEmpty()) {
      return this;
    }
    Tolerance table = Tolerance.of(DType.F32);
    Tolerance guided =
        new Tolerance(
            table.rtol(),
            table.atol() * (1 + 2 * Math.abs(scale.getAsDouble())),
            "guidance multiplies the network's error by up to 1 + 2 times its scale");
    return new CallPlan(
        family,
        calls.stream()
            .map(call -> call.name().equals(CFG) ? call.with("output.cfg", guided) : call)
            .toList());
  }

  /** The call whose pattern matches a tensor of the bundle best; the first of equals. */
  Optional<Call> callFor(String output) {
    return calls.stream()
        .filter(c -> c.rank(output) > 0)
        .sorted(Comparator.comparingInt(c -> -c.rank(output)))
        .findFirst();
  }
}
