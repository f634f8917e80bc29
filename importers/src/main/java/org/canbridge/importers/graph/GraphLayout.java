package org.canbridge.importers.graph;

import java.util.ArrayList;
import java.util.List;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Inference;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.Signature;
import org.canbridge.importers.family.StateDict;
import org.canbridge.importers.keys.Dims;
import org.canbridge.importers.keys.KeyMap;
import org.canbridge.importers.keys.KeyRule;

/** The parameters of a graph, under the names that it gives them. */
final class GraphLayout implements Layout {
  @Override
  public String name() {
    return "canonical";
  }

  /** Names tell nothing: a file is read so where nothing else recognises it. */
  @Override
  public Signature signature() {
    return Signature.of("\n");
  }

  @Override
  public Inference infer(StateDict weights) {
    return new Inference(Arguments.none(), List.of(), List.of("a graph is needed"));
  }

  @Override
  public KeyMap keyMap(Arguments known) {
    List<KeyRule> rules = new ArrayList<>();
    new GraphConfig(known)
        .parameters()
        .forEach((name, shape) -> rules.add(KeyRule.copy(name, shape.toString())));
    return KeyMap.builder().rules(rules, Dims.none()).build();
  }
}
