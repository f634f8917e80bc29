package org.canbridge.importers.detection;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.canbridge.importers.family.StateDict;
import org.canbridge.importers.family.Weights;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;

/**
 * Moving averages that do not bear the names of the weights. Some programs keep a list in the order
 * of the parameters ({@code shadow_params} of torch_ema and of diffusers' {@code EMAModel}), from
 * which buffers and frozen parameters are missing; CompVis' {@code LitEma} takes the dots out of
 * the names. Both are understood only where shapes fit one for one; what is not in the average is
 * taken from the weights.
 */
final class UnnamedAverages {
  /** Buffers, which are no parameters. */
  private static final List<String> BUFFERS =
      List.of("running_mean", "running_var", "num_batches_tracked", "position_ids");

  /** Tables that are parameters and never trained. */
  private static final List<String> FROZEN = List.of("pos_embed");

  private UnnamedAverages() {}

  /** The averages of this set of weights that the file holds. */
  static List<StateDict> of(TensorFile file, StateDict weights) {
    Map<String, List<String>> lists = new LinkedHashMap<>();
    Map<String, Map<String, String>> flat = new LinkedHashMap<>();
    for (String name : file.tensors().keySet()) {
      int dot = name.lastIndexOf('.');
      String parent = dot < 0 ? "" : name.substring(0, dot);
      if (Weights.of(parent) == Weights.EMA) {
        String last = last(name);
        List<String> list = lists.computeIfAbsent(parent, key -> new ArrayList<>());
        if (last.equals(Integer.toString(list.size()))) {
          list.add(name);
        }
        flat.computeIfAbsent(parent, key -> new LinkedHashMap<>()).put(last, name);
      }
    }
    List<StateDict> found = new ArrayList<>();
    lists.forEach((parent, list) -> inOrder(file, parent, list, weights).ifPresent(found::add));
    flat.forEach(
        (parent, names) -> withoutDots(file, parent, names, weights).ifPresent(found::add));
    return found;
  }

  private static Optional<StateDict> inOrder(
      TensorFile file, String parent, List<String> list, StateDict weights) {
    List<String> all = List.copyOf(weights.tensors().keySet());
    List<String> parameters = all.stream().filter(name -> !BUFFERS.contains(last(name))).toList();
    List<String> trained =
        parameters.stream().filter(name -> !FROZEN.contains(last(name))).toList();
    return Stream.of(all, parameters, trained)
        .filter(names -> assigns(file, list, names, weights))
        .findFirst()
        .map(
            names -> {
              Map<String, String> sources = new LinkedHashMap<>();
              for (int i = 0; i < list.size(); i++) {
                sources.put(names.get(i), list.get(i));
              }
              return average(file, parent, sources, weights);
            });
  }

  private static String last(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  private static boolean assigns(
      TensorFile file, List<String> list, List<String> names, StateDict weights) {
    return !list.isEmpty()
        && list.size() == names.size()
        && IntStream.range(0, list.size())
            .allMatch(i -> fits(file, list.get(i), names.get(i), weights));
  }

  private static boolean fits(TensorFile file, String item, String name, StateDict weights) {
    List<Long> shape = file.tensors().get(item).type().shape();
    return shape.equals(weights.tensors().get(name).type().shape());
  }

  private static Optional<StateDict> withoutDots(
      TensorFile file, String parent, Map<String, String> names, StateDict weights) {
    Map<String, String> sources = new LinkedHashMap<>();
    for (String name : weights.tensors().keySet()) {
      // A network that was averaged as part of another one has that one's name in front.
      String bare = name.replace(".", "");
      String ending = weights.sourceNames().get(name).replace(".", "");
      names.keySet().stream()
          .filter(flat -> flat.endsWith(bare) && ending.endsWith(flat))
          .map(names::get)
          .filter(source -> fits(file, source, name, weights))
          .findFirst()
          .ifPresent(source -> sources.put(name, source));
    }
    // A handful of names without dots is in every network.
    return 2 * sources.size() > weights.tensors().size()
        ? Optional.of(average(file, parent, sources, weights))
        : Optional.empty();
  }

  private static StateDict average(
      TensorFile file, String parent, Map<String, String> sources, StateDict weights) {
    Map<String, TensorData> tensors = new LinkedHashMap<>(weights.tensors());
    Map<String, String> names = new LinkedHashMap<>(weights.sourceNames());
    sources.forEach(
        (name, source) -> {
          tensors.put(name, file.tensors().get(source));
          names.put(name, source);
        });
    return new StateDict(parent, Weights.EMA, Optional.empty(), tensors, names);
  }
}
