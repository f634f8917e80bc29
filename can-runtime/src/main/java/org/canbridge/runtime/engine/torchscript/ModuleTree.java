package org.canbridge.runtime.engine.torchscript;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The modules that own a network's tensors, as the dotted names say: {@code
 * blocks.0.attn.qkv.weight} is the attribute {@code weight} of the module {@code qkv} of the module
 * {@code attn} ... of the network. Each is a class of its own, all in {@code __torch__}.
 */
final class ModuleTree {
  private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  private final String type;
  private final Map<String, ScriptTensor> tensors = new LinkedHashMap<>();
  private final Map<String, ModuleTree> modules = new LinkedHashMap<>();

  private ModuleTree(String type) {
    this.type = type;
  }

  /**
   * The modules of some tensors.
   *
   * @param root the class of the network itself
   */
  static ModuleTree of(String root, List<ScriptTensor> tensors) {
    ModuleTree tree = new ModuleTree(root);
    int classes = 0;
    for (ScriptTensor tensor : tensors) {
      String[] parts = tensor.name().split("\\.", -1);
      ModuleTree owner = tree;
      for (int i = 0; i < parts.length - 1; i++) {
        ModuleTree next = owner.modules.get(parts[i]);
        if (next == null) {
          // Names alone would clash: a.b_c and a_b.c.
          next = new ModuleTree(root + classes++);
          owner.modules.put(parts[i], next);
        }
        owner = next;
      }
      owner.tensors.put(parts[parts.length - 1], tensor);
    }
    return tree;
  }

  /** The class. */
  String type() {
    return type;
  }

  /** The tensors that it owns itself, by attribute. */
  Map<String, ScriptTensor> tensors() {
    return tensors;
  }

  /** The modules that it owns, by attribute. */
  Map<String, ModuleTree> modules() {
    return modules;
  }

  /** The expression of a tensor in a method of the network. */
  static String attribute(String name) {
    String value = "self";
    for (String part : name.split("\\.", -1)) {
      value =
          IDENTIFIER.matcher(part).matches()
              ? value + "." + part
              : "getattr(" + value + ", " + Torch.quoted(part) + ")";
    }
    return value;
  }

  /**
   * The source of all classes.
   *
   * @param methods of the network
   */
  String source(String methods) {
    StringBuilder text = new StringBuilder();
    modules.values().forEach(module -> text.append(module.source("")));
    text.append("class ").append(type).append("(Module):\n");
    text.append("  __parameters__ = ").append(names(t -> t.use() != ScriptTensor.Use.BUFFER));
    text.append("  __buffers__ = ").append(names(t -> t.use() == ScriptTensor.Use.BUFFER));
    if (!isPlain(tensors.keySet()) || !isPlain(modules.keySet())) {
      text.append("  __annotations__ = []\n");
    }
    tensors.keySet().forEach(name -> text.append(declared(name, "Tensor")));
    modules.forEach((name, module) -> text.append(declared(name, "__torch__." + module.type)));
    text.append("  training : bool\n");
    return text.append(methods).toString();
  }

  private static boolean isPlain(Set<String> names) {
    return names.stream().allMatch(name -> IDENTIFIER.matcher(name).matches());
  }

  private static String declared(String name, String type) {
    return IDENTIFIER.matcher(name).matches()
        ? "  " + name + " : " + type + "\n"
        : "  __annotations__[" + Torch.quoted(name) + "] = " + type + "\n";
  }

  private String names(Predicate<ScriptTensor> chosen) {
    return tensors.entrySet().stream()
        .filter(entry -> chosen.test(entry.getValue()))
        .map(entry -> Torch.quoted(entry.getKey()) + ", ")
        .collect(Collectors.joining("", "[", "]\n"));
  }
}
