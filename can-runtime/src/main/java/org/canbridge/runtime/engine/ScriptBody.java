package org.canbridge.runtime.engine;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
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
    return i < in.size() ? names.get(in.get(i)) : "None";
  }

  /** A name that nothing has. */
  String fresh(String kind) {
    return prefix + kind + count++;
  }

  /** Adds a line at the method's indentation. */
  void line(String line) {
    text.append("    ").append(line).append('\n');
  }

  /** Assigns the value of {@code node}; gives its name. */
  String statement(Node node, String value) {
    String name = prefix + "v" + node.id();
    line(name + " = " + value);
    return name;
  }

  /** Assigns a value that is no node's; gives its name. */
  String temporary(String value) {
    String name = fresh("u");
    line(name + " = " + value);
    return name;
  }

  /** Numbers as a TorchScript list. */
  static String list(long... sizes) {
    return LongStream.of(sizes)
        .mapToObj(Long::toString)
        .collect(Collectors.joining(", ", "[", "]"));
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
