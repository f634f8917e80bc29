package org.canbridge.verifiers;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * What a check departs from; every departure has a reason, and the report shows it.
 *
 * @param departure from the table's and the calls' own tolerances, for all floating-point tensors
 * @param notChecked tensors of the bundle to leave out, by whole name ({@code
 *     output.model_weights}, {@code activation.blocks.0.attn}), or by prefix with a star at the end
 *     ({@code output.sample.*}), each with the reason. A name that the bundle does not have is no
 *     error
 */
@API(status = API.Status.STABLE)
public record ParityOptions(Optional<Departure> departure, Map<String, String> notChecked) {

  /** Everything is checked by the table. */
  public static final ParityOptions NONE = new ParityOptions(Optional.empty(), Map.of());

  /**
   * Another tolerance, or a part of it.
   *
   * @param rtol relative part; empty for the usual one
   * @param atol absolute part; empty for the usual one
   * @param why the reason
   */
  public record Departure(Optional<Double> rtol, Optional<Double> atol, String why) {
    Tolerance from(Tolerance usual) {
      return new Tolerance(rtol.orElse(usual.rtol()), atol.orElse(usual.atol()), why);
    }
  }

  /** Checks that there is a reason for each tensor left out. */
  public ParityOptions {
    Objects.requireNonNull(departure);
    notChecked = Collections.unmodifiableMap(new LinkedHashMap<>(notChecked));
    notChecked.forEach(
        (name, reason) -> {
          if (reason.isBlank()) {
            throw new IllegalArgumentException("no reason given for leaving out " + name);
          }
        });
  }

  /** The same, with this tolerance. */
  public ParityOptions with(Tolerance override) {
    return with(
        new Departure(Optional.of(override.rtol()), Optional.of(override.atol()), override.why()));
  }

  /** The same, with this tolerance or part of one. */
  public ParityOptions with(Departure from) {
    return new ParityOptions(Optional.of(from), notChecked);
  }

  /** The same, with one more name or prefix left out. */
  public ParityOptions without(String name, String reason) {
    Map<String, String> more = new LinkedHashMap<>(notChecked);
    more.put(name, reason);
    return new ParityOptions(departure, more);
  }

  /** Why the tensor is left out, if it is. */
  Optional<String> reasonAgainst(String name) {
    return notChecked.entrySet().stream()
        .filter(e -> new NamePattern(e.getKey()).match(name).isPresent())
        .map(Map.Entry::getValue)
        .findFirst();
  }
}
