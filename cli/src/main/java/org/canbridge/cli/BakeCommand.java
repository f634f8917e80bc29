package org.canbridge.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.runtime.CanBaking;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.NetworkInput;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;

/** {@code canbridge bake}: a condition-aware model becomes a plain one for one condition. */
final class BakeCommand implements Command {
  private static final int MAX_CLASS = 1 << 20;

  private static final Opt<Optional<Integer>> CLASS =
      Opt.integer("class", 0, MAX_CLASS).help("the class");
  private static final Opt<Optional<Double>> TIMESTEP =
      Opt.number("timestep", -1e6, 1e6)
          .metavar("T")
          .help("the timestep as the network is given it, e.g. 0 to 999 for DiT, 0 to 1 for SiT");
  private static final Opt<Long> SEED = CommonOptions.seed("the check's images");

  @Override
  public About about() {
    return new About(
        "bake",
        "freezes a condition-aware model at one condition",
        "MODEL --out DIR [--class N] [--timestep T] [--overwrite] [--json]",
        "Adds to the static weights what the generators make of one condition and drops the"
            + " generators. Give --class where the weights depend on the class and --timestep"
            + " where they depend on the timestep; by class alone the result holds for all"
            + " timesteps. Both models are compared on random images before anything is written;"
            + " a difference is exit status 1.",
        List.of(
            new Example("bake dit-by-class --class 207 --out dit-207", "a network for one class")));
  }

  @Override
  public List<OptionGroup> options() {
    return List.of(
        OptionGroup.own(
            ModelOutput.OUT,
            CLASS,
            TIMESTEP,
            SEED,
            CommonOptions.DEVICE,
            ModelOutput.OVERWRITE,
            CommonOptions.JSON),
        ModelOptions.GROUP);
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    Path source = ModelOptions.path(invocation, "MODEL");
    Path target = ModelOutput.target(invocation);
    Target device = CommonOptions.target(invocation, Precision.F32);
    try (Model model = Model.open(source, ModelOptions.read(invocation))) {
      ModelOptions.say(model, context);
      CanBaking baking = bake(model, invocation, device);
      if (baking.check().holds()) {
        ModelDirectory.write(target, baking.checkpoint(), ModelOutput.writing(invocation));
      }
      if (invocation.get(CommonOptions.JSON)) {
        context.json(
            JsonNodeFactory.instance
                .objectNode()
                .put("equal", baking.check().holds())
                .put("largest_difference", baking.check().largest())
                .put("output_std", baking.check().deviation()));
      } else {
        context.out().print(text(baking, target));
      }
      return baking.check().holds() ? ExitStatus.OK : ExitStatus.DIFFERENCE;
    }
  }

  private static CanBaking bake(Model model, Invocation invocation, Target device)
      throws UsageException {
    Optional<Integer> label = invocation.get(CLASS);
    Optional<Double> timestep = invocation.get(TIMESTEP);
    CanCondition condition =
        model
            .can()
            .map(CanSpec::condition)
            .orElseThrow(() -> new UsageException("this model is not condition-aware"));
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    if (condition != CanCondition.TIME) {
      if (label.isEmpty()) {
        throw new UsageException("the weights depend on the class; give --class N");
      }
      inputs.put(NetworkInput.LABEL.label(), MemoryTensor.of(new long[] {label.get()}, 1));
    }
    if (condition != CanCondition.CLASS) {
      if (timestep.isEmpty()) {
        throw new UsageException("the weights depend on the timestep; give --timestep T");
      }
      checkTimestep(timestep.get(), model.objective().orElseThrow());
      inputs.put(
          NetworkInput.TIMESTEP.label(),
          MemoryTensor.of(new float[] {timestep.get().floatValue()}, 1));
    }
    try {
      return CanBaking.bake(model, inputs, invocation.get(SEED), device);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private static void checkTimestep(double timestep, Objective objective) throws UsageException {
    double least = Math.min(objective.cleanTime(), objective.noiseTime());
    double most = Math.max(objective.cleanTime(), objective.noiseTime());
    if (timestep < least || timestep > most) {
      throw new UsageException(
          TIMESTEP + " is " + timestep + ", but this model knows " + least + " to " + most);
    }
  }

  private static String text(CanBaking baking, Path target) {
    return String.format(
        Locale.ROOT,
        "largest difference at this condition  %.3g (standard deviation of the output %.3g)%n%s%n",
        baking.check().largest(),
        baking.check().deviation(),
        baking.check().holds()
            ? "written to " + target
            : "NOT the same function; nothing is written");
  }
}
