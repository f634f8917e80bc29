package org.canbridge.runtime.engine.torchscript;

import static org.canbridge.runtime.engine.torchscript.Torch.call;
import static org.canbridge.runtime.engine.torchscript.Torch.named;

import java.util.ArrayList;
import java.util.List;
import org.canbridge.runtime.graph.Kind;
import org.canbridge.runtime.graph.Op;

/**
 * Writes the check of kernels: a method {@code case<number>(<inputs>, seed, m)} for each case,
 * which gives what training lowers the graph to and its gradients, {@code spoil}, and the
 * optimizer's {@code update}.
 */
public final class KernelCheckLowering {
  /** Elements of the blocks that are spoilt, as large as those that small convolutions need. */
  private static final List<Integer> SPOILT = List.of(256, 1 << 10, 1 << 12, 1 << 14);

  private KernelCheckLowering() {}

  /** The program of these cases, with four parameters for the optimizer. */
  public static String program(List<KernelCase> cases, ScalarType type) {
    ScriptModule module = new ScriptModule();
    for (int i = 0; i < cases.size(); i++) {
      method(module, "case" + i, cases.get(i), type);
    }
    spoil(module);
    TrainingLowering.update(module, List.of(new TrainingLowering.Run(0, 4, 1, 1)));
    return module.toString();
  }

  private static void method(ScriptModule module, String name, KernelCase each, ScalarType type) {
    ScriptBody body = new ScriptBody("");
    body.beginsGradients();
    List<String> arguments = new ArrayList<>();
    List<String> leaves = new ArrayList<>();
    for (Op.Input input : each.graph().inputs()) {
      String argument = TorchScriptLowering.argument(input.name());
      arguments.add(ScriptModule.tensor(argument));
      if (input.kind() == Kind.FLOAT) {
        leaves.add(body.leaf(argument, argument));
      }
    }
    arguments.add(ScriptModule.tensor("seed"));
    List<String> weights = new ArrayList<>();
    for (Op.Parameter parameter : each.graph().parameters()) {
      int at = weights.size();
      String weight = "m[" + at + "]";
      if (!parameter.name().contains("running_")) { // statistics have no gradient
        weight = body.leaf("p" + at, weight);
        leaves.add(weight);
      }
      weights.add(TorchScriptLowering.weight(weight, type));
    }
    if (!weights.isEmpty()) {
      arguments.add(ScriptModule.tensors("m"));
      TorchScriptLowering.weights(body, weights);
    }
    TorchScriptLowering.Statements statements =
        TorchScriptLowering.differentiable(
            each.graph(), List.of(each.graph().value("output")), type, each.kernels(), "");
    body.lines(statements.body());
    String result = statements.results().get(0);
    body.assign("loss", call("sum", call("mul", result, "seed")));
    body.endsGradients("loss", leaves, false);
    List<String> results = new ArrayList<>();
    results.add(Torch.to(call("detach", result), ScalarType.FLOAT64));
    for (int i = 0; i < leaves.size(); i++) {
      results.add(Torch.to("unchecked_cast(Tensor, found[" + i + "])", ScalarType.FLOAT64));
    }
    body.returns(results);
    module.method(name, arguments, body);
  }

  /**
   * Fills memory that the next call may get with NaN: a kernel that reads what it never wrote finds
   * zeros there otherwise, often enough.
   */
  private static void spoil(ScriptModule module) {
    ScriptBody body = new ScriptBody("");
    body.assign("held", Torch.NO_TENSORS);
    body.line("for i in range(8):");
    for (int elements : SPOILT) {
      String nan =
          call(
              "full",
              List.of(elements),
              "nan",
              named("dtype", ScalarType.FLOAT32),
              named("layout", Torch.NONE),
              named("device", Torch.NONE),
              named("pin_memory", Torch.NONE));
      body.assign("  _" + elements, call("append", "held", nan));
    }
    body.line("return " + Torch.NO_TENSORS);
    module.method("spoil", List.of(), body);
  }
}
