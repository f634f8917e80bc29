package org.canbridge.verifiers;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.canbridge.tensors.ConstantTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.InputFileException;

/**
 * Holds a model against a reference bundle. Each call of the plan whose tensors the bundle holds is
 * run once; its activations are compared in the order in which the model computes them, then its
 * outputs. Every tensor of the bundle ends in the report exactly once.
 *
 * <ul>
 *   <li>An activation belongs to the call that has the longest suffix of it and whose runner knows
 *       its module path, the first of equals; an output to the call whose pattern matches it best.
 *   <li>A tensor that no call makes, or that its runner does not know, is missing: a failure.
 *   <li>A tensor is left out only by {@link ParityOptions#notChecked}, with its reason.
 * </ul>
 *
 * <pre>{@code
 * ParityReport report =
 *     ParityCheck.run(bundle, CallPlans.of(bundle), subject, ParityOptions.NONE);
 * }</pre>
 */
public final class ParityCheck {
  /** Stands for the call in the report of tensors that no call makes. */
  static final String NO_CALL = "none";

  private final ReferenceBundle bundle;
  private final CallPlan plan;
  private final Subject subject;
  private final ParityOptions options;

  private ParityCheck(
      ReferenceBundle bundle, CallPlan plan, Subject subject, ParityOptions options) {
    this.bundle = bundle;
    this.plan = plan;
    this.subject = subject;
    this.options = options;
  }

  /**
   * Runs the check. What a runner throws is passed on, but for {@link IllegalArgumentException}.
   *
   * @throws InputFileException if the bundle lacks an input of a call whose results it holds, or a
   *     runner does not take its inputs
   */
  public static ParityReport run(
      ReferenceBundle bundle, CallPlan plan, Subject subject, ParityOptions options) {
    return new ParityCheck(bundle, plan, subject, options).report();
  }

  /** One tensor of the bundle. */
  private record Entry(String key, String value, TensorData expected) {}

  private ParityReport report() {
    Map<String, List<Entry>> byCall = new LinkedHashMap<>();
    plan.calls().forEach(c -> byCall.put(c.name(), new ArrayList<>()));
    byCall.put(NO_CALL, new ArrayList<>());
    bundle.activations().forEach((path, tensor) -> assignActivation(byCall, path, tensor));
    bundle.outputs().forEach((key, tensor) -> assignOutput(byCall, key, tensor));
    List<CallReport> reports = new ArrayList<>();
    for (Call call : plan.calls()) {
      if (!byCall.get(call.name()).isEmpty()) {
        reports.add(check(call, byCall.get(call.name())));
      }
    }
    if (!byCall.get(NO_CALL).isEmpty()) {
      reports.add(
          new CallReport(NO_CALL, 0, byCall.get(NO_CALL).stream().map(this::unclaimed).toList()));
    }
    return new ParityReport(
        subject.model(),
        subject.sha256(),
        referenceCheckpoint(),
        bundle.name(),
        subject.environment(),
        reports);
  }

  private Optional<String> referenceCheckpoint() {
    return bundle.checkpoints().entrySet().stream()
        .filter(e -> subject.sha256().filter(e.getValue().sha256()::equals).isPresent())
        .map(Map.Entry::getKey)
        .findFirst();
  }

  private void assignActivation(Map<String, List<Entry>> byCall, String path, TensorData expected) {
    String key = ReferenceBundle.activationKey(path);
    List<Call> candidates =
        plan.calls().stream()
            .filter(c -> c.pathOf(path).isPresent())
            .sorted(Comparator.comparingInt(c -> -c.suffix().length()))
            .toList();
    Optional<Call> call =
        candidates.stream()
            .filter(c -> knownValues(c).contains(c.pathOf(path).orElseThrow()))
            .findFirst()
            .or(() -> candidates.stream().findFirst());
    add(
        byCall,
        call.map(Call::name).orElse(NO_CALL),
        key,
        call.flatMap(c -> c.pathOf(path)).orElse(path),
        expected);
  }

  private void assignOutput(Map<String, List<Entry>> byCall, String key, TensorData expected) {
    Optional<Call> call = plan.callFor(key);
    add(
        byCall,
        call.map(Call::name).orElse(NO_CALL),
        key,
        call.map(c -> c.valueOf(key)).orElse(key),
        expected);
  }

  private static void add(
      Map<String, List<Entry>> byCall, String call, String key, String value, TensorData expected) {
    byCall.get(call).add(new Entry(key, value, expected));
  }

  private Set<String> knownValues(Call call) {
    CallRunner runner = subject.runners().get(call.name());
    return runner == null ? Set.of() : new LinkedHashSet<>(runner.values());
  }

  private Comparison unclaimed(Entry entry) {
    return options
        .reasonAgainst(entry.key)
        .map(why -> Comparison.notChecked(entry.key, entry.expected.type(), why))
        .orElseGet(
            () ->
                Comparison.missing(
                    entry.key,
                    entry.expected.type(),
                    "no call of the plan '" + plan.family() + "' makes it"));
  }

