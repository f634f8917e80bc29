package org.canbridge.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.Provenance;
import org.canbridge.runtime.LatentDecoder;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.Diffusion;
import org.canbridge.runtime.family.NetworkInput;
import org.canbridge.runtime.family.TextInput;
import org.canbridge.runtime.family.TrainingRecipe;
import org.canbridge.runtime.training.HeldOut;
import org.canbridge.runtime.training.SampleSheet;
import org.canbridge.runtime.training.Trainer;
import org.canbridge.runtime.training.TrainingRun;
import org.canbridge.runtime.training.TrainingSettings;
import org.canbridge.runtime.training.data.BatchLoader;
import org.canbridge.runtime.training.data.DataFingerprint;
import org.canbridge.runtime.training.data.LoaderOptions;
import org.canbridge.runtime.training.data.TrainingSet;
import org.canbridge.runtime.training.data.TrainingSetOptions;
import org.canbridge.runtime.training.data.TrainingSets;
import org.canbridge.runtime.training.watch.MetricsFile;

/** {@code canbridge finetune}: trains a model on a data set. */
final class FinetuneCommand implements Command {
  private static final int SHEET_ROWS = 4;

  private static final Opt<Path> DATA =
      Opt.path("data", "DIR|FILE").elsewhere("train-data-dir").required().help("what to train on");
  private static final Opt<Path> OUT =
      CommonOptions.outFolder().required().help("the run's directory");
  private static final Opt<Boolean> RESUME = Opt.flag("resume").help("go on with the run in --out");
  private static final Opt<Optional<Boolean>> FLIP =
      Opt.word("flip", "yes", true, "no", false)
          .usually("yes for folders of images and latents_flip, else no")
          .help("mirror half of the examples at random");
  private static final Opt<Boolean> EXIF =
      Opt.word("exif", "yes", true, "no", false)
          .defaultsTo(true)
          .help(
              "turn images upright as the camera noted; no takes them as they are stored, as the"
                  + " authors' scripts do");
  private static final Opt<Optional<Double>> LATENT_SCALE =
      Opt.number("latent-scale", Float.MIN_NORMAL, Float.MAX_VALUE)
          .usually("the authors', 0.18215, 0.2301 with text")
          .help("factor of latents that are sampled from stored moments");
  private static final Opt<Boolean> SKIP_BROKEN =
      Opt.flag("skip-broken").help("leave files out that cannot be read");
  private static final Opt<Optional<Path>> VAE =
      Opt.path("vae", "DIR").help("the autoencoder for the sheets of a model of latents");

  @Override
  public About about() {
    return new About(
        "finetune",
        "trains an imported or converted model on images or latents",
        "MODEL --data DIR --out DIR [--steps N] [--batch N] [--lr X] [--train"
            + " all|generators|NAMES] [--precision f32|bf16] [--resume]",
        "Trains a DiT, U-ViT or CaT, or what conversion made of it, with the loss and the"
            + " settings of its authors unless told otherwise. The data are a folder of images"
            + " by class, IDX files, or precomputed latents. --out gets checkpoints,"
            + " metrics as JSON lines, CSV and TensorBoard events, index.html with curves and"
            + " samples, and in the end the model with"
            + " averaged weights in DIR/model. Ctrl-C writes a checkpoint and ends; --resume"
            + " with the same options goes on from the last one and ends with the weights of an"
            + " undisturbed run. A loss that is not finite, or grows beyond measure, ends the"
            + " run with exit status 4 and names the last good checkpoint.",
        List.of(
            new Example(
                "finetune dit-fmnist-can --data fixtures/data/fashion-mnist --out run --steps 500",
                "a converted model, all its weights"),
            new Example(
                "finetune dit-fmnist-can --data fixtures/data/fashion-mnist --out run --steps 500"
                    + " --resume",
                "the same, after it was stopped"),
            new Example(
                "finetune dit-xl-2-can --data latents.safetensors --out run --train generators"
                    + " --precision bf16 --batch 8 --accumulate 32 --vae sd-vae-ft-mse",
                "only what conversion added, in bfloat16, 256 latents a step")));
  }

