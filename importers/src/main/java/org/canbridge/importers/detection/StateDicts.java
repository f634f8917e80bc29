package org.canbridge.importers.detection;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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

  private static StateDict strip(
      Map<String, TensorData> tensors, String wrapper, Map<String, String> names) {
    Map<String, String> bare = names;
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
    return new StateDict(wrapper, Weights.of(wrapper), mixed, stripped, bare);
  }

  private static Optional<String> prefixOf(Map<String, String> names) {
    return PREFIXES.stream()
        .filter(prefix -> names.keySet().stream().anyMatch(name -> name.startsWith(prefix)))
        .findFirst();
  }
}
