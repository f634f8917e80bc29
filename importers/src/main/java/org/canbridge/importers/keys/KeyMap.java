package org.canbridge.importers.keys;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.canbridge.importers.keys.KeyProblem.Kind;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;

/**
 * The rules of a layout, written out for one network. Applied strictly both ways: each source is
 * used exactly once or ignored with a reason, each target is filled exactly once with the right
 * shape, and everything that does not fit is reported together.
 */
public final class KeyMap {
  /** More repetitions than any network has; a file's claim must not make us write out more. */
  public static final int MAX_REPEAT = 4096;

  private final List<Expanded> rules;
  private final List<Ignore> ignores;

  private KeyMap(List<Expanded> rules, List<Ignore> ignores) {
    this.rules = List.copyOf(rules);
    this.ignores = List.copyOf(ignores);
    checkOnce(rules.stream().flatMap(rule -> rule.sources().stream()).toList(), "used");
    checkOnce(rules.stream().flatMap(rule -> rule.targets().stream()).toList(), "filled");
  }

  /** Starts an empty map. */
  public static Builder builder() {
    return new Builder();
  }

  private static void checkOnce(List<Place> places, String what) {
    Set<String> seen = new HashSet<>();
    for (Place place : places) {
      if (!seen.add(place.name())) {
        throw new IllegalArgumentException(place.name() + " is " + what + " by two rules");
      }
    }
  }

  /**
   * Maps a set of tensors.
   *
   * @param source every tensor of the file (or of the part of it that holds the weights)
   */
  public KeyMapping apply(Map<String, TensorData> source) {
    Map<String, KeyFate.Outcome> outcomes = new HashMap<>();
    Map<String, TensorData> filled = new LinkedHashMap<>();
    List<KeyProblem> problems = new ArrayList<>();
    List<KeyMapping.ValueCheck> checks = new ArrayList<>();
    for (Expanded rule : rules) {
      List<KeyProblem> misfits = rule.misfits(source);
      problems.addAll(misfits);
      rule.settle(source, misfits, outcomes);
      Optional<List<List<Long>>> shapes = rule.targetShapes();
      if (misfits.isEmpty() && shapes.isPresent()) {
        List<TensorData> inputs = rule.sources().stream().map(p -> source.get(p.name())).toList();
        List<TensorData> outputs = rule.transform().apply(inputs, shapes.get());
        for (int i = 0; i < outputs.size(); i++) {
          filled.put(rule.targets().get(i).name(), outputs.get(i));
        }
        if (!inputs.isEmpty()) {
          checks.add(
              new KeyMapping.ValueCheck(rule.sources().get(0).name(), rule.transform(), inputs));
        }
      }
    }
    List<KeyFate> fates = new ArrayList<>();
    source.forEach(
        (name, tensor) -> {
          KeyFate.Outcome outcome = outcomes.get(name);
          if (outcome == null) {
            outcome = ignoredOrUnexpected(name);
          }
          if (outcome instanceof KeyFate.Rejected && !outcomes.containsKey(name)) {
            problems.add(new KeyProblem(Kind.UNEXPECTED, name, tensor.type().toString()));
          }
          fates.add(new KeyFate(name, tensor.type(), outcome));
        });
    problems.sort((a, b) -> a.kind().compareTo(b.kind()));
    return new KeyMapping(filled, fates, problems, checks);
  }

  private KeyFate.Outcome ignoredOrUnexpected(String name) {
    for (Ignore ignore : ignores) {
      if (ignore.pattern().matcher(name).matches()) {
        return new KeyFate.Ignored(ignore.reason());
      }
    }
    return new KeyFate.Rejected("not part of this layout");
  }

  /** The map that gives the published tensors back. */
  public KeyMap inverse() {
    return new KeyMap(rules.stream().map(Expanded::inverse).toList(), List.of());
  }

