package org.canbridge.runtime.export;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Op;

/** A model as layouts hold one: the layers that were published, and no others. */
final class PublishedNetwork {
  private static final int NAMED = 3;

  private PublishedNetwork() {}

  /**
   * What leaves: the model itself, or one that was frozen and has the published layers again.
   *
   * @throws IllegalArgumentException if it has others, with the ways that there are
   */
  static Checkpoint of(Model model) {
    if (model.can().isEmpty()) {
      return model.checkpoint();
    }
    String ways = "export the model that it was converted from" + others();
    if (!model.can().get().generators().isEmpty()) {
      throw new IllegalArgumentException(
          "a condition-aware network makes weights for every sample, which no published layout has"
              + " a place for; freeze it at one condition (canbridge bake) and export that, or "
              + ways);
    }
    List<String> added = without(model.graph(), names(model.source()));
    List<String> gone = without(model.source(), names(model.graph()));
    if (!added.isEmpty() || !gone.isEmpty()) {
      throw new IllegalArgumentException(
          "this frozen network has other layers than the published one"
              + few("; added: ", added)
              + few("; gone: ", gone)
              + ". No published layout has a place for that; "
              + ways);
    }
    return model.checkpoint().withoutCan();
  }

  private static Set<String> names(Graph graph) {
    return graph.parameters().stream().map(Op.Parameter::name).collect(Collectors.toSet());
  }

  private static List<String> without(Graph graph, Set<String> others) {
    Set<String> names = new HashSet<>(names(graph));
    names.removeAll(others);
    List<String> sorted = new ArrayList<>(names);
    sorted.sort(null);
    return sorted;
  }

  private static String few(String what, List<String> names) {
    if (names.isEmpty()) {
      return "";
    }
    int named = Math.min(NAMED, names.size());
    return what
        + String.join(", ", names.subList(0, named))
        + (names.size() > named ? " and " + (names.size() - named) + " more" : "");
  }

  /** The forms that do hold it. */
  private static String others() {
    String names =
        Exporters.all().stream()
            .filter(Exporter::holdsConditionAware)
            .map(Exporter::name)
            .collect(Collectors.joining(" or "));
    return names.isEmpty() ? "" : ", or this one with --format " + names;
  }
}
