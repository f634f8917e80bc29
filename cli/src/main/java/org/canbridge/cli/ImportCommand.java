package org.canbridge.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.Inspection;
import org.canbridge.importers.family.Adaptation;
import org.canbridge.importers.family.Weights;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.Provenance;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.NormFolding;
import org.canbridge.runtime.SameFunction;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Target;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.NonFinite;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/** {@code canbridge import}: a published file becomes a model directory. */
final class ImportCommand implements Command {
  private static final int MAX_SIZE = 1 << 16;

  private static final Opt<Optional<Integer>> IMAGE_SIZE =
      Opt.integer("image-size", 1, MAX_SIZE)
          .elsewhere("resolution", "size")
          .help(
              "another side of what the network takes (of the latent, for networks on latents);"
                  + " its position table is resized");
  private static final Opt<Optional<Integer>> NUM_CLASSES =
      Opt.integer("num-classes", 1, MAX_SIZE)
          .help("another number of classes; its label table is replaced");
  private static final Opt<Boolean> FOLD_BATCH_NORM =
      Opt.flag("fold-batch-norm")
          .help(
              "EfficientViT: make each batch norm part of the convolution in front of it; checked"
                  + " on random images, a difference is exit status 1");
  private static final Opt<Optional<Path>> LIKE =
      Opt.path("like", "MODEL")
          .help(
              "SRC holds other weights of MODEL, trained elsewhere: its state dict, or a TorchScript"
                  + " module; all tensors must be MODEL's by name and shape, and all else stays"
                  + " MODEL's. The other options about the model tell what MODEL cannot, --weights"
                  + " which weights of SRC");
  private static final Opt<Boolean> DRY_RUN =
      Opt.flag("dry-run").help("show what would be done, write nothing");

  @Override
  public About about() {
    return new About(
        "import",
        "makes a model directory from a published checkpoint",
        "SRC --out DIR [--like MODEL] [--arch NAME] [--heads N] [--weights ema|model] [--dtype TYPE]"
            + " [--image-size N] [--num-classes N] [--fold-batch-norm] [--allow-nonfinite]"
            + " [--dry-run]",
        "Reads a published checkpoint, checks every tensor against the layout it has, and writes"
            + " a model directory: config.json and model.safetensors under the authors' own names."
            + " The directory appears when it is complete, or not at all.",
        List.of(
            new Example("import DiT-XL-2-256x256.pt --out dit-xl-2", "a published file"),
            new Example(
                "import 0050000.pt --out run7 --heads 4 --weights model",
                "a training checkpoint of your own, without the moving average"),
            new Example(
                "import efficientvit_b1.pt --out b1 --fold-batch-norm",
                "convolutions without norms"),
            new Example(
                "import state.pt --like dit-can --out dit-can-2", "back from training in PyTorch"),
            new Example("import DiT-XL-2-256x256.pt --out x --dry-run", "only look")));
  }

  @Override
  public List<OptionGroup> options() {
    return List.of(
        OptionGroup.own(
            ModelOutput.OUT,
            LIKE,
            CommonOptions.DTYPE,
            IMAGE_SIZE,
            NUM_CLASSES,
            FOLD_BATCH_NORM,
            CommonOptions.DEVICE,
            ModelOutput.OVERWRITE,
            CommonOptions.ALLOW_NONFINITE,
            DRY_RUN),
        ModelOptions.GROUP);
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    Path source = ModelOptions.path(invocation, "SRC");
    ImportOptions options = ModelOptions.read(invocation);
    WriteOptions writing = writing(invocation);
    Path target = ModelOutput.target(invocation);
    Target device = CommonOptions.target(invocation, Precision.F32);
    Adaptation adaptation =
        new Adaptation(
            CommonOptions.number(invocation.get(IMAGE_SIZE)),
            CommonOptions.number(invocation.get(NUM_CLASSES)));
    Optional<Path> like = invocation.get(LIKE);
    try (Checkpoint published = open(source, like, options)) {
      Checkpoint checkpoint = adapted(published, adaptation);
      if (invocation.get(FOLD_BATCH_NORM)) {
        NormFolding folding = folded(widened(checkpoint, writing), device);
        context.out().print(report(folding));
        if (!folding.check().holds()) {
          return ExitStatus.DIFFERENCE;
        }
        checkpoint = folding.checkpoint();
      }
      checkpoint.notes().forEach(note -> context.err().println("canbridge: " + note));
      PipelineFolder.at(source).ifPresent(pipeline -> sayWhatStays(pipeline, context));
      if (invocation.get(DRY_RUN)) {
        context.out().print(seen(source, like, options, checkpoint));
      } else {
        NonFinite.Watch watch = CommonOptions.watch(invocation, checkpoint.tensors(), source);
        // Digest and checksums are taken on another core while the tensors are copied.
        CompletableFuture<List<String>> damages =
            CompletableFuture.supplyAsync(
                checkpoint.origin()::damages, task -> new Thread(task, "digest").start());
        try {
          write(target, checkpoint, writing, watch, context);
        } finally {
          warn(damages, context);
        }
        context.out().print(report(target, checkpoint));
      }
    }
    return ExitStatus.OK;
  }

