package org.canbridge.runtime.engine.torchscript;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.canbridge.runtime.engine.torchscript.ScriptTensor.Use;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;
import org.canbridge.runtime.graph.ReductionOp;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.torch.ZipWriter;

/**
 * A network with its weights as {@code torch.jit.load} reads it: a module with the tensors as
 * parameters and buffers under their own names and one method {@code forward(<inputs in the graph's
 * order>)}, which gives the output, or a tuple of them in the graph's order.
 *
 * <p>It computes in the type of the image that it is given (of its first weight, float32 at least,
 * if it takes none); weights of another type are brought to it. The timestep's sinusoid and linear
 * attention are float32 at least. Nothing in it depends on {@code training}.
 *
 * <p>The archive: {@code network/data.pkl} ({@link ModulePickle}), {@code network/data/N}, {@code
 * network/code/__torch__.py}, {@code network/constants.pkl}, {@code network/version}: 10, since a
 * smaller number refuses gelu's {@code approximate}; PyTorch 1.12 and later read 10, 2.0 and later
 * have attention as an operator.
 */
public final class ScriptFile {
  private static final String ROOT = "network/";
  private static final String CLASS = "Network";
  private static final String TYPE = "dtype";

  private final String source;
  private final ModulePickle pickle;

  private ScriptFile(String source, ModulePickle pickle) {
    this.source = source;
    this.pickle = pickle;
  }

  /**
   * The file of a network. Integers, and mean and variance of batch norms, are buffers; all other
   * tensors are parameters.
   *
   * @param tensors with all parameters of the graph; others are in the file and unused
   * @param fixed parameters that require no gradients
   * @throws IllegalArgumentException if TorchScript has no storage of a tensor's element type
   */
  public static ScriptFile of(Graph graph, Map<String, TensorData> tensors, Set<String> fixed) {
    Set<String> statistics = statistics(graph);
    List<ScriptTensor> all = new ArrayList<>();
    tensors.forEach(
        (name, data) -> {
          boolean buffer = statistics.contains(name) || !data.type().dtype().isFloating();
          Use use = buffer ? Use.BUFFER : fixed.contains(name) ? Use.FIXED : Use.TRAINED;
          all.add(new ScriptTensor(name, data, use));
        });
    ModuleTree tree = ModuleTree.of(CLASS, all);
    return new ScriptFile(tree.source(forward(graph)), ModulePickle.of(tree));
  }

  private static Set<String> statistics(Graph graph) {
    Set<String> names = new HashSet<>();
    for (Node node : graph.nodes()) {
      if (node.op() instanceof ReductionOp.BatchNorm) {
        for (Node statistic : node.inputs().subList(3, 5)) {
          names.add(((Op.Parameter) statistic.op()).name());
        }
      }
    }
    return names;
  }

  /** How many of its tensors are parameters. */
  public int parameters() {
    return pickle.storages().size() - buffers();
  }

  /** How many are buffers. */
  public int buffers() {
    return (int) pickle.storages().stream().filter(each -> each.use() == Use.BUFFER).count();
  }

  private static String forward(Graph graph) {
    ScriptBody body = new ScriptBody("");
    body.assign(TYPE, type(graph));
    graph
        .inputs()
        .forEach(input -> body.assign(TorchScriptLowering.argument(input.name()), input.name()));
    Map<String, String> weights = new HashMap<>();
    for (Op.Parameter parameter : graph.parameters()) {
      String own = Torch.to(ModuleTree.attribute(parameter.name()), TYPE);
      weights.put(parameter.name(), body.assign("p" + weights.size(), own));
    }
    TorchScriptLowering.Statements statements =
        TorchScriptLowering.portable(
            graph,
            List.copyOf(graph.outputs().values()),
            Numbers.variable(TYPE, atLeastSingle(TYPE)),
            weights);
    body.lines(statements.body());
    List<String> results = statements.results();
    boolean one = results.size() == 1;
    body.line("return " + (one ? results.get(0) : "(" + String.join(", ", results) + ")"));
    List<String> arguments = new ArrayList<>();
    arguments.add("self: __torch__." + CLASS);
    graph.inputs().forEach(input -> arguments.add(ScriptModule.tensor(input.name())));
    return ScriptModule.method(
        "forward", arguments, one ? "Tensor" : Torch.tupleOfTensors(results.size()), body);
  }

  private static String type(Graph graph) {
    for (Node node : graph.nodes()) {
      if (node.op() instanceof Op.Input input
          && input.kind() == Kind.FLOAT
          && input.shape().rank() > 1) {
        return Torch.type(input.name());
      }
    }
    String first = ModuleTree.attribute(graph.parameters().get(0).name());
    return atLeastSingle(Torch.type(first));
  }

  private static String atLeastSingle(String type) {
    return Torch.call("promote_types", type, ScalarType.FLOAT32);
  }

  /**
   * Writes the entries of the archive; the tensors' elements are streamed.
   *
   * @param extra texts by name, which {@code torch.jit.load} hands out on demand
   * @throws IOException if they cannot be written
   */
  public void writeTo(ZipWriter zip, Map<String, String> extra) throws IOException {
    zip.add(ROOT + "data.pkl", pickle.bytes());
    zip.add(ROOT + "code/__torch__.py", utf8(source));
    for (int i = 0; i < pickle.storages().size(); i++) {
      zip.add(ROOT + "data/" + i, pickle.storages().get(i).data());
    }
    for (Map.Entry<String, String> each : extra.entrySet()) {
      zip.add(ROOT + "extra/" + each.getKey(), utf8(each.getValue()));
    }
    zip.add(ROOT + "constants.pkl", ModulePickle.nothing());
    zip.add(ROOT + "version", utf8("10\n"));
    zip.finish();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
