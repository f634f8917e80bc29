package org.canbridge.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.cli.Options;
import org.canbridge.importers.ModelDirectory;
import org.canbridge.importers.WriteOptions;
import org.canbridge.runtime.CanConversion;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.can.CanTarget;

/**
 * {@code canbridge convert}: a model becomes condition-aware and computes what it computed before.
 */
final class ConvertCommand implements Command {

  @Override
  public String name() {
    return "convert";
  }

  @Override
  public String summary() {
    return "makes a model condition-aware (CAN) without changing what it computes";
  }

  @Override
  public String synopsis() {
    return "MODEL --out DIR [--preset paper] [--targets LIST] [--condition time|class|all] [--json]";
  }

  @Override
  public String description() {
    return "Gives layers of a model weights that are generated from its condition, after Cai et al., CVPR"
        + " 2024. The generators start at zero and inserted depthwise convolutions as the identity, so"
        + " the new model computes what the old one did; that is checked on random inputs before"
        + " anything is written. A difference is exit status 1.";
  }

  @Override
  public Options options() {
    return ModelOptions.addTo(new Options())
        .addOption(CommonOptions.value("out", "DIR", "the model directory to make"))
        .addOption(
            CommonOptions.value(
                "preset", "paper", "patch_embed, dwconv and out_proj as in the paper; the default"))
        .addOption(
            CommonOptions.value(
                "targets",
                "LIST",
                "other layers: of patch_embed, dwconv, out_proj, head, qkv, mlp"))
        .addOption(
            CommonOptions.value(
                "condition", "time|class|all", "what the weights depend on; all if not given"))
        .addOption(
            CommonOptions.value("seed", "N", "seed of projections and of the check's inputs; 0"))
        .addOption(CommonOptions.flag("overwrite", "replace a model directory of that name"))
        .addOption(CommonOptions.json());
  }

  @Override
  public List<Example> examples() {
    return List.of(
        new Example("convert dit-xl-2 --out dit-xl-2-can", "the paper's arrangement"),
        new Example(
            "convert run7.pt --heads 4 --targets dwconv --condition class --out run7-can",
            "depthwise convolutions only, by class"));
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    Path source = invocation.pathOperand("MODEL");
    Path target = invocation.requiredPath("out");
    invocation.choice("preset", Map.of("paper", CanTarget.PAPER));
    List<CanTarget> targets = targets(invocation);
    CanCondition condition = condition(invocation);
    long seed = invocation.integer("seed", 0L, Long.MAX_VALUE).orElse(0);
    boolean overwrite = invocation.flag("overwrite");
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS) && !overwrite) {
      throw new FileAlreadyExistsException(target.toString());
    }
    try (Model model = Model.open(source, ModelOptions.read(invocation))) {
      CanConversion conversion = convert(model, targets, condition, seed);
      boolean passed = conversion.check().passed();
      if (passed) {
        write(target, conversion, overwrite);
      }
      if (invocation.flag("json")) {
        context.json(json(conversion));
      } else {
        context.out().print(text(conversion, target));
      }
      return passed ? ExitStatus.OK : ExitStatus.DIFFERENCE;
    }
  }

  private static CanConversion convert(
      Model model, List<CanTarget> targets, CanCondition condition, long seed)
      throws UsageException {
    try {
      CanSpec spec = CanPreset.paper(model.source(), targets, condition);
      return CanConversion.convert(model, spec, seed);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private static void write(Path target, CanConversion conversion, boolean overwrite)
      throws IOException {
    WriteOptions options = WriteOptions.defaults();
    ModelDirectory.write(
        target, conversion.checkpoint(), overwrite ? options.overwriting() : options);
  }

  private static List<CanTarget> targets(Invocation invocation) throws UsageException {
    Optional<String> list = invocation.text("targets");
    if (list.isEmpty()) {
      return CanTarget.PAPER;
    }
    List<CanTarget> targets = new ArrayList<>();
    for (String label : list.get().split(",", -1)) {
      try {
        CanTarget target = CanTarget.of(label.trim());
        if (targets.contains(target)) {
          throw new UsageException("--targets names '" + target.label() + "' twice");
        }
        targets.add(target);
      } catch (IllegalArgumentException e) {
        throw new UsageException("--targets: " + e.getMessage());
      }
    }
    return targets;
  }

  private static CanCondition condition(Invocation invocation) throws UsageException {
    Map<String, CanCondition> conditions = new LinkedHashMap<>();
    for (CanCondition each : CanCondition.values()) {
      conditions.put(each.label(), each);
    }
    return invocation.choice("condition", conditions).orElse(CanCondition.ALL);
  }

  static String text(CanConversion conversion, Path target) {
    StringBuilder text = new StringBuilder();
    for (CanConversion.Change change : conversion.changes()) {
      String what = change.inserted() ? "inserted " : "rewritten";
      String how =
          change.generator().isEmpty() ? "static" : "weights from can." + change.generator();
      text.append(
          String.format(
              Locale.ROOT, "%s  %-28s %-18s %s%n", what, change.layer(), change.weight(), how));
    }
    text.append(
        String.format(
            Locale.ROOT,
            "parameters  %,d -> %,d%nMACs        %,d -> %,d%n",
            conversion.before().parameters(),
            conversion.after().parameters(),
            conversion.before().macs(),
            conversion.after().macs()));
    CanConversion.Check check = conversion.check();
    text.append(
        String.format(
            Locale.ROOT,
            "largest difference to the source on random inputs  %.3g (standard deviation of the output %.3g, allowed %.0e of it)%n",
            check.largest(),
            check.deviation(),
            check.tolerance()));
    text.append(
        check.passed()
            ? "the function is preserved; written to " + target
            : "the function is NOT preserved; nothing is written");
    return text.append(System.lineSeparator()).toString();
  }

  private static ObjectNode json(CanConversion conversion) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("preserved", conversion.check().passed());
    json.putObject("check")
        .put("largest_difference", conversion.check().largest())
        .put("output_std", conversion.check().deviation())
        .put("tolerance_in_std", conversion.check().tolerance());
    json.putObject("parameters")
        .put("before", conversion.before().parameters())
        .put("after", conversion.after().parameters());
    json.putObject("macs")
        .put("before", conversion.before().macs())
        .put("after", conversion.after().macs());
    for (CanConversion.Change change : conversion.changes()) {
      json.withArray("/changes")
          .addObject()
          .put("layer", change.layer())
          .put("inserted", change.inserted())
          .put("generator", change.generator())
          .put("weight", change.weight().toString());
    }
    return json;
  }
}