  /**
   * The module of the target layout that a module of the source layout became: the one that holds
   * the tensors which the source's went to, and no others. It gives the same value, so that
   * activations recorded under the source's names can be compared.
   *
   * @param sourceModule a module path, e.g. {@code decoder.up.1.upsample}
   * @return e.g. {@code decoder.up_blocks.0.upsamplers.0}; empty if the module has no tensors, or
   *     tensors of other modules went to the same one
   */
  public Optional<String> targetModule(String sourceModule) {
    List<String> reached = new ArrayList<>();
    List<String> others = new ArrayList<>();
    Optional<String> sameRest = Optional.empty();
    for (Expanded rule : rules) {
      List<String> targets = rule.targets().stream().map(Place::name).toList();
      for (Place source : rule.sources()) {
        boolean inside = isInside(source.name(), sourceModule);
        (inside ? reached : others).addAll(targets);
        if (inside && sameRest.isEmpty()) {
          sameRest = without(targets.get(0), source.name().substring(sourceModule.length()));
        }
      }
    }
    return Stream.concat(sameRest.stream(), commonModule(reached).stream())
        .filter(module -> allInside(reached, module))
        .filter(module -> others.stream().noneMatch(name -> isInside(name, module)))
        .findFirst();
  }

  private static boolean isInside(String name, String module) {
    return name.startsWith(module + ".");
  }

  /** What stands before the rest of a name, where both layouts call the rest the same. */
  private static Optional<String> without(String name, String rest) {
    return name.endsWith(rest)
        ? Optional.of(name.substring(0, name.length() - rest.length()))
        : Optional.empty();
  }

  /** The innermost module that holds all of these tensors. */
  private static Optional<String> commonModule(List<String> names) {
    Optional<String> module = names.stream().findFirst().flatMap(KeyMap::parent);
    while (module.isPresent() && !allInside(names, module.get())) {
      module = parent(module.get());
    }
    return module;
  }

  private static boolean allInside(List<String> names, String module) {
    return names.stream().allMatch(name -> isInside(name, module));
  }

  private static Optional<String> parent(String path) {
    int dot = path.lastIndexOf('.');
    return dot < 0 ? Optional.empty() : Optional.of(path.substring(0, dot));
  }

  /**
   * Names and shapes of the tensors that the map fills, in the order of the rules.
   *
   * @throws IllegalStateException if a size is unknown
   */
  public Map<String, List<Long>> targets() {
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    for (Expanded rule : rules) {
      for (Place target : rule.targets()) {
        shapes.put(
            target.name(),
            target
                .shape()
                .complete()
                .orElseThrow(
                    () ->
                        new IllegalStateException(
                            target.name() + " has an unknown size: " + target.shape().text())));
      }
    }
    return shapes;
  }

  /** Names of the tensors that the map fills without any tensor of the source. */
  public Set<String> computed() {
    Set<String> names = new LinkedHashSet<>();
    for (Expanded rule : rules) {
      if (rule.sources().isEmpty()) {
        rule.targets().forEach(target -> names.add(target.name()));
      }
    }
    return names;
  }

  /** Collects rules in the order of the checkpoint. */
  public static final class Builder {
    private final List<Expanded> rules = new ArrayList<>();
    private final List<Ignore> ignores = new ArrayList<>();

    private Builder() {}

    /** Adds rules that stand once. */
    public Builder rules(List<KeyRule> added, Dims dims) {
      for (KeyRule rule : added) {
        rules.add(
            new Expanded(
                rule.sources().stream().map(slot -> Place.of(slot, dims)).toList(),
                rule.targets().stream().map(slot -> Place.of(slot, dims)).toList(),
                rule.transform()));
      }
      return this;
    }

    /**
     * Adds rules that repeat, all of them for index 0, then all for index 1, and so on.
     *
     * @param index the symbol of the index, e.g. {@code i} for names with <code>{i}</code>
     * @throws IllegalArgumentException beyond {@link #MAX_REPEAT}
     */
    public Builder each(String index, long count, List<KeyRule> repeated, Dims dims) {
      if (count > MAX_REPEAT) {
        throw new IllegalArgumentException(count + " repetitions; the most is " + MAX_REPEAT);
      }
      for (long i = 0; i < count; i++) {
        rules(repeated, dims.with(index, i));
      }
      return this;
    }

