package org.canbridge.runtime.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;

/** Writes the module of {@link TrainingProgram}. */
final class TrainingScript {
  private static final int FLOAT32 = 6;
  private static final int FLOAT64 = 7;
  private static final int BFLOAT16 = 15;

  /** The network's input that the objective makes. */
  private static final String NOISY = "x";

  /**
   * Neighbours in the update's lists that move alike.
   *
   * @param from the first
   * @param to behind the last
   * @param rate factor of the learning rate
   * @param decay factor of the weight decay
   */
  record Run(int from, int to, double rate, double decay) {}

  private TrainingScript() {}

  static String emit(
      Graph graph, List<Boolean> trained, List<Run> runs, LossScript loss, Arithmetic arithmetic) {
    return "class K(Module):\n"
        + "  __parameters__ = []\n"
        + "  __buffers__ = []\n"
        + "  training : bool\n"
        + gradients(graph, trained, loss, arithmetic)
        + method("accumulate", "a: List[Tensor]", "b: List[Tensor]")
        + lines("torch._foreach_add_(a, b)", "return annotate(List[Tensor], [])")
        + method("norm", "g: List[Tensor]")
        + lines(
            "norms = torch.stack(torch._foreach_norm(g, 2))",
            "return [torch.to(torch.norm(norms, 2), " + FLOAT64 + ")]")
        + update(runs);
  }

  private static String gradients(
      Graph graph, List<Boolean> trained, LossScript loss, Arithmetic arithmetic) {
    List<String> arguments = new ArrayList<>();
    for (Op.Input input : graph.inputs()) {
      if (!input.name().equals(NOISY)) {
        arguments.add(TorchScriptEmitter.argument(input) + ": Tensor");
      }
    }
    loss.inputs().forEach(name -> arguments.add("loss_" + name + ": Tensor"));
    arguments.add("scale: Tensor");
    arguments.add("m: List[Tensor]");
    List<String> body = new ArrayList<>();
    body.add("before = torch.is_grad_enabled()");
    body.add("torch.set_grad_enabled(True)");
    List<String> leaves = new ArrayList<>();
    List<String> weights = new ArrayList<>();
    for (int i = 0; i < trained.size(); i++) {
      String weight = "m[" + i + "]";
      if (trained.get(i)) {
        // An alias, so that the array outside stays a plain one.
        body.add("p" + i + " = torch.requires_grad_(torch.detach(" + weight + "), True)");
        weight = "p" + i;
        leaves.add(weight);
      }
      weights.add(
          arithmetic.precision() == Precision.BF16
              ? "torch.to(" + weight + ", " + BFLOAT16 + ")"
              : weight);
    }
    body.add("w = [" + String.join(", ", weights) + "]");
    body.addAll(loss.before());
    Node output = graph.value("output");
    TorchScriptEmitter.Statements network =
        TorchScriptEmitter.forTraining(graph, List.of(output), arithmetic);
    List<String> after = new ArrayList<>(loss.after(network.results().get(0)));
    after.add("parts = torch.stack(terms)");
    after.add("loss = torch.mul(torch.mean(torch.sum(parts, [0])), torch.item(scale))");
    after.add(
        "found = torch.grad([loss], [" + String.join(", ", leaves) + "], None, None, False, True)");
    after.add("torch.set_grad_enabled(before)");
    after.add("results = annotate(List[Tensor], [torch.to(torch.detach(parts), " + FLOAT64 + ")])");
    int at = 0;
    for (String leaf : leaves) {
      // A parameter that the loss does not depend on has no gradient: it gets zeros.
      after.add("g" + at + " = found[" + at + "]");
      after.add("if torch.__is__(g" + at + ", None):");
      after.add("  h" + at + " = torch.zeros_like(" + leaf + ")");
      after.add("else:");
      after.add("  h" + at + " = unchecked_cast(Tensor, g" + at + ")");
      after.add("_" + at + " = torch.append(results, h" + at + ")");
      at++;
    }
    after.add("return results");
    return method("gradients", arguments.toArray(String[]::new))
        + lines(body.toArray(String[]::new))
        + network.text()
        + lines(after.toArray(String[]::new));
  }

  /** One fused call for each run. */
  private static String update(List<Run> runs) {
    List<String> body = new ArrayList<>();
    body.add("torch._foreach_add_(s, 1)");
    String[] names = {"lr", "beta1", "beta2", "eps", "decay", "divisor", "share"};
    for (int i = 0; i < names.length; i++) {
      body.add(names[i] + " = float(torch.item(torch.select(numbers, 0, " + i + ")))");
    }
    body.add("none = annotate(List[Tensor], [])");
    // The fused kernel divides gradients by a float32 scalar.
    body.add("divide = torch.to(torch.select(numbers, 0, 5), " + FLOAT32 + ")");
    runs.forEach(run -> body.add(adamw(run)));
    body.add("torch._foreach_lerp_(e, p, share)");
    body.add("return none");
    return method(
            "update",
            "numbers: Tensor",
            "p: List[Tensor]",
            "g: List[Tensor]",
            "m: List[Tensor]",
            "v: List[Tensor]",
            "s: List[Tensor]",
            "e: List[Tensor]")
        + lines(body.toArray(String[]::new));
  }

  private static String adamw(Run run) {
    String range = ", " + run.from() + ", " + run.to() + ", 1)";
    String lists =
        Stream.of("p", "g", "m", "v")
            .map(name -> "torch.slice(" + name + range)
            .collect(Collectors.joining(", "));
    return "torch._fused_adamw_("
        + lists
        + ", none, torch.slice(s"
        + range
        + ", lr=torch.mul(lr, "
        + run.rate()
        + "), beta1=beta1, beta2=beta2, weight_decay=torch.mul(decay, "
        + run.decay()
        + "), eps=eps, amsgrad=False, maximize=False, grad_scale=divide)";
  }

  private static String method(String name, String... arguments) {
    return "  def "
        + name
        + "(self: __torch__.K,\n    "
        + String.join(",\n    ", arguments)
        + ") -> List[Tensor]:\n";
  }

  private static String lines(String... lines) {
    StringBuilder text = new StringBuilder();
    for (String line : lines) {
      text.append("    ").append(line).append('\n');
    }
    return text.toString();
  }
}
