package org.canbridge.runtime.engine.torchscript;

import static org.canbridge.runtime.engine.torchscript.Torch.call;
import static org.canbridge.runtime.engine.torchscript.Torch.named;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.canbridge.runtime.engine.kernels.Kernels;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Loss;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;

/**
 * Writes the training of a network as TorchScript source: loss and gradients, and the update of all
 * weights. The class {@code __torch__.K} has the methods
 *
 * <ul>
 *   <li>{@code gradients(<inputs but x>, <inputs of the loss>, scale, m) -> [terms, gradients...]};
 *   <li>{@code losses(<inputs but x>, <inputs of the loss>, m) -> [terms]}: the forward pass alone;
 *   <li>{@code accumulate(a, b)}: adds b to a, in place;
 *   <li>{@code norm(g)}: the Euclidean norm of all together;
 *   <li>{@code update(numbers, p, g, m, v, s, e)}: AdamW and the moving average, in place.
 * </ul>
 */
public final class TrainingLowering {
  /** What the names of the graph in front of the network begin with. */
  private static final String BEFORE = "before_";

  /** The same of the graph behind it. */
  private static final String AFTER = "after_";

  /** The numbers of an update, in the order in which they are passed. */
  private static final List<String> NUMBERS =
      List.of("lr", "beta1", "beta2", "eps", "decay", "divisor", "share");

  /**
   * Neighbours in the update's lists that move alike.
   *
   * @param from the first
   * @param to behind the last
   * @param rate factor of the learning rate
   * @param decay factor of the weight decay
   */
  public record Run(int from, int to, double rate, double decay) {}

  private TrainingLowering() {}

  /**
   * The program.
   *
   * @param trained for each of the graph's parameters, in order, whether it gets a gradient
   * @param runs of the trained ones, in the order that {@code update} gets, that move alike
   * @param type of the network's numbers; weights and loss are float32 at least
   * @param kernels that the network may ask for
   */
  public static String program(
      Graph graph,
      List<Boolean> trained,
      List<Run> runs,
      Loss loss,
      ScalarType type,
      Kernels kernels) {
    ScriptModule module = new ScriptModule();
    gradients(module, graph, trained, loss, type, kernels);
    losses(module, graph, loss, type, kernels);
    ScriptBody accumulate = new ScriptBody("");
    accumulate.line(call("_foreach_add_", "a", "b"));
    accumulate.line("return " + Torch.NO_TENSORS);
    module.method(
        "accumulate", List.of(ScriptModule.tensors("a"), ScriptModule.tensors("b")), accumulate);
    ScriptBody norm = new ScriptBody("");
    norm.assign("norms", call("stack", call("_foreach_norm", "g", 2)));
    norm.returns(List.of(Torch.to(call("norm", "norms", 2), ScalarType.FLOAT64)));
    module.method("norm", List.of(ScriptModule.tensors("g")), norm);
    update(module, runs);
    return module.toString();
  }

  private static void gradients(
      ScriptModule module,
      Graph graph,
      List<Boolean> trained,
      Loss loss,
      ScalarType type,
      Kernels kernels) {
    ScriptBody body = new ScriptBody("");
    body.beginsGradients();
    List<String> leaves = weights(body, trained, type);

    parts(body, graph, loss, type, kernels);
    String mean = call("mean", call("sum", "parts", List.of(0)));
    body.assign("loss", call("mul", mean, call("item", "scale")));
    body.endsGradients("loss", leaves, true);
    String terms = Torch.to(call("detach", "parts"), ScalarType.FLOAT64);
    body.assign("results", "annotate(List[Tensor], [" + terms + "])");
    for (int i = 0; i < leaves.size(); i++) {
      // A parameter that the loss does not depend on has no gradient: it gets zeros.
      body.assign("g" + i, "found[" + i + "]");
      body.line("if " + call("__is__", "g" + i, Torch.NONE) + ":");
      body.assign("  h" + i, call("zeros_like", leaves.get(i)));
      body.line("else:");
      body.assign("  h" + i, "unchecked_cast(Tensor, g" + i + ")");
      body.assign("_" + i, call("append", "results", "h" + i));
    }
    body.line("return results");

    List<String> arguments = arguments(graph, loss);
    arguments.add(ScriptModule.tensor("scale"));
    arguments.add(ScriptModule.tensors("m"));
    module.method("gradients", arguments, body);
  }

  private static void losses(
      ScriptModule module, Graph graph, Loss loss, ScalarType type, Kernels kernels) {
    ScriptBody body = new ScriptBody("");
    weights(body, Collections.nCopies(graph.parameters().size(), false), type);
    parts(body, graph, loss, type, kernels);
    body.returns(List.of(Torch.to("parts", ScalarType.FLOAT64)));
    List<String> arguments = arguments(graph, loss);
    arguments.add(ScriptModule.tensors("m"));
    module.method("losses", arguments, body);
  }

