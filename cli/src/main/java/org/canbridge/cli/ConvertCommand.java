package org.canbridge.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.apache.commons.cli.Options;
import org.canbridge.importers.Checkpoint;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.Families;
import org.canbridge.importers.ImportOptions;
import org.canbridge.importers.ModelDirectory;
import org.canbridge.importers.PublishedModel;
import org.canbridge.importers.WriteOptions;
import org.canbridge.runtime.CanConversion;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.RuntimeFamilies;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanMethod;
import org.canbridge.runtime.can.CanPlan;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.family.Beginning;
import org.canbridge.runtime.family.Control;

/**
 * {@code canbridge convert}: a model becomes condition-aware and, unless its own control goes,
 * computes what it computed before.
 */
final class ConvertCommand implements Command {
  private static final int MAX_KERNELS = 1024;
  private static final int MAX_WIDTH = 1 << 16;
  private static final int MAX_CLASSES = 1 << 20;
  private static final int USUAL_EMBEDDING = 256;

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
    return "MODEL|--arch CaT-... [--init-from MODEL] --out DIR [--preset paper] [--targets LIST]"
        + " [--condition time|class|all] [--control keep|can-only] [--method"
        + " generate|select|static] [--dry-run] [--json]";
  }

  @Override
  public String description() {
    return "Gives layers of a model weights that are generated from its condition, after Cai et"
        + " al., CVPR 2024. The generators start at zero and inserted depthwise convolutions"
        + " as the identity, so the new model computes what the old one did; that is checked"
        + " on random inputs before anything is written. A difference is exit status 1. With"
        + " --control can-only the model's own control goes too: that is another function,"
        + " and the difference is reported.";
  }

  @Override
  public Options options() {
    return ModelOptions.addTo(new Options())
        .addOption(
            CommonOptions.value(
                "init-from",
                "MODEL",
                "with --arch CaT-...: take the modules of this EfficientViT whose shapes are the"
                    + " same"))
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
            CommonOptions.value(
                "control",
                "keep|can-only",
                "whether adaptive norms or condition tokens stay; keep if not given"))
        .addOption(
            CommonOptions.value(
                "method",
                "generate|select|static",
                "generated weights, mixed base kernels, or inserted convolutions alone"))
        .addOption(CommonOptions.value("kernels", "K", "with select: base kernels; 4"))
        .addOption(
            CommonOptions.value(
                "generator-width",
                "N",
                "input width of all generators; 256 and 128 as in the paper"))
        .addOption(
            CommonOptions.value(
                "rank", "N", "generate only additions of this rank for larger weights"))
        .addOption(
            CommonOptions.value(
                "embed-width",
                "N",
                "for a network without condition: width of the embedding it gets; 256"))
        .addOption(
            CommonOptions.value(
                "embed-classes", "N", "for a network without condition: number of classes; 0"))
        .addOption(
            CommonOptions.value("seed", "N", "seed of projections and of the check's inputs; 0"))
        .addOption(CommonOptions.flag("dry-run", "say what it would cost and stop"))
        .addOption(CommonOptions.flag("overwrite", "replace a model directory of that name"))
        .addOption(CommonOptions.json());
  }

  @Override
  public List<Example> examples() {
    return List.of(
        new Example("convert dit-xl-2 --out dit-xl-2-can", "the paper's arrangement"),
        new Example(
            "convert run7.pt --heads 4 --targets dwconv --condition class --out run7-can",
            "depthwise convolutions only, by class"),
        new Example(
            "convert dit-xl-2 --targets qkv,mlp --rank 32 --dry-run",
            "what low-rank generators for the large layers would cost"));
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    boolean dryRun = invocation.flag("dry-run");
    CanPlan plan = plan(invocation);
    long seed = invocation.integer("seed", 0L, Long.MAX_VALUE).orElse(0);
    boolean overwrite = invocation.flag("overwrite");
    Path target = dryRun ? null : invocation.requiredPath("out");
    if (!dryRun && Files.exists(target, LinkOption.NOFOLLOW_LINKS) && !overwrite) {
      throw new FileAlreadyExistsException(target.toString());
    }
    try (Model model = model(invocation, context, seed)) {
      CanConversion.Estimate estimate = estimate(model, plan);
      if (dryRun) {
        if (invocation.flag("json")) {
          context.json(ConversionReport.json(estimate));
        } else {
          context.out().print(ConversionReport.text(estimate));
        }
        return ExitStatus.OK;
      }
      context.err().print(ConversionReport.text(estimate));
      CanConversion conversion = CanConversion.convert(model, estimate.spec(), seed);
      boolean passed = conversion.check().passed();
      if (passed) {
        write(target, conversion, overwrite);
      }
      if (invocation.flag("json")) {
        context.json(ConversionReport.json(conversion));
      } else {
        context.out().print(ConversionReport.text(conversion, target));
      }
      return passed ? ExitStatus.OK : ExitStatus.DIFFERENCE;
    }
  }

  /** The model to convert: a file, or a CaT of this size, which exists in no file yet. */
  private static Model model(Invocation invocation, Context context, long seed) throws Exception {
    if (invocation.hasOperand()) {
      if (invocation.text("init-from").isPresent()) {
        throw new UsageException("--init-from goes with --arch CaT-... and no MODEL");
      }
      return Model.open(invocation.pathOperand("MODEL"), ModelOptions.read(invocation));
    }
    String name =
        invocation
            .text("arch")
            .orElseThrow(() -> new UsageException("takes a MODEL or --arch CaT-..."));
    Beginning beginning =
        beginning(name)
            .orElseThrow(
                () ->
                    new UsageException(
                        "without a MODEL, --arch must be " + withBeginning() + ", not " + name));
    Optional<String> pretrained = invocation.text("init-from");
    if (pretrained.isEmpty()) {
      return Model.generated(beginning.begin(Optional.empty(), seed).checkpoint());
    }
    Checkpoint source = Checkpoints.open(Path.of(pretrained.get()), ImportOptions.defaults());
    Beginning.Start start;
    try {
      start = beginning.begin(Optional.of(source), seed);
    } catch (IllegalArgumentException e) {
      source.close();
      throw new UsageException("--init-from " + e.getMessage());
    }
    start.taken().entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(e -> context.err().println("taken  " + e.getKey() + "  from  " + e.getValue()));
    context.err().println(start.taken().size() + " tensors taken from " + pretrained.get());
    return Model.generated(start.checkpoint());
  }

  /** How the published network of this name begins without a file, if it does. */
  private static Optional<Beginning> beginning(String name) {
    return Families.byPublishedName(name)
        .map(family -> family.config(Families.published(name).arguments()))
        .flatMap(config -> RuntimeFamilies.of(config).beginning());
  }

  /** The names of all that begin without a file: "A, B or C". */
  private static String withBeginning() {
    String names =
        Families.all().stream()
            .flatMap(family -> family.published().stream())
            .map(PublishedModel::name)
            .filter(name -> beginning(name).isPresent())
            .collect(Collectors.joining(", "));
    return names.replaceFirst(", (?=[^,]*$)", " or ");
  }

  private static CanConversion.Estimate estimate(Model model, CanPlan plan) throws UsageException {
    try {
      return CanConversion.estimate(model, plan);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private static CanPlan plan(Invocation invocation) throws UsageException {
    invocation.choice("preset", Map.of("paper", CanTarget.PAPER));
    CanPlan plan =
        CanPlan.paper(targets(invocation), condition(invocation))
            .with(invocation.choice("control", controls()).orElse(Control.KEEP))
            .with(invocation.choice("method", methods()).orElse(CanMethod.GENERATE));
    OptionalInt kernels = invocation.integer("kernels", 1, MAX_KERNELS);
    OptionalInt width = invocation.integer("generator-width", 1, MAX_WIDTH);
    OptionalInt rank = invocation.integer("rank", 1, MAX_WIDTH);
    if (kernels.isPresent() && plan.method() != CanMethod.SELECT) {
      throw new UsageException("--kernels goes with --method select alone");
    }
    if ((width.isPresent() || rank.isPresent()) && plan.method() != CanMethod.GENERATE) {
      throw new UsageException("--generator-width and --rank go with --method generate alone");
    }
    plan = kernels.isPresent() ? plan.withKernels(kernels.getAsInt()) : plan;
    plan = width.isPresent() ? plan.withGeneratorWidth(width.getAsInt()) : plan;
    plan = rank.isPresent() ? plan.withRank(rank.getAsInt()) : plan;
    int embedding = invocation.integer("embed-width", 2, MAX_WIDTH).orElse(USUAL_EMBEDDING);
    if (embedding % 2 != 0) {
      throw new UsageException("--embed-width must be even, not " + embedding);
    }
    return plan.with(
        new CanSpec.Embedder(
            embedding, invocation.integer("embed-classes", 0, MAX_CLASSES).orElse(0)));
  }

  private static Map<String, Control> controls() {
    Map<String, Control> controls = new LinkedHashMap<>();
    for (Control each : Control.values()) {
      controls.put(each.label(), each);
    }
    return controls;
  }

  private static Map<String, CanMethod> methods() {
    Map<String, CanMethod> methods = new LinkedHashMap<>();
    for (CanMethod each : CanMethod.values()) {
      methods.put(each.label(), each);
    }
    return methods;
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
}