  private CallReport check(Call call, List<Entry> entries) {
    List<Entry> ordered = inExecutionOrder(call, entries);
    Set<String> known = knownValues(call);
    Set<String> wanted =
        ordered.stream()
            .filter(e -> options.reasonAgainst(e.key).isEmpty() && known.contains(e.value))
            .map(Entry::value)
            .collect(Collectors.toCollection(LinkedHashSet::new));
    double seconds = 0;
    Map<String, TensorData> results = Map.of();
    if (!wanted.isEmpty()) {
      Map<String, TensorData> inputs = inputs(call);
      long start = System.nanoTime();
      results = run(call, inputs, List.copyOf(wanted));
      seconds = (System.nanoTime() - start) / 1e9;
    }
    List<Comparison> comparisons = new ArrayList<>();
    for (Entry entry : ordered) {
      comparisons.add(compare(call, entry, known, results));
    }
    results.forEach(
        (name, tensor) -> {
          if (!wanted.contains(name)) {
            comparisons.add(Comparison.unexpected(name, tensor.type()));
          }
        });
    return new CallReport(call.name(), seconds, comparisons);
  }

  /** Activations as the runner computes them, then those it does not know, then outputs. */
  private List<Entry> inExecutionOrder(Call call, List<Entry> entries) {
    Map<Boolean, List<Entry>> split =
        entries.stream()
            .collect(Collectors.partitioningBy(e -> bundle.outputs().containsKey(e.key)));
    Map<String, Entry> byValue = new LinkedHashMap<>();
    split.get(false).forEach(e -> byValue.put(e.value, e));
    List<Entry> ordered = new ArrayList<>();
    for (String value : knownValues(call)) {
      if (byValue.containsKey(value)) {
        ordered.add(byValue.remove(value));
      }
    }
    ordered.addAll(byValue.values());
    ordered.addAll(split.get(true));
    return ordered;
  }

  private Comparison compare(
      Call call, Entry entry, Set<String> known, Map<String, TensorData> results) {
    Optional<String> leftOut = options.reasonAgainst(entry.key);
    if (leftOut.isPresent()) {
      return Comparison.notChecked(entry.key, entry.expected.type(), leftOut.get());
    }
    CallRunner runner = subject.runners().get(call.name());
    TensorData actual = results.get(entry.value);
    if (actual == null) {
      String why =
          runner == null
              ? "the model cannot make the call '" + call.name() + "'"
              : known.contains(entry.value)
                  ? "the model did not return '" + entry.value + "'"
                  : "the model has no value '" + entry.value + "'";
      return Comparison.missing(entry.key, entry.expected.type(), why);
    }
    return Comparison.of(entry.key, entry.expected, actual, tolerance(call, entry, runner, actual));
  }

  private Tolerance tolerance(Call call, Entry entry, CallRunner runner, TensorData actual) {
    Tolerance usual =
        call.tolerance(entry.key)
            .orElseGet(
                () ->
                    Tolerance.coarsest(
                        runner.arithmetic(), entry.expected.type().dtype(), actual.type().dtype()));
    return options.departure().map(departure -> departure.from(usual)).orElse(usual);
  }

  private Map<String, TensorData> run(
      Call call, Map<String, TensorData> inputs, List<String> wanted) {
    try {
      return subject.runners().get(call.name()).run(inputs, wanted);
    } catch (IllegalArgumentException e) {
      throw InputFileException.of(
              BundleProblem.OTHER_MODEL, bundle.directory().resolve(ReferenceBundle.TENSORS))
          .what("the inputs of the reference bundle do not go with the model")
          .expected(
              "a bundle of the family '" + plan.family() + "' that this model's code recorded")
          .actual(e.getMessage())
          .next("give the bundle that was made from this model")
          .cause(e)
          .build();
    }
  }

  private Map<String, TensorData> inputs(Call call) {
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    for (Call.Input input : call.inputs()) {
      TensorData tensor = bundle.inputs().get(input.source());
      if (tensor != null) {
        inputs.put(input.name(), input.kind() == Call.Kind.ZEROS ? zeros(tensor) : tensor);
      } else if (input.kind() != Call.Kind.OPTIONAL) {
        throw InputFileException.of(
                BundleProblem.INPUT_MISSING, bundle.directory().resolve(ReferenceBundle.TENSORS))
            .what("the reference bundle holds results of a call, but not all of its inputs")
            .expected(
                "the inputs of the call '" + call.name() + "' of the plan '" + plan.family() + "'")
            .actual("inputs " + String.join(", ", bundle.inputs().keySet()))
            .key("input." + input.source())
            .next("add the input to the bundle, or leave the results out")
            .build();
      }
    }
    return inputs;
  }

  private static TensorData zeros(TensorData like) {
    return ConstantTensor.zeros(like.type());
  }
}
