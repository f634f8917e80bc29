package org.canbridge.runtime.lifting;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.canbridge.runtime.family.NetworkInput;
import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Node;
import org.canbridge.tensors.onnx.OnnxModel;
import org.canbridge.tensors.onnx.OnnxNode;

/**
 * The arguments of an ONNX graph as what diffusion networks take. An image has four axes, a text
 * three; of those with one number for each sample a label is what picks rows of a table, a timestep
 * the other. The first axis of each is the batch, whether its size is open or not.
 */
final class Inputs {
  /** What a label or a timestep may go through before it is used. */
  private static final Set<String> PASSING =
      Set.of("Cast", "Reshape", "Squeeze", "Unsqueeze", "Identity", "Flatten");

  private final OnnxModel model;
  private final List<String> problems = new ArrayList<>();
  private final Map<NetworkInput, OnnxModel.Argument> found = new LinkedHashMap<>();

  private Inputs(OnnxModel model) {
    this.model = model;
    for (OnnxModel.Argument argument : model.arguments()) {
      List<OptionalLong> sizes = argument.sizes();
      boolean single = sizes.size() == 1 || (sizes.size() == 2 && sizes.get(1).orElse(0) == 1);
      boolean open = sizes.stream().skip(1).anyMatch(OptionalLong::isEmpty);
      if (open) {
        problem(argument, "a size other than the batch is open; export for one size");
      } else if (argument.floating() && sizes.size() == 4) {
        take(NetworkInput.IMAGE, argument);
      } else if (argument.floating() && sizes.size() == 3) {
        take(NetworkInput.TEXT, argument);
      } else if (single) {
        boolean label = !argument.floating() && picksRows(argument.name());
        take(label ? NetworkInput.LABEL : NetworkInput.TIMESTEP, argument);
      } else {
        problem(argument, "neither image, timestep, label nor text");
      }
    }
    if (problems.isEmpty() && !found.containsKey(NetworkInput.IMAGE)) {
      problems.add("no argument (B, C, H, W) is an image");
    }
    if (model.results().size() != 1) {
      problems.add(model.results().size() + " results; one is needed");
    }
  }

  static Inputs of(OnnxModel model) {
    return new Inputs(model);
  }

  private void take(NetworkInput input, OnnxModel.Argument argument) {
    if (found.putIfAbsent(input, argument) != null) {
      problem(argument, "a second argument of the kind of " + found.get(input).name());
    }
  }

  private void problem(OnnxModel.Argument argument, String what) {
    problems.add("argument " + argument.name() + ": " + what);
  }

  private boolean picksRows(String name) {
    Set<String> same = new HashSet<>(Set.of(name));
    for (OnnxNode node : model.nodes()) {
      boolean uses = node.inputs().stream().anyMatch(same::contains);
      if (uses && node.operator().equals("Gather") && same.contains(node.inputs().get(1))) {
        return true;
      }
      if (uses && PASSING.contains(node.operator())) {
        same.addAll(node.outputs());
      }
    }
    return false;
  }

  /** What cannot be read; empty if all can. */
  List<String> problems() {
    return problems;
  }

  /** The batch size that the graph was exported for. */
  Sizes sizes() {
    return new Sizes(found.get(NetworkInput.IMAGE).sizes().get(0));
  }

  /** Adds the inputs to a network; views by the names of the ONNX graph. */
  Map<String, View> add(GraphBuilder g) {
    Map<String, View> views = new LinkedHashMap<>();
    for (NetworkInput input : NetworkInput.values()) {
      OnnxModel.Argument argument = found.get(input);
      if (argument != null) {
        boolean single = input == NetworkInput.TIMESTEP || input == NetworkInput.LABEL;
        long[] sizes =
            argument.sizes().stream()
                .skip(1)
                .filter(size -> !single)
                .mapToLong(OptionalLong::getAsLong)
                .toArray();
        Node node = input.add(g, sizes);
        View view = View.of(node);
        views.put(
            argument.name(),
            argument.sizes().size() > view.rank() ? view.unsqueezed(List.of(1L)) : view);
      }
    }
    return views;
  }
}
