package org.canbridge.verifiers;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apiguardian.api.API;

/**
 * The result of a {@link ParityCheck}. Its views are in {@code org.canbridge.verifiers.report}.
 *
 * @param model what was verified
 * @param sha256 digest of the file that it came from, if known
 * @param referenceCheckpoint the file of the reference bundle that has this digest, if any has: the
 *     model then comes from the very file that the reference was made from
 * @param reference name of the reference bundle
 * @param environment what may have a part in the numbers
 * @param calls in the order in which they were made
 */
@API(status = API.Status.STABLE)
public record ParityReport(
    String model,
    Optional<String> sha256,
    Optional<String> referenceCheckpoint,
    String reference,
    Map<String, String> environment,
    List<CallReport> calls) {

  /** Keeps copies in the given order. */
  public ParityReport {
    environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
    calls = List.copyOf(calls);
  }

  /**
   * A tensor and the call that made it.
   *
   * @param call the call's name
   * @param comparison the result
   */
  public record Finding(String call, Comparison comparison) {}

  /** All results in order. */
  public Stream<Finding> findings() {
    return calls.stream()
        .flatMap(c -> c.comparisons().stream().map(each -> new Finding(c.call(), each)));
  }

  /** Tensors that were compared and are equal. */
  public long equal() {
    return count(Comparison::passed);
  }

  /** Tensors that differ, are missing, or were not expected. */
  public long failures() {
    return count(c -> c.outcome().isFailure());
  }

  /** Tensors left out for a stated reason. */
  public long notChecked() {
    return count(c -> c.outcome() == Outcome.NOT_CHECKED);
  }

  private long count(Predicate<Comparison> isCounted) {
    return findings().map(Finding::comparison).filter(isCounted).count();
  }

  /** The verdict: no failure, and at least one tensor was compared. */
  public boolean passed() {
    return failures() == 0 && equal() > 0;
  }

  /** The first tensor in execution order that fails. */
  public Optional<Finding> firstDifference() {
    return findings().filter(f -> f.comparison().outcome().isFailure()).findFirst();
  }
}
