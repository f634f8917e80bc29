package org.canbridge.importers.detection;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.canbridge.importers.family.Signature;
import org.canbridge.importers.family.StateDict;
import org.canbridge.importers.family.Weights;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;

/**
 * Finds the sets of weights in a file. Training scripts wrap a state dict in a dictionary ({@code
 * model}, {@code ema}, {@code state_dict} ...), data-parallel training and {@code torch.compile}
 * put {@code module.} and {@code _orig_mod.} in front of every name.
 */
final class StateDicts {
  /** Wrappers that a file without dictionaries (safetensors) can only show in its names. */
  private static final List<String> WRAPPERS =
      List.of(
          "ema",
          "state_dict_ema",
          "model_ema",
          "model",
          "state_dict",
          "model_state_dict",
          // DC-AE's diffusion models, beside their autoencoder.
          "diffusion_model");

  private static final List<String> PREFIXES = List.of("module.", "_orig_mod.");

  /** Entries that programs which average weights keep beside them, one number each. */
  private static final Set<String> COUNTERS = Set.of("n_averaged", "initted");

  private StateDicts() {}

  /** Every set that may be meant: each wrapper with tensors in it, then the file as a whole. */
  static List<StateDict> find(TensorFile file) {
    Set<String> wrappers = new LinkedHashSet<>(WRAPPERS);
    wrappers.addAll(file.containers());
    Set<String> candidates = new LinkedHashSet<>(file.tensors().keySet());
    candidates.removeAll(file.constants().keySet());
    List<StateDict> found = new ArrayList<>();
    for (String wrapper : wrappers) {
      Map<String, String> names = new LinkedHashMap<>();
      for (String name : candidates) {
        if (name.startsWith(wrapper + ".")) {
          names.put(name.substring(wrapper.length() + 1), name);
        }
      }
      if (!names.isEmpty()) {
        found.add(strip(file.tensors(), wrapper, names));
      }
    }
    Map<String, String> all = new LinkedHashMap<>();
    candidates.forEach(name -> all.put(name, name));
    found.add(strip(file.tensors(), "", all));
    return found;
  }

  /**
   * Sets behind further prefixes, which only the names of a layout show: {@code
   * model.diffusion_model.}, {@code ema.ema_model.}, {@code ema.0.9998.}. Of prefixes that continue
   * each other the shortest comes first.
   */
  static List<StateDict> behindPrefixes(TensorFile file, Collection<Signature> signatures) {
    Set<String> prefixes =
        new TreeSet<>(
            Comparator.comparingInt(String::length).thenComparing(Comparator.naturalOrder()));
    Set<String> candidates = new LinkedHashSet<>(file.tensors().keySet());
    candidates.removeAll(file.constants().keySet());
    signatures.forEach(signature -> prefixes.addAll(signature.prefixes(candidates)));
    return prefixes.stream()
        .map(
            prefix -> {
              Map<String, String> names = new LinkedHashMap<>();
              candidates.stream()
                  .filter(name -> name.startsWith(prefix))
                  .forEach(name -> names.put(name.substring(prefix.length()), name));
              return strip(file.tensors(), prefix.substring(0, prefix.length() - 1), names);
            })
        .toList();
  }

  private static StateDict strip(
      Map<String, TensorData> tensors, String wrapper, Map<String, String> all) {
    Map<String, String> bare = new LinkedHashMap<>(all);
    Weights kind = Weights.of(wrapper);
    if (COUNTERS.stream().anyMatch(all::containsKey)) {
      bare.entrySet()
          .removeIf(
              entry ->
                  entry.getKey().indexOf('.') < 0
                      && tensors.get(entry.getValue()).type().elements() == 1);
      kind = Weights.EMA;
    }
    Optional<String> mixed = Optional.empty();
    for (Optional<String> prefix = prefixOf(bare); prefix.isPresent(); prefix = prefixOf(bare)) {
      String text = prefix.get();
      long with = bare.keySet().stream().filter(name -> name.startsWith(text)).count();
      if (with < bare.size()) {
        mixed = prefix;
      }
      Map<String, String> shorter = new LinkedHashMap<>();
      bare.forEach(
          (name, source) ->
              shorter.merge(
                  name.startsWith(text) ? name.substring(text.length()) : name,
                  source,
                  (first, second) -> first));
      bare = shorter;
    }
    Map<String, TensorData> stripped = new LinkedHashMap<>();
    bare.forEach((name, source) -> stripped.put(name, tensors.get(source)));
    return new StateDict(wrapper, kind, mixed, stripped, bare);
  }

  private static Optional<String> prefixOf(Map<String, String> names) {
    return PREFIXES.stream()
        .filter(prefix -> names.keySet().stream().anyMatch(name -> name.startsWith(prefix)))
        .findFirst();
  }
}
