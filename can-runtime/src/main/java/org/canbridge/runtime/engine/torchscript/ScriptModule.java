package org.canbridge.runtime.engine.torchscript;

import java.util.ArrayList;
import java.util.List;

/** The source of a module without tensors of its own, method by method: the class {@code K}. */
final class ScriptModule {
  private final StringBuilder text =
      new StringBuilder(
          "class K(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n");

  /** What a tensor argument is declared as. */
  static String tensor(String name) {
    return name + ": Tensor";
  }

  /** What a list of tensors is declared as; DJL passes no empty ones. */
  static String tensors(String name) {
    return name + ": List[Tensor]";
  }

  /** Adds a method that returns a list of tensors. */
  ScriptModule method(String name, List<String> arguments, ScriptBody body) {
    List<String> all = new ArrayList<>();
    all.add("self: __torch__.K");
    all.addAll(arguments);
    text.append(method(name, all, "List[Tensor]", body));
    return this;
  }

  /**
   * The source of a method.
   *
   * @param arguments declared, {@code self} too
   * @param result the type that it returns
   */
  static String method(String name, List<String> arguments, String result, ScriptBody body) {
    String declared = String.join(",\n    ", arguments);
    return "  def " + name + "(" + declared + ") -> " + result + ":\n" + body;
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
