package org.canbridge.runtime.can;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.canbridge.runtime.family.Control;

/**
 * What makes a network condition-aware: which layers get the weights of their sample, from which
 * condition, and how. This is the {@code can} section of {@code config.json} (docs/can-format.md).
 *
 * @param condition what the weights depend on
 * @param control what becomes of the control that the network has
 * @param method where the weights come from
 * @param targets the kinds of layer that were asked for
 * @param embedder the embedding of the condition that is added to a network without one
 * @param inserted module paths of depthwise convolutions that the source network does not have
 * @param generators what makes the weights, in execution order of the first layer of each
 */
public record CanSpec(
    CanCondition condition,
    Control control,
    CanMethod method,
    List<CanTarget> targets,
    Optional<Embedder> embedder,
    List<String> inserted,
    List<Generator> generators) {

  /**
   * An embedding of timestep and class for a network that knows neither, e.g. an EfficientViT.
   *
   * @param width D of the embedding {@code (B, D)}
   * @param classes rows of the label table; 0 for none, so that time is the only condition
   */
  public record Embedder(int width, int classes) {
    /** Refuses what cannot be built. */
    public Embedder {
      if (width < 2 || width % 2 != 0 || classes < 0) {
        throw new IllegalArgumentException(
            "an embedder needs an even width and no negative number of classes, not "
                + width
                + " and "
                + classes);
      }
    }
  }

  /** How one sample's weights come out of the condition embedding {@code c (B, D)}. */
  public sealed interface Form {}

  /**
   * {@code W_c = G (P c + p)}. P is shared by all generators of equal input width, and left out
   * where that is D. A constant term would be the static weight once more.
   *
   * @param inputWidth width {@code d_g} of the generator's input
   * @param bias whether the layers' biases are generated too
   */
  public record Linear(int inputWidth, boolean bias) implements Form {
    /** Refuses generators without input. */
    public Linear {
      positive(inputWidth, "input width");
    }
  }

  /**
   * {@code W_c = U M_c V} with {@code M_c = G (P c + p)} of shape {@code (rank, rank)}, W being
   * taken as a matrix of one row for each output channel. Still linear in c, and small where W is
   * large.
   *
   * @param inputWidth width {@code d_g} of the generator's input
   * @param bias whether the layers' biases are generated too, at full width
   * @param rank largest rank of what is added to a weight
   */
  public record LowRank(int inputWidth, boolean bias, int rank) implements Form {
    /** Refuses generators without input or output. */
    public LowRank {
      positive(inputWidth, "input width");
      positive(rank, "rank");
    }
  }

  /**
   * {@code W_c = sum_k softmax(S c + s)_k V_k}; biases stay static. With the static weight W beside
   * it this is CondConv with the base kernels {@code W + V_k}, since the mixture adds up to one.
   *
   * @param kernels number of base kernels K
   */
  public record Select(int kernels) implements Form {
    /** Refuses mixtures of nothing. */
    public Select {
      positive(kernels, "number of kernels");
    }
  }

  /**
   * What makes the weights of one or more layers of equal shape; they share what it makes and each
   * keeps its own static weight.
   *
   * @param name {@code out_proj.<width>} for the shared one, else the module path of the layer
   * @param layers module paths of the layers that it serves
   * @param form how
   */
  public record Generator(String name, List<String> layers, Form form) {
    /** Refuses generators that serve nothing. */
    public Generator {
      layers = List.copyOf(layers);
      if (layers.isEmpty()) {
        throw new IllegalArgumentException("generator " + name + " serves no layer");
      }
    }
  }

  /** Refuses two generators for one layer or of one name, and forms that are not the method's. */
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
      boolean selects = generator.form() instanceof Select;
      if (method == CanMethod.STATIC || selects != (method == CanMethod.SELECT)) {
        throw new IllegalArgumentException(
            "generator " + generator.name() + " is not of the method '" + method.label() + "'");
      }
      for (String layer : generator.layers()) {
        if (!layers.add(layer)) {
          throw new IllegalArgumentException("two generators serve " + layer);
        }
      }
    }
  }

  /** The same network with one weight for all samples: what a frozen one runs as. */
  public CanSpec withoutGenerators() {
    return new CanSpec(
        condition, control, CanMethod.STATIC, targets, Optional.empty(), inserted, List.of());
  }

  private static void positive(int value, String what) {
    if (value < 1) {
      throw new IllegalArgumentException("the " + what + " must be positive, not " + value);
    }
  }
}
