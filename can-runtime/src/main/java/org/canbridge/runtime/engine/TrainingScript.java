package org.canbridge.runtime.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.canbridge.runtime.engine.kernels.Kernels;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Loss;
import org.canbridge.runtime.graph.Op;

/** Writes the module of {@link TrainingProgram}. */
final class TrainingScript {
  private static final int FLOAT32 = 6;
  private static final int FLOAT64 = 7;
  private static final int BFLOAT16 = 15;

  /** What the names of the graph in front of the network begin with. */
  private static final String BEFORE = "before_";

  /** The same of the graph behind it. */
  private static final String AFTER = "after_";

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
      Graph graph, List<Boolean> trained, List<Run> runs, Loss loss, Arithmetic arithmetic) {
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
      Graph graph, List<Boolean> trained, Loss loss, Arithmetic arithmetic) {
    List<String> arguments = new ArrayList<>();
    for (Op.Input input : graph.inputs()) {
      if (!input.name().equals(Loss.MADE)) {
        arguments.add(TorchScriptEmitter.argument(input.name()) + ": Tensor");
      }
    }
    Graph before = loss.before(graph);
    Graph after = loss.after(graph);
    before
        .inputs()
        .forEach(
            input ->
                arguments.add(BEFORE + TorchScriptEmitter.argument(input.name()) + ": Tensor"));
    arguments.add("scale: Tensor");
    arguments.add("m: List[Tensor]");
    List<String> body = new ArrayList<>();
    body.add("enabled = torch.is_grad_enabled()");
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
    Arithmetic wide =
        arithmetic.precision() == Precision.BF16
            ? new Arithmetic(Precision.F32, Kernels.PLAIN)
            : arithmetic;
    TorchScriptEmitter.Statements front =
        TorchScriptEmitter.forTraining(before, List.of(before.value(Loss.MADE)), wide, BEFORE);
    TorchScriptEmitter.Statements network =
        TorchScriptEmitter.forTraining(graph, List.of(graph.value("output")), arithmetic, "");
    TorchScriptEmitter.Statements behind =
        TorchScriptEmitter.forTraining(after, List.copyOf(after.outputs().values()), wide, AFTER);
    String made = TorchScriptEmitter.argument(Loss.MADE);
    List<String> handed = new ArrayList<>();
    for (Op.Input input : after.inputs()) {
      String name = TorchScriptEmitter.argument(input.name());
      handed.add(
          AFTER
              + name
              + " = "
              + switch (input.name()) {
                case Loss.MADE -> made;
                case Loss.OUTPUT -> network.results().get(0);
                default -> BEFORE + name;
              });
    }
    List<String> end = new ArrayList<>();
    end.add("parts = torch.stack([" + String.join(", ", behind.results()) + "])");
    end.add("loss = torch.mul(torch.mean(torch.sum(parts, [0])), torch.item(scale))");
    end.add(
        "found = torch.grad([loss], [" + String.join(", ", leaves) + "], None, None, False, True)");
    end.add("torch.set_grad_enabled(enabled)");
    end.add("results = annotate(List[Tensor], [torch.to(torch.detach(parts), " + FLOAT64 + ")])");
    int at = 0;
    for (String leaf : leaves) {
      // A parameter that the loss does not depend on has no gradient: it gets zeros.
      end.add("g" + at + " = found[" + at + "]");
      end.add("if torch.__is__(g" + at + ", None):");
      end.add("  h" + at + " = torch.zeros_like(" + leaf + ")");
      end.add("else:");
      end.add("  h" + at + " = unchecked_cast(Tensor, g" + at + ")");
      end.add("_" + at + " = torch.append(results, h" + at + ")");
      at++;
    }
    end.add("return results");
    return method("gradients", arguments.toArray(String[]::new))
        + lines(body.toArray(String[]::new))
        + front.text()
        + lines(made + " = " + front.results().get(0))
        + network.text()
        + lines(handed.toArray(String[]::new))
        + behind.text()
        + lines(end.toArray(String[]::new));
  }

  /** One fused call for each run. */
  static String update(List<Run> runs) {
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