    /**
     * Leaves tensors out that no rule uses.
     *
     * @param glob a name in which {@code *} stands for any characters
     * @param reason why they are not needed; shown beside each of them
     */
    public Builder ignore(String glob, String reason) {
      ignores.add(new Ignore(Globs.compile(glob), reason));
      return this;
    }

    /**
     * The finished map.
     *
     * @throws IllegalArgumentException if two rules use or fill the same tensor
     */
    public KeyMap build() {
      return new KeyMap(rules, ignores);
    }
  }

  private record Ignore(Pattern pattern, String reason) {}

  /** A slot with its indices put in. */
  private record Place(String name, SymbolicShape.Resolved shape, Slot.Elements elements) {
    static Place of(Slot slot, Dims dims) {
      return new Place(
          NameTemplate.fill(slot.name(), dims),
          SymbolicShape.parse(slot.shape()).resolve(dims),
          slot.elements());
    }

    Optional<KeyProblem> misfit(TensorData tensor) {
      if (tensor == null) {
        return Optional.of(new KeyProblem(Kind.MISSING, name, shape.text()));
      }
      if (!shape.accepts(tensor.type().shape())) {
        return Optional.of(
            new KeyProblem(
                Kind.SHAPE, name, "expected " + shape.text() + ", found " + tensor.type().shape()));
      }
      boolean floating = elements == Slot.Elements.FLOATING;
      if (elements != Slot.Elements.ANY && tensor.type().dtype().isFloating() != floating) {
        return Optional.of(
            new KeyProblem(
                Kind.ELEMENTS,
                name,
                "expected "
                    + (floating ? "floating point" : "integers")
                    + ", found "
                    + tensor.type().dtype()));
      }
      return Optional.empty();
    }
  }

  /** A rule with its indices put in. */
  private record Expanded(List<Place> sources, List<Place> targets, Transform transform) {
    Expanded inverse() {
      return new Expanded(targets, sources, transform.inverse());
    }

    List<KeyProblem> misfits(Map<String, TensorData> source) {
      List<KeyProblem> found = new ArrayList<>();
      for (Place place : sources) {
        place.misfit(source.get(place.name())).ifPresent(found::add);
      }
      if (found.isEmpty() && !sources.isEmpty()) {
        addMixedTypes(source, found);
      }
      return found;
    }

    /** Tensors that become one must have one element type. */
    private void addMixedTypes(Map<String, TensorData> source, List<KeyProblem> found) {
      String first = sources.get(0).name();
      DType expected = source.get(first).type().dtype();
      for (Place place : sources) {
        DType type = source.get(place.name()).type().dtype();
        if (type != expected) {
          found.add(
              new KeyProblem(
                  Kind.ELEMENTS,
                  place.name(),
                  "expected " + expected + " as in " + first + ", found " + type));
        }
      }
    }

    void settle(
        Map<String, TensorData> source,
        List<KeyProblem> misfits,
        Map<String, KeyFate.Outcome> outcomes) {
      List<String> names = targets.stream().map(Place::name).toList();
      for (Place place : sources) {
        if (source.containsKey(place.name())) {
          outcomes.put(place.name(), new KeyFate.Mapped(names, transform.label()));
        }
      }
      for (KeyProblem misfit : misfits) {
        if (misfit.kind() != Kind.MISSING) {
          outcomes.put(
              misfit.key(), new KeyFate.Rejected(misfit.kind().label() + ": " + misfit.detail()));
        }
      }
    }

    /** The shapes of the outputs; empty if a size on either side is unknown. */
    Optional<List<List<Long>>> targetShapes() {
      boolean known =
          Stream.concat(sources.stream(), targets.stream())
              .allMatch(place -> place.shape().complete().isPresent());
      return known
          ? Optional.of(targets.stream().map(t -> t.shape().complete().orElseThrow()).toList())
          : Optional.empty();
    }
  }
}