  @Override
  public List<OptionGroup> options() {
    return List.of(
        OptionGroup.own(DATA, OUT, RESUME, FLIP, EXIF, LATENT_SCALE, SKIP_BROKEN, VAE),
        FinetuneOptions.GROUP,
        ModelOptions.GROUP);
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    Path source = ModelOptions.path(invocation, "MODEL");
    Path data = invocation.get(DATA);
    Path out = out(invocation);
    Optional<Path> vae = ModelOptions.part(invocation, VAE, "vae");
    try (Model model = Model.open(source, ModelOptions.read(invocation))) {
      TrainingRecipe recipe = recipe(model);
      FinetuneOptions options = FinetuneOptions.read(invocation, recipe);
      ModelOptions.say(model, context);
      Target target = options.settings().target().with(Precision.F32);
      TrainingSetOptions setOptions = setOptions(invocation, model.diffusion());
      try (TrainingSet set = TrainingSets.open(data, setOptions);
          Validation.Parts parts =
              options.validation().of(set, setOptions, options.settings().examples());
          LatentDecoder decoder =
              vae.isPresent()
                  ? LatentDecoder.open(vae.get(), ImportOptions.defaults(), target)
                  : null;
          Trainer trainer = trainer(model, options.settings(), set)) {
        Map<String, String> record = record(source, data, model, set, options.settings());
        record.putAll(parts.record());
        Optional<SampleSheet> sheet =
            SampleSheet.of(model, SHEET_ROWS, Optional.ofNullable(decoder));
        try (TrainingProgress watching =
            new TrainingProgress(context, options.plan().steps(), List.of())) {
          TrainingRun.Setup setup =
              new TrainingRun.Setup(
                  options.plan(),
                  named(model, set),
                  trainer,
                  record,
                  sheet,
                  parts.heldOut().map(held -> new HeldOut(held, options.validateEvery())),
                  watching);
          TrainingRun run =
              invocation.get(RESUME)
                  ? TrainingRun.resume(out, setup)
                  : TrainingRun.begin(out, setup);
          introduce(context, trainer, parts, sheet);
          return report(context, out, train(run, parts.training(), trainer, options.settings()));
        }
      }
    }
  }

  private static Path out(Invocation invocation) throws UsageException, IOException {
    Path out = invocation.get(OUT);
    if (invocation.get(RESUME)) {
      return out;
    }
    if (TrainingRun.isAt(out)) {
      throw new OccupiedException(
          out, "it exists already", "choose another name, or go on with it: " + RESUME);
    }
    return invocation.vacant(OUT);
  }

  private static TrainingSetOptions setOptions(Invocation invocation, Diffusion diffusion)
      throws UsageException {
    TrainingSetOptions options =
        TrainingSetOptions.of(diffusion.shape())
            .withSkipBroken(invocation.get(SKIP_BROKEN))
            .withUpright(invocation.get(EXIF))
            .withLatentScale(
                invocation
                    .get(LATENT_SCALE)
                    .map(Double::floatValue)
                    .orElse(diffusion.latentScale()));
    if (diffusion.labels().classes() > 0) {
      options = options.withClasses(diffusion.labels().classes());
    }
    return invocation.get(FLIP).map(options::withFlip).orElse(options);
  }

  /** What is trained is called as its data are, unless they have but numbers or no names. */
  private static Model named(Model model, TrainingSet set) {
    boolean told = set.classNames().stream().anyMatch(name -> !name.matches("\\d+"));
    return told ? model.withClassNames(set.classNames()) : model;
  }

