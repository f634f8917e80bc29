package org.canbridge.tensors.onnx;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TransposedMatrix;
import org.canbridge.tensors.files.InputFileException;

/**
 * Gives initializers back the names that they had in the state dict. PyTorch's exporters fold the
 * transposition of a linear layer's weight into the weight and then call it {@code
 * onnx::MatMul_255} or {@code val_29}.
 *
 * <p>Which names an exporter made is known, not guessed: the exporter based on {@code torch.export}
 * marks every value that kept its name as a parameter or buffer; the TorchScript-based one puts
 * {@code onnx::} or a slash in front of names of its own. In files of anyone else all names count
 * as kept.
 *
 * <p>A renamed tensor that is the second operand of a {@code MatMul} or {@code Gemm} is the weight
 * of a linear layer, transposed unless {@code Gemm} transposes it. The layer's module path is
 *
 * <ol>
 *   <li>the innermost scope in the node's metadata;
 *   <li>what stands before {@code .bias} in the name of the vector that an {@code Add} behind the
 *       {@code MatMul} adds;
 *   <li>only where neither is there, the path in the node's own name, {@code /blocks.0/attn/qkv/..}
 * </ol>
 *
 * <p>If the first two disagree, if nothing tells, or if the name is taken, the file is refused; so
 * it is if a renamed tensor is the weight of a convolution, since then a batch norm was folded into
 * it and its values are others. Renamed tensors in any other place are constants of the graph.
 */
final class OnnxNames {
  private static final Pattern MADE = Pattern.compile("onnx::.*|/.*");
  private static final Set<String> LINEAR = Set.of("MatMul", "Gemm");
  private static final Set<String> CONVOLUTION = Set.of("Conv", "ConvTranspose");

  /**
   * The tensors under their names.
   *
   * @param tensors weights first, then constants, each in the file's order
   * @param constants the names of the constants
   * @param renamed the file's name by the name here, for those that differ
   */
  record Named(
      Map<String, TensorData> tensors, Set<String> constants, Map<String, String> renamed) {}

  private final Path path;
  private final OnnxGraph graph;
  private final Map<String, List<OnnxNode>> users = new HashMap<>();

  private OnnxNames(Path path, OnnxGraph graph) {
    this.path = path;
    this.graph = graph;
    for (OnnxNode node : graph.nodes()) {
      for (String input : new LinkedHashSet<>(node.inputs())) {
        users.computeIfAbsent(input, name -> new ArrayList<>()).add(node);
      }
    }
  }

  /**
   * Names the initializers of a graph.
   *
   * @throws InputFileException if a weight was renamed and its name cannot be recovered
   */
  static Named of(Path path, OnnxGraph graph) {
    return new OnnxNames(path, graph).name();
  }

  private Named name() {
    Map<String, TensorData> weights = new LinkedHashMap<>();
    Map<String, TensorData> constants = new LinkedHashMap<>();
    Map<String, String> renamed = new LinkedHashMap<>();
    graph
        .initializers()
        .forEach(
            (name, tensor) -> {
              if (isKept(name)) {
                weights.put(name, tensor);
              } else if (isWeight(name, tensor)) {
                String module = module(name, tensor);
                String own = module + ".weight";
                if (graph.initializers().containsKey(own) || renamed.containsKey(own)) {
                  throw lost(name, "a second weight of " + module);
                }
                renamed.put(own, name);
                weights.put(own, isTransposed(name) ? new TransposedMatrix(tensor) : tensor);
              } else {
                constants.put(name, tensor);
              }
            });
    Map<String, TensorData> all = new LinkedHashMap<>(weights);
    all.putAll(constants);
    return new Named(all, constants.keySet(), renamed);
  }

  private boolean isKept(String name) {
    return isKept(name, graph);
  }

  /** Whether an initializer bears the name that it had in the state dict. */
  static boolean isKept(String name, OnnxGraph graph) {
    return graph.kinds().isEmpty()
        ? !MADE.matcher(name).matches()
        : graph.kinds().containsKey(name);
  }

  private boolean isWeight(String name, TensorData tensor) {
    for (OnnxNode node : users.getOrDefault(name, List.of())) {
      int at = node.inputs().indexOf(name);
      if (CONVOLUTION.contains(node.operator()) && at > 0) {
        throw lost(name, "a tensor of a convolution, into which a batch norm was folded");
      }
      if (LINEAR.contains(node.operator()) && at == 1) {
        if (tensor.type().shape().size() != 2) {
          throw lost(name, "an operand of " + node.operator() + " of shape " + tensor.type());
        }
        return true;
      }
    }
    return false;
  }

  /** Whether the layers that use the weight take it as {@code (in, out)}. */
  private boolean isTransposed(String name) {
    Set<Boolean> ways =
        users.get(name).stream().map(node -> !node.transposesB()).collect(Collectors.toSet());
    if (ways.size() != 1) {
      throw lost(name, "used as it is and transposed");
    }
    return ways.iterator().next();
  }

  private String module(String name, TensorData tensor) {
    Set<String> modules = new LinkedHashSet<>();
    for (OnnxNode node : users.get(name)) {
      if (!LINEAR.contains(node.operator())) {
        throw lost(name, "used by " + node.operator() + " too");
      }
      Optional<String> scope = node.innermostScope();
      Optional<String> bias = biasOwner(node, tensor);
      scope.ifPresent(modules::add);
      bias.ifPresent(modules::add);
      if (scope.isEmpty() && bias.isEmpty()) {
        node.pathInName().ifPresent(modules::add);
      }
    }
    if (modules.size() != 1) {
      throw lost(
          name,
          modules.isEmpty()
              ? "nothing that tells its layer"
              : "signs of several layers: " + String.join(", ", modules));
    }
    return modules.iterator().next();
  }

  /** The module whose bias is added to the product, or is the third operand of the node itself. */
  private Optional<String> biasOwner(OnnxNode node, TensorData tensor) {
    List<String> candidates = new ArrayList<>();
    if (node.inputs().size() > 2) {
      candidates.add(node.inputs().get(2));
    } else if (node.outputs().size() == 1) {
      List<OnnxNode> next = users.getOrDefault(node.outputs().get(0), List.of());
      if (next.size() == 1 && next.get(0).operator().equals("Add")) {
        candidates.addAll(next.get(0).inputs());
      }
    }
    long outputs = tensor.type().shape().get(node.transposesB() ? 0 : 1);
    return candidates.stream()
        .filter(name -> name.endsWith(".bias") && isKept(name))
        .filter(
            name ->
                graph.initializers().containsKey(name)
                    && graph.initializers().get(name).type().shape().equals(List.of(outputs)))
        .map(name -> name.substring(0, name.length() - ".bias".length()))
        .findFirst();
  }

  private InputFileException lost(String name, String actual) {
    return InputFileException.of(OnnxProblem.RENAMED, path)
        .key(name)
        .what("the exporter renamed a weight, and its name cannot be recovered")
        .expected("a weight whose layer the graph names once")
        .actual(actual)
        .next(
            "export again with torch.onnx.export(..., dynamo=False, do_constant_folding=False),"
                + " which keeps the names, or import the PyTorch checkpoint itself")
        .build();
  }
}