  /** Also of a file that is refused; that it cannot be read is told by whoever writes. */
  private static void warn(CompletableFuture<List<String>> damages, Context context) {
    for (String damage : damages.exceptionally(unread -> List.of()).join()) {
      context.err().println("canbridge: warning: " + damage + "; the file may be damaged");
    }
  }

  private static Checkpoint open(Path source, Optional<Path> like, ImportOptions options) {
    if (like.isEmpty()) {
      Checkpoint checkpoint = Checkpoints.open(source, options);
      return checked(checkpoint, source);
    }
    Checkpoint model =
        checked(Checkpoints.open(like.get(), options.withWeights(Weights.AUTO)), like.get());
    try {
      return Checkpoints.openLike(source, model, options);
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  private static Checkpoint checked(Checkpoint checkpoint, Path path) {
    try {
      Model.check(checkpoint, path);
      return checkpoint;
    } catch (RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  private static String seen(
      Path source, Optional<Path> like, ImportOptions options, Checkpoint checkpoint) {
    return like.map(
            model ->
                String.format(
                    "%s: all %d tensors are those of %s; nothing was written%n",
                    source, checkpoint.tensors().size(), model))
        .orElseGet(() -> Inspection.of(source, options).toText());
  }

  /** A model directory holds the network alone. */
  private static void sayWhatStays(PipelineFolder pipeline, Context context) {
    pipeline
        .autoencoder()
        .ifPresent(
            vae ->
                context
                    .err()
                    .println(
                        "canbridge: the pipeline's autoencoder is not imported: sample, verify"
                            + " --vae "
                            + vae));
    pipeline
        .scheduler()
        .ifPresent(
            file ->
                context
                    .err()
                    .println(
                        "canbridge: of the pipeline's scheduler what it tells of training is"
                            + " imported, its solver is not: sample --scheduler "
                            + file));
  }

  private static Checkpoint adapted(Checkpoint published, Adaptation adaptation)
      throws UsageException {
    try {
      return published.adapted(adaptation);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  /** Weights that are to be written as float32 are folded as such. */
  private static Checkpoint widened(Checkpoint checkpoint, WriteOptions writing) {
    if (writing.dtype().filter(DType.F32::equals).isEmpty()) {
      return checkpoint;
    }
    Map<String, TensorData> tensors = new LinkedHashMap<>(checkpoint.tensors());
    tensors.replaceAll(
        (name, tensor) ->
            tensor.type().dtype().isFloating() ? Tensors.as(tensor, DType.F32) : tensor);
    return checkpoint.withTensors(tensors);
  }

  private static NormFolding folded(Checkpoint checkpoint, Target device) throws UsageException {
    try {
      return NormFolding.of(checkpoint, 0, device);
    } catch (IllegalArgumentException e) {
      throw new UsageException(FOLD_BATCH_NORM + ": " + e.getMessage());
    }
  }

  private static String report(NormFolding folding) {
    return String.format(
        Locale.ROOT,
        "%d batch norms folded; largest difference on random images %.2e of the standard deviation"
            + " of '%s' (allowed: %.0e)%n%s%n",
        folding.norms(),
        folding.check().share(),
        folding.check().output(),
        SameFunction.TOLERANCE,
        folding.check().holds()
            ? "the function is preserved"
            : "FAILED: nothing was written; weights narrower than float32 need --dtype f32 as"
                + " well");
  }

  private static void write(
      Path target,
      Checkpoint checkpoint,
      WriteOptions writing,
      NonFinite.Watch watch,
      Context context)
      throws UsageException, IOException {
    try (CountedTensors counted = new CountedTensors("import", watch.tensors(), context)) {
      ModelDirectory.write(target, checkpoint.withTensors(counted.tensors()), writing);
    } catch (ArithmeticException e) {
      throw new UsageException(CommonOptions.DTYPE + ": " + e.getMessage());
    }
    CommonOptions.warn(watch, context);
  }

  private static WriteOptions writing(Invocation invocation) throws UsageException {
    WriteOptions options = ModelOutput.writing(invocation);
    return invocation.get(CommonOptions.DTYPE).map(options::withDtype).orElse(options);
  }

  private static String report(Path target, Checkpoint checkpoint) {
    Provenance provenance = checkpoint.provenance();
    StringBuilder text = new StringBuilder(target.toString()).append('\n');
    line(text, "network", checkpoint.config().architecture());
    checkpoint.publishedName().ifPresent(name -> line(text, "published", name));
    line(text, "layout", provenance.layout());
    provenance.changes().forEach(change -> line(text, "changed", change));
    line(text, "tensors", provenance.used() + " used, " + ignored(provenance) + " ignored");
    provenance.sources().forEach(from -> line(text, "sha256", from.sha256() + "  " + from.file()));
    return text.toString();
  }

  private static long ignored(Provenance provenance) {
    return provenance.ignored().values().stream().mapToLong(List::size).sum();
  }

  private static void line(StringBuilder text, String label, String value) {
    text.append(String.format(Locale.ROOT, "  %-10s%s%n", label, value));
  }
}
