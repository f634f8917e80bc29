package org.canbridge.runtime.can;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What makes a network condition-aware: which layers get generated weights, from which condition,
 * through which generators. This is the {@code can} section of {@code config.json}
 * (docs/can-format.md).
 *
 * @param condition what goes into the generators
 * @param targets the kinds of layer that were asked for
 * @param inserted module paths of depthwise convolutions that the source network does not have
 * @param generators the generators, in execution order of their first layer
 */
public record CanSpec(
    CanCondition condition,
    List<CanTarget> targets,
    List<String> inserted,
    List<Generator> generators) {

  /**
   * A linear map from the condition embedding {@code c (B, D)} to the weight of one or more layers
   * of equal shape, {@code W_c = G (P c + p) + b}. P is left out where {@code inputWidth} is D.
   *
   * @param name {@code out_proj.<width>} for the shared one, else the module path of the layer
   * @param layers module paths of the layers that it serves
   * @param inputWidth width {@code d_g} of the generator's input
   * @param bias whether the layers' biases are generated too
   */
  public record Generator(String name, List<String> layers, int inputWidth, boolean bias) {
    /** Refuses generators that serve nothing or have no input. */
    public Generator {
      layers = List.copyOf(layers);
      if (layers.isEmpty() || inputWidth < 1) {
        throw new IllegalArgumentException(
            "generator " + name + " needs a layer and a positive input width");
      }
    }
  }

  /** Refuses two generators for one layer or of one name. */
  public CanSpec {
    targets = List.copyOf(targets);
    inserted = List.copyOf(inserted);
    generators = List.copyOf(generators);
    Set<String> names = new HashSet<>();
    Set<String> layers = new HashSet<>();
    for (Generator generator : generators) {
      if (!names.add(generator.name())) {
        throw new IllegalArgumentException("two generators are called " + generator.name());
      }
      for (String layer : generator.layers()) {
        if (!layers.add(layer)) {
          throw new IllegalArgumentException("two generators serve " + layer);
        }
      }
    }
  }
}