  /** Assigns the terms of the loss {@code (terms, B)} to {@code parts}. */
  private static void parts(
      ScriptBody body, Graph graph, Loss loss, ScalarType type, Kernels kernels) {
    Graph before = loss.before(graph);
    Graph after = loss.after(graph);
    ScalarType wide = type.atLeastFloat32();
    // The loss is not part of the network: the kernels chosen for that say nothing of its type.
    Kernels own = type == wide ? kernels : Kernels.PLAIN;
    String made = TorchScriptLowering.argument(Loss.MADE);
    body.assign(made, results(body, before, wide, own, BEFORE).get(0));
    String output = results(body, graph, List.of(graph.value("output")), type, kernels, "").get(0);
    for (Op.Input input : after.inputs()) {
      String name = TorchScriptLowering.argument(input.name());
      body.assign(
          AFTER + name,
          switch (input.name()) {
            case Loss.MADE -> made;
            case Loss.OUTPUT -> output;
            default -> BEFORE + name;
          });
    }
    body.assign("parts", call("stack", results(body, after, wide, own, AFTER)));
  }

  private static List<String> arguments(Graph graph, Loss loss) {
    List<String> arguments = new ArrayList<>();
    for (Op.Input input : graph.inputs()) {
      if (!input.name().equals(Loss.MADE)) {
        arguments.add(ScriptModule.tensor(TorchScriptLowering.argument(input.name())));
      }
    }
    for (Op.Input input : loss.before(graph).inputs()) {
      arguments.add(ScriptModule.tensor(BEFORE + TorchScriptLowering.argument(input.name())));
    }
    return arguments;
  }

  /** Lists the network's weights as {@code w}; gives those that are differentiated by. */
  private static List<String> weights(ScriptBody body, List<Boolean> trained, ScalarType type) {
    List<String> leaves = new ArrayList<>();
    List<String> weights = new ArrayList<>();
    for (int i = 0; i < trained.size(); i++) {
      String weight = "m[" + i + "]";
      if (trained.get(i)) {
        // An alias, so that the array outside stays a plain one.
        weight = body.leaf("p" + i, weight);
        leaves.add(weight);
      }
      weights.add(TorchScriptLowering.weight(weight, type));
    }
    TorchScriptLowering.weights(body, weights);
    return leaves;
  }

  private static List<String> results(
      ScriptBody body, Graph graph, ScalarType type, Kernels kernels, String prefix) {
    return results(body, graph, List.copyOf(graph.outputs().values()), type, kernels, prefix);
  }

  private static List<String> results(
      ScriptBody body,
      Graph graph,
      List<Node> values,
      ScalarType type,
      Kernels kernels,
      String prefix) {
    TorchScriptLowering.Statements statements =
        TorchScriptLowering.differentiable(graph, values, type, kernels, prefix);
    body.lines(statements.body());
    return statements.results();
  }

  /** One fused call for each run. */
  static void update(ScriptModule module, List<Run> runs) {
    ScriptBody body = new ScriptBody("");
    body.line(call("_foreach_add_", "s", 1));
    for (int i = 0; i < NUMBERS.size(); i++) {
      body.assign(NUMBERS.get(i), "float(" + call("item", call("select", "numbers", 0, i)) + ")");
    }
    body.assign("none", Torch.NO_TENSORS);
    // The fused kernel divides gradients by a float32 scalar.
    String divisor = call("select", "numbers", 0, NUMBERS.indexOf("divisor"));
    body.assign("divide", Torch.to(divisor, ScalarType.FLOAT32));
    runs.forEach(run -> body.line(adamw(run)));
    body.line(call("_foreach_lerp_", "e", "p", "share"));
    body.line("return none");
    List<String> arguments = new ArrayList<>();
    arguments.add(ScriptModule.tensor("numbers"));
    List.of("p", "g", "m", "v", "s", "e").forEach(n -> arguments.add(ScriptModule.tensors(n)));
    module.method("update", arguments, body);
  }

  private static String adamw(Run run) {
    return call(
        "_fused_adamw_",
        part("p", run),
        part("g", run),
        part("m", run),
        part("v", run),
        "none",
        part("s", run),
        named("lr", call("mul", "lr", run.rate())),
        named("beta1", "beta1"),
        named("beta2", "beta2"),
        named("weight_decay", call("mul", "decay", run.decay())),
        named("eps", "eps"),
        named("amsgrad", false),
        named("maximize", false),
        named("grad_scale", "divide"));
  }

  private static String part(String list, Run run) {
    return call("slice", list, run.from(), run.to(), 1);
  }
}
