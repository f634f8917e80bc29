package org.canbridge.runtime.engine.torchscript;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.graph.Node;

/** The statements of a TorchScript method so far, and the names under which values are found. */
final class ScriptBody {
  private final String prefix;
  private final StringBuilder text = new StringBuilder();
  private final Map<Node, String> names = new HashMap<>();
  private int count;

  /**
   * An empty body.
   *
   * @param prefix of all names, so that several stand in one method
   */
  ScriptBody(String prefix) {
    this.prefix = prefix;
  }

  /** Says under which name the value of {@code node} is found. */
  void name(Node node, String name) {
    names.put(node, name);
  }

  /** The name of a value. */
  String name(Node node) {
    return names.get(node);
  }

  /** The name of input {@code i}, or {@code None} if it was left out. */
  String name(List<Node> in, int i) {
    return i < in.size() ? names.get(in.get(i)) : Torch.NONE;
  }

  /** A name that nothing has. */
  String fresh(String kind) {
    return prefix + kind + count++;
  }

  /** Adds a line at the method's indentation. */
  void line(String line) {
    text.append("    ").append(line).append('\n');
  }

  /** Adds the lines of another body. */
  void lines(ScriptBody other) {
    text.append(other.text);
  }

  /** Assigns a value to a name; gives the name. */
  String assign(String name, String value) {
    line(name + " = " + value);
    return name;
  }

  /** Assigns the value of {@code node}; gives its name. */
  String statement(Node node, String value) {
    return assign(prefix + "v" + node.id(), value);
  }

  /** Assigns a value that is no node's; gives its name. */
  String temporary(String value) {
    return assign(fresh("u"), value);
  }

  /** From here on operators keep what gradients need, although the caller asked for none. */
  void beginsGradients() {
    assign("enabled", Torch.call("is_grad_enabled"));
    line(Torch.call("set_grad_enabled", true));
  }

  /** A value by which is differentiated: an alias, so that what is outside stays a plain one. */
  String leaf(String name, String value) {
    return assign(name, Torch.call("requires_grad_", Torch.call("detach", value), true));
  }

  /**
   * Assigns the gradients of {@code loss} by each leaf to the list {@code found}.
   *
   * @param partial whether the loss may not depend on some, which then have none
   */
  void endsGradients(String loss, List<String> leaves, boolean partial) {
    List<String> losses = List.of(loss);
    assign("found", Torch.call("grad", losses, leaves, Torch.NONE, Torch.NONE, false, partial));
    line(Torch.call("set_grad_enabled", "enabled"));
  }

  /** Ends the method. */
  void returns(List<String> values) {
    line("return [" + String.join(", ", values) + "]");
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
