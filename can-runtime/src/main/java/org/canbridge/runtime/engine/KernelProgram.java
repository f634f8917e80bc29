package org.canbridge.runtime.engine;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.training.ParameterStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Node;
import org.canbridge.runtime.graph.Op;

/**
 * The cases of a check in one precision as a module with a method each: what training lowers a
 * graph to, its gradients, and the optimizer.
 */
final class KernelProgram implements AutoCloseable {
  private static final int FLOAT32 = 6;
  private static final int FLOAT64 = 7;
  private static final int BFLOAT16 = 15;

  /** Elements of the blocks that are spoilt, as large as those that small convolutions need. */
  private static final int[] SPOILT = {256, 1 << 10, 1 << 12, 1 << 14};

  private final Model model = TorchEngine.newModel();

  KernelProgram(List<KernelCase> cases, Precision precision) {
    StringBuilder source =
        new StringBuilder(
            "class K(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n");
    for (int i = 0; i < cases.size(); i++) {
      source.append(method("case" + i, cases.get(i), precision));
    }
    source
        .append(spoil())
        .append(TrainingScript.update(List.of(new TrainingScript.Run(0, 4, 1, 1))));
    try {
      model.load(new ByteArrayInputStream(TorchScriptArchive.of(source.toString())));
    } catch (IOException | MalformedModelException | RuntimeException e) {
      model.close();
      throw new IllegalStateException("the engine refused the check of its kernels:\n" + source, e);
    }
  }

  private static String method(String name, KernelCase each, Precision precision) {
    List<String> arguments = new ArrayList<>();
    List<String> before = new ArrayList<>();
    List<String> leaves = new ArrayList<>();
    for (Op.Input input : each.graph().inputs()) {
      String argument = TorchScriptEmitter.argument(input.name());
      arguments.add(argument + ": Tensor");
      if (input.kind() == Kind.FLOAT) {
        before.add(argument + " = torch.requires_grad_(torch.detach(" + argument + "), True)");
        leaves.add(argument);
      }
    }
    arguments.add("seed: Tensor");
    List<String> weights = new ArrayList<>();
    for (Op.Parameter parameter : each.graph().parameters()) {
      String leaf = "p" + weights.size();
      String given = "m[" + weights.size() + "]";
      if (parameter.name().contains("running_")) { // statistics, which have no gradient
        leaf = given;
      } else {
        before.add(leaf + " = torch.requires_grad_(torch.detach(" + given + "), True)");
        leaves.add(leaf);
      }
      weights.add(precision == Precision.BF16 ? "torch.to(" + leaf + ", " + BFLOAT16 + ")" : leaf);
    }
    if (!weights.isEmpty()) {
      arguments.add("m: List[Tensor]");
      before.add("w = [" + String.join(", ", weights) + "]");
    }
    Node output = each.graph().value("output");
    TorchScriptEmitter.Statements statements =
        TorchScriptEmitter.forTraining(
            each.graph(), List.of(output), new Arithmetic(precision, each.kernels()), "");
    String result = statements.results().get(0);
    List<String> after = new ArrayList<>();
    after.add("loss = torch.sum(torch.mul(" + result + ", seed))");
    after.add(
        "found = torch.grad([loss], ["
            + String.join(", ", leaves)
            + "], None, None, False, False)");
    after.add("torch.set_grad_enabled(enabled)");
    List<String> results = new ArrayList<>(List.of(wide("torch.detach(" + result + ")")));
    for (int i = 0; i < leaves.size(); i++) {
      results.add(wide("unchecked_cast(Tensor, found[" + i + "])"));
    }
    after.add("return [" + String.join(", ", results) + "]");
    return "  def "
        + name
        + "(self: __torch__.K,\n    "
        + String.join(",\n    ", arguments)
        + ") -> List[Tensor]:\n    enabled = torch.is_grad_enabled()\n"
        + "    torch.set_grad_enabled(True)\n"
        + lines(before)
        + statements.text()
        + lines(after);
  }

  private static String wide(String value) {
    return "torch.to(" + value + ", " + FLOAT64 + ")";
  }

  private static String lines(List<String> lines) {
    StringBuilder text = new StringBuilder();
    lines.forEach(line -> text.append("    ").append(line).append('\n'));
    return text.toString();
  }

  /**
   * Fills memory that the next call may get with NaN: a kernel that reads what it never wrote finds
   * zeros there otherwise, often enough.
   */
  private static String spoil() {
    StringBuilder text =
        new StringBuilder(
            """
              def spoil(self: __torch__.K) -> List[Tensor]:
                held = annotate(List[Tensor], [])
                for i in range(8):
            """);
    for (int elements : SPOILT) {
      text.append("      _")
          .append(elements)
          .append(" = torch.append(held, torch.full([")
          .append(elements)
          .append("], nan, dtype=")
          .append(FLOAT32)
          .append(", layout=None, device=None, pin_memory=None))\n");
    }
    return text.append("    return annotate(List[Tensor], [])\n").toString();
  }

  /**
   * Runs a case.
   *
   * @param scope owns what is returned
   * @param inputs in the graph's order
   * @param seed of the gradients, as large as the output
   * @param weights in the graph's order
   * @return the output and the gradients of inputs and weights, float64
   */
  NDList run(NDManager scope, int number, NDList inputs, NDArray seed, NDList weights) {
    call(scope, "spoil", new NDList());
    NDList arguments = new NDList(inputs);
    arguments.add(seed);
    named(arguments, "m[]", weights);
    return call(scope, "case" + number, arguments);
  }

  /** One step of AdamW over four parameters: weights, gradients and state, changed in place. */
  void update(NDManager scope, double[] numbers, List<NDList> lists) {
    NDList arguments = new NDList(scope.create(numbers));
    for (int i = 0; i < lists.size(); i++) {
      named(arguments, "pgmvse".charAt(i) + "[]", lists.get(i));
    }
    call(scope, "update", arguments);
  }

  private static void named(NDList arguments, String name, NDList list) {
    for (NDArray array : list) {
      array.setName(name);
      arguments.add(array);
    }
  }

  private NDList call(NDManager scope, String method, NDList inputs) {
    NDArray selector = scope.create(0f);
    selector.setName("module_method:" + method);
    NDList arguments = new NDList(selector);
    arguments.addAll(inputs);
    return model.getBlock().forward(new ParameterStore(scope, false), arguments, true);
  }

  @Override
  public void close() {
    model.close();
  }
}
