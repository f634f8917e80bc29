package org.canbridge.cli;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.PublishedModel;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.runtime.CanConversion;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.RuntimeFamilies;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanMethod;
import org.canbridge.runtime.can.CanPlan;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Target;
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

  private static final Opt<Optional<Path>> INIT_FROM =
      Opt.path("init-from", "MODEL")
          .help(
              "with --arch CaT-...: take the modules of this EfficientViT whose shapes are the"
                  + " same");
  private static final Opt<Optional<List<CanTarget>>> TARGETS =
      Opt.of("targets", "LIST", Value.list(Value.parsed(word -> CanTarget.of(word.trim()))))
          .usually("patch_embed,dwconv,out_proj as in the paper")
          .help("layers: of patch_embed, dwconv, out_proj, head, qkv, mlp");
  private static final Opt<CanCondition> CONDITION =
      Opt.word("condition", List.of(CanCondition.values()), CanCondition::label)
          .defaultsTo(CanCondition.ALL)
          .help("what the weights depend on");
  private static final Opt<Control> CONTROL =
      Opt.word("control", List.of(Control.values()), Control::label)
          .defaultsTo(Control.KEEP)
          .help("whether adaptive norms or condition tokens stay");
  private static final Opt<CanMethod> METHOD =
      Opt.word("method", List.of(CanMethod.values()), CanMethod::label)
          .defaultsTo(CanMethod.GENERATE)
          .help("generated weights, mixed base kernels, or inserted convolutions alone");
  private static final Opt<Optional<Integer>> KERNELS =
      Opt.integer("kernels", 1, MAX_KERNELS)
          .metavar("K")
          .usually("4")
          .help("with select: base kernels");
  private static final Opt<Optional<Integer>> GENERATOR_WIDTH =
      Opt.integer("generator-width", 1, MAX_WIDTH)
          .usually("256 and 128 as in the paper")
          .help("input width of all generators");
  private static final Opt<Optional<Integer>> RANK =
      Opt.integer("rank", 1, MAX_WIDTH)
          .help("generate only additions of this rank for larger weights");
  private static final Opt<Integer> EMBED_WIDTH =
      Opt.integer("embed-width", 2, MAX_WIDTH)
          .defaultsTo(256)
          .help("for a network without condition: width of the embedding it gets");
  private static final Opt<Integer> EMBED_CLASSES =
      Opt.integer("embed-classes", 0, MAX_CLASSES)
          .defaultsTo(0)
          .help("for a network without condition: number of classes");
  private static final Opt<Long> SEED = CommonOptions.seed("projections and of the check's inputs");
  private static final Opt<Boolean> DRY_RUN =
      Opt.flag("dry-run").help("say what it would cost and stop");

  @Override
  public About about() {
    return new About(
        "convert",
        "makes a model condition-aware (CAN) without changing what it computes",
        "MODEL|--arch CaT-... [--init-from MODEL] --out DIR [--targets LIST] [--condition"
            + " time|class|all] [--control keep|can-only] [--method generate|select|static]"
            + " [--dry-run] [--json]",
        "Gives layers of a model weights that are generated from its condition, after Cai et"
            + " al., CVPR 2024. The generators start at zero and inserted depthwise convolutions"
            + " as the identity, so the new model computes what the old one did; that is checked"
            + " on random inputs before anything is written. A difference is exit status 1. With"
            + " --control can-only the model's own control goes too: that is another function,"
            + " and the difference is reported.",
        List.of(
            new Example("convert dit-xl-2 --out dit-xl-2-can", "the paper's arrangement"),
            new Example(
                "convert run7.pt --heads 4 --targets dwconv --condition class --out run7-can",
                "depthwise convolutions only, by class"),
            new Example(
                "convert dit-xl-2 --targets qkv,mlp --rank 32 --dry-run",
                "what low-rank generators for the large layers would cost")));
  }

  @Override
  public List<OptionGroup> options() {
    return List.of(
        OptionGroup.own(
            ModelOutput.OUT,
            INIT_FROM,
            SEED,
            CommonOptions.DEVICE,
            DRY_RUN,
            ModelOutput.OVERWRITE,
            CommonOptions.JSON),
        new OptionGroup(
            "what becomes condition-aware",
            List.of(
                TARGETS,
                CONDITION,
                CONTROL,
                METHOD,
                KERNELS,
                GENERATOR_WIDTH,
                RANK,
                EMBED_WIDTH,
                EMBED_CLASSES)),
        ModelOptions.GROUP);
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    boolean dryRun = invocation.get(DRY_RUN);
    CanPlan plan = plan(invocation);
    long seed = invocation.get(SEED);
    Target device = CommonOptions.target(invocation, Precision.F32);
    Path target = dryRun ? null : ModelOutput.target(invocation);
    try (Model model = model(invocation, context, seed)) {
      ModelOptions.say(model, context);
      CanConversion.Estimate estimate = estimate(model, plan);
      if (dryRun) {
        if (invocation.get(CommonOptions.JSON)) {
          context.json(ConversionReport.json(estimate));
        } else {
          context.out().print(ConversionReport.text(estimate));
        }
        return ExitStatus.OK;
      }
      context.err().print(ConversionReport.generators(estimate));
      CanConversion conversion = CanConversion.convert(model, estimate.spec(), seed, device);
      boolean passed = conversion.passed();
      if (passed) {
        ModelDirectory.write(target, conversion.checkpoint(), ModelOutput.writing(invocation));
      }
      if (invocation.get(CommonOptions.JSON)) {
        context.json(ConversionReport.json(conversion));
      } else {
        context.out().print(ConversionReport.text(conversion, target));
      }
      return passed ? ExitStatus.OK : ExitStatus.DIFFERENCE;
    }
  }

  /** The model to convert: a file, or a CaT of this size, which exists in no file yet. */
  private static Model model(Invocation invocation, Context context, long seed) throws Exception {
    if (ModelOptions.isNamed(invocation)) {
      if (invocation.has(INIT_FROM)) {
        throw new UsageException("--init-from goes with --arch CaT-... and no MODEL");
      }
      return Model.open(ModelOptions.path(invocation, "MODEL"), ModelOptions.read(invocation));
    }
    String name =
        invocation
            .get(ModelOptions.ARCH)
            .orElseThrow(() -> new UsageException("takes a MODEL or --arch CaT-..."));
    Beginning beginning =
        beginning(name)
            .orElseThrow(
                () ->
                    new UsageException(
                        "without a MODEL, --arch must be " + withBeginning() + ", not " + name));
    Optional<Path> pretrained = invocation.get(INIT_FROM);
    if (pretrained.isEmpty()) {
      return Model.generated(beginning.begin(Optional.empty(), seed).checkpoint());
    }
    Checkpoint source = Checkpoints.open(pretrained.get(), ImportOptions.defaults());
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
    CanPlan plan =
        CanPlan.paper(targets(invocation), invocation.get(CONDITION))
            .with(invocation.get(CONTROL))
            .with(invocation.get(METHOD));
    Optional<Integer> kernels = invocation.get(KERNELS);
    Optional<Integer> width = invocation.get(GENERATOR_WIDTH);
    Optional<Integer> rank = invocation.get(RANK);
    if (kernels.isPresent() && plan.method() != CanMethod.SELECT) {
      throw new UsageException("--kernels goes with --method select alone");
    }
    if ((width.isPresent() || rank.isPresent()) && plan.method() != CanMethod.GENERATE) {
      throw new UsageException("--generator-width and --rank go with --method generate alone");
    }
    plan = kernels.isPresent() ? plan.withKernels(kernels.get()) : plan;
    plan = width.isPresent() ? plan.withGeneratorWidth(width.get()) : plan;
    plan = rank.isPresent() ? plan.withRank(rank.get()) : plan;
    int embedding = invocation.get(EMBED_WIDTH);
    if (embedding % 2 != 0) {
      throw new UsageException("--embed-width must be even, not " + embedding);
    }
    return plan.with(new CanSpec.Embedder(embedding, invocation.get(EMBED_CLASSES)));
  }

  private static List<CanTarget> targets(Invocation invocation) throws UsageException {
    List<CanTarget> targets = invocation.get(TARGETS).orElse(CanTarget.PAPER);
    for (CanTarget target : targets) {
      if (Collections.frequency(targets, target) > 1) {
        throw new UsageException("--targets names '" + target.label() + "' twice");
      }
    }
    return targets;
  }
}
