package org.canbridge.verifiers;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * One way in which the tensors of a bundle were made: which inputs went in under which names, and
 * which tensors of the bundle came out. A bundle holds the results of several, e.g. a plain and a
 * guided forward pass:
 *
 * <pre>{@code
 * Call.named("cfg")
 *     .input("x", "cfg_x").input("t", "cfg_t").input("y", "cfg_y")
 *     .output("output.cfg", "output")
 *     .build();
 * }</pre>
 *
 * @param name by which {@link Subject} finds the runner
 * @param inputs what is given to the runner
 * @param outputs tensors of the bundle, to the runner's names of them. Both may end in {@code *},
 *     which stands for the same on both sides; of several patterns that match, in any call of a
 *     plan, the longest wins
 * @param suffix the ending, without its dot, that the bundle gives to this call's activations;
 *     empty for none
 * @param tolerances overrides by the bundle's names of outputs and activations; {@code *} as above
 */
public record Call(
    String name,
    List<Input> inputs,
    Map<String, String> outputs,
    String suffix,
    Map<String, Tolerance> tolerances) {

  /** Where an input comes from. */
  public enum Kind {
    /** The bundle must hold it. */
    REQUIRED,
    /** Given if the bundle holds it. */
    OPTIONAL,
    /** Zeros of the type of the bundle's tensor. */
    ZEROS
  }

  /**
   * One argument of a call.
   *
   * @param name the runner's name of it
   * @param source the name in {@link ReferenceBundle#inputs()}
   * @param kind where it comes from
   */
  public record Input(String name, String source, Kind kind) {}

  /** Keeps copies in the given order. */
  public Call {
    Objects.requireNonNull(name);
    Objects.requireNonNull(suffix);
    inputs = List.copyOf(inputs);
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    tolerances = Collections.unmodifiableMap(new LinkedHashMap<>(tolerances));
  }

  /** Starts a call. */
  public static Builder named(String name) {
    return new Builder(name);
  }

  /** The same with an override for outputs. */
  Call with(String bundleName, Tolerance tolerance) {
    Map<String, Tolerance> more = new LinkedHashMap<>(tolerances);
    more.put(bundleName, tolerance);
    return new Call(name, inputs, outputs, suffix, more);
  }

  /** How well this call's patterns match a tensor of the bundle; 0 if they do not. */
  int rank(String output) {
    return outputs.keySet().stream()
        .map(NamePattern::new)
        .filter(p -> p.match(output).isPresent())
        .mapToInt(NamePattern::rank)
        .max()
        .orElse(0);
  }

  /** The runner's name of a tensor of the bundle that {@link #rank} matches. */
  String valueOf(String output) {
    return outputs.entrySet().stream()
        .filter(e -> new NamePattern(e.getKey()).match(output).isPresent())
        .max(Comparator.comparingInt(e -> new NamePattern(e.getKey()).rank()))
        .map(e -> e.getValue().replace("*", new NamePattern(e.getKey()).match(output).orElse("")))
        .orElseThrow();
  }

  /** The module path of an activation of the bundle, if its ending is this call's. */
  Optional<String> pathOf(String activation) {
    if (suffix.isEmpty()) {
      return Optional.of(activation);
    }
    String ending = "." + suffix;
    return activation.endsWith(ending)
        ? Optional.of(activation.substring(0, activation.length() - ending.length()))
        : Optional.empty();
  }

  /** The override for an output or activation of the bundle, if there is one. */
  Optional<Tolerance> tolerance(String key) {
    return tolerances.entrySet().stream()
        .filter(e -> new NamePattern(e.getKey()).match(key).isPresent())
        .map(Map.Entry::getValue)
        .findFirst();
  }

  /** Collects the parts of a call. */
  public static final class Builder {
    private final String name;
    private final List<Input> inputs = new ArrayList<>();
    private final Map<String, String> outputs = new LinkedHashMap<>();
    private final Map<String, Tolerance> tolerances = new LinkedHashMap<>();
    private String suffix = "";

    private Builder(String name) {
      this.name = name;
    }

    /** Inputs that have one name on both sides. */
    public Builder inputs(String... names) {
      for (String each : names) {
        input(each, each);
      }
      return this;
    }

    /** An input that has another name in the bundle. */
    public Builder input(String runnerName, String source) {
      inputs.add(new Input(runnerName, source, Kind.REQUIRED));
      return this;
    }

    /** An input that not every bundle of the family has. */
    public Builder optionalInput(String runnerName, String source) {
      inputs.add(new Input(runnerName, source, Kind.OPTIONAL));
      return this;
    }

    /** Zeros in place of the bundle's input. */
    public Builder zeros(String runnerName, String source) {
      inputs.add(new Input(runnerName, source, Kind.ZEROS));
      return this;
    }

    /** A tensor of the bundle, and the runner's name of it. */
    public Builder output(String bundleName, String runnerName) {
      outputs.put(bundleName, runnerName);
      return this;
    }

    /** The ending of this call's activations. */
    public Builder suffix(String value) {
      this.suffix = value;
      return this;
    }

    /** An override for outputs of this call. */
    public Builder tolerance(String bundleName, Tolerance tolerance) {
      tolerances.put(bundleName, tolerance);
      return this;
    }

    /** The call. */
    public Call build() {
      return new Call(name, inputs, outputs, suffix, tolerances);
    }
  }
}
