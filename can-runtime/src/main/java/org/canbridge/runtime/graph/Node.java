package org.canbridge.runtime.graph;

import java.util.List;
import java.util.Optional;

/** One step of a graph and the value that it gives. Nodes are compared by identity. */
public final class Node {
  private final int id;
  private final Op op;
  private final List<Node> inputs;
  private final Shape shape;
  private final Kind kind;
  private final String path;
  private final Role role;

  Node(int id, Op op, List<Node> inputs, Shape shape, Kind kind, String path, Role role) {
    this.id = id;
    this.op = op;
    this.inputs = List.copyOf(inputs);
    this.shape = shape;
    this.kind = kind;
    this.path = path;
    this.role = role;
  }

  /** Grows in the graph's execution order. */
  public int id() {
    return id;
  }

  /** The operation. */
  public Op op() {
    return op;
  }

  /** The values it takes, in the order that the operation documents. */
  public List<Node> inputs() {
    return inputs;
  }

  /** Shape of the value. */
  public Shape shape() {
    return shape;
  }

  /** Element kind of the value. */
  public Kind kind() {
    return kind;
  }

  /**
   * Path of the module that it belongs to, as in the published state dict; empty for the network
   * itself.
   */
  public String path() {
    return path;
  }

  /** Its part in the network, where it plays one. */
  public Optional<Role> role() {
    return Optional.ofNullable(role);
  }

  @Override
  public String toString() {
    return "%" + id + " " + op + " " + shape + (path.isEmpty() ? "" : " @ " + path);
  }
}