  private static TrainingRecipe recipe(Model model) throws UsageException {
    try {
      return model.family().training();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private static Trainer trainer(Model model, TrainingSettings settings, TrainingSet set)
      throws UsageException {
    checkConditions(model, set);
    try {
      return Trainer.open(model, settings, set.emptyText());
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  /** A set must hold what the network is conditioned on. */
  private static void checkConditions(Model model, TrainingSet set) throws UsageException {
    boolean labels = model.graph().inputs().stream().anyMatch(NetworkInput.LABEL::is);
    if (labels && set.classes().isEmpty()) {
      throw new UsageException(
          "the model takes classes, but the examples of " + set.path() + " have none");
    }
    Optional<TextInput> wanted = model.family().text();
    Optional<TextInput> given =
        set.text().map(shape -> new TextInput(shape.tokens(), shape.width()));
    if (wanted.isPresent() && !wanted.equals(given)) {
      throw new UsageException(
          "the model takes text features of "
              + wanted.get()
              + ", but the examples of "
              + set.path()
              + " have "
              + given.map(TextInput::toString).orElse("none"));
    }
    if (wanted.isPresent() && set.emptyText().length == 0) {
      throw new UsageException(
          "the examples of " + set.path() + " lack empty_context.npy, the features of no text");
    }
  }

  private static TrainingRun.End train(
      TrainingRun run, TrainingSet set, Trainer trainer, TrainingSettings settings)
      throws IOException {
    int examples = settings.examples();
    try (BatchLoader loader =
        new BatchLoader(
            set, examples, settings.seed(), trainer.steps() * examples, LoaderOptions.defaults())) {
      return run.run(loader);
    }
  }

  private static void introduce(
      Context context, Trainer trainer, Validation.Parts parts, Optional<SampleSheet> sheet) {
    TrainingSet set = parts.training();
    context
        .err()
        .printf(
            Locale.ROOT,
            "training %,d of %,d parameters on %,d examples of %s%s%s%n",
            trainer.trainedElements(),
            trainer.elements(),
            set.size(),
            set.shape(),
            parts
                .heldOut()
                .map(held -> String.format(Locale.ROOT, ", held out %,d", held.size()))
                .orElse(", none held out"),
            trainer.steps() == 0 ? "" : ", from step " + trainer.steps() + " on");
    context.err().println("data: " + set.kind());
    if (!set.classNames().isEmpty()) {
      context.err().println("classes, from 0: " + String.join(", ", set.classNames()));
    }
    set.skipped().forEach(file -> context.err().println("left out: " + file));
    if (sheet.isEmpty()) {
      context.err().println("no sheets of samples: this model's images need --vae or texts");
    }
  }

  private static ExitStatus report(Context context, Path out, TrainingRun.End end)
      throws IOException {
    switch (end.state()) {
      case FINISHED -> {
        context.out().println("trained " + end.steps() + " steps");
        heldOut(out).ifPresent(context.out()::println);
        context.out().println("wrote " + out.resolve(TrainingRun.MODEL));
        return ExitStatus.OK;
      }
      case INTERRUPTED -> {
        context
            .err()
            .println(
                "stopped after step " + end.steps() + "; the same command with --resume goes on");
        throw new CancellationException();
      }
      default -> {
        context
            .err()
            .println(
                "canbridge: the training diverged\n  actual: "
                    + end.remark()
                    + "\n  directory: "
                    + out
                    + "\n"
                    + "  next: train from there with a smaller --lr, with --clip 1, or with"
                    + " --precision f32");
        return ExitStatus.FAILURE;
      }
    }
  }

  /** What the held-out loss was in the beginning and is in the end. */
  private static Optional<String> heldOut(Path run) throws IOException {
    double[] losses =
        MetricsFile.read(run.resolve(MetricsFile.NAME)).stream()
            .flatMapToDouble(step -> step.heldOut().stream())
            .toArray();
    return losses.length == 0
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT, "held-out loss %.5f -> %.5f", losses[0], losses[losses.length - 1]));
  }

  /** All that decides which weights come out. */
  private static Map<String, String> record(
      Path source, Path data, Model model, TrainingSet set, TrainingSettings settings)
      throws IOException {
    Map<String, String> record = new LinkedHashMap<>();
    record.put("model", source.toAbsolutePath().normalize().getFileName().toString());
    record.put(
        "model_sha256",
        model.checkpoint().provenance().source().map(Provenance.Source::sha256).orElse(""));
    record.put("data", data.toAbsolutePath().normalize().getFileName().toString());
    record.put("data_examples", Long.toString(set.size()));
    record.put("data_kind", set.kind());
    record.put("data_fingerprint", DataFingerprint.of(set));
    record.put("flip", Boolean.toString(set.flipped()));
    record.putAll(settings.describe());
    return record;
  }
}
