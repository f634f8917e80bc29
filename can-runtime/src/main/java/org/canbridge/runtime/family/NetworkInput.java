package org.canbridge.runtime.family;

import org.canbridge.runtime.graph.GraphBuilder;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.Shape;

/** What diffusion networks take, by the names that every family gives its inputs. */
public enum NetworkInput {
  /** The noisy image or latent, {@code (B, C, H, W)}. */
  IMAGE("x", Kind.FLOAT),
  /** The timestep of each image, {@code (B)}, in the objective's scale. */
  TIMESTEP("t", Kind.FLOAT),
  /** The class of each image, {@code (B)}, an integer. */
  LABEL("y", Kind.INT),
  /** The features of a text for each image, {@code (B, N, D)}. */
  TEXT("context", Kind.FLOAT);

  private final String label;
  private final Kind kind;

  NetworkInput(String label, Kind kind) {
    this.label = label;
    this.kind = kind;
  }

  /** Adds it to a network, {@code (B, sizes...)}. */
  public Node add(GraphBuilder g, long... sizes) {
    return g.input(label, kind, Shape.batched(sizes));
  }

  /** The name in graphs and reference bundles. */
  public String label() {
    return label;
  }

  /** Whether an input is this one. */
  public boolean is(Op.Input input) {
    return input.name().equals(label);
  }
}
