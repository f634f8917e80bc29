package org.canbridge.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.ModelSampler;
import org.canbridge.runtime.bulk.BulkRun;
import org.canbridge.runtime.bulk.LatentFile;
import org.canbridge.runtime.bulk.OpenJob;
import org.canbridge.runtime.bulk.SamplingJob;
import org.canbridge.runtime.bulk.Shard;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.TorchDevice;
import org.canbridge.runtime.image.PngGrid;

/** {@code canbridge sample}: pictures from a model. */
final class SampleCommand implements Command {
  private static final int DEFAULT_CLASSES = 10;

  /** Of the autoencoders that published models go with. */
  private static final int LATENT_FACTOR = 8;

  /** A grid is one picture in memory. */
  private static final int MAX_GRID = 1 << 20;

  private static final String PNG = "png";

  private static final Opt<Optional<Path>> OUT =
      CommonOptions.out("FILE.png|DIR").help("a grid, or a folder of numbered files");
  private static final Opt<Optional<Path>> SAVE_LATENTS =
      Opt.file("save-latents", "FILE", "safetensors")
          .help("the images as drawn, not decoded, (B, C, H, W) f32 safetensors");
  private static final Opt<Optional<Path>> VAE =
      Opt.path("vae", "DIR")
          .elsewhere("autoencoder", "decoder", "first-stage")
          .usually("a pipeline folder's own")
          .help("the autoencoder that turns latents into pictures");
  private static final Opt<Optional<String>> CLASSES =
      Opt.text("classes", "LIST")
          .elsewhere("class-labels", "labels", "class-cond")
          .usually("the first ten, in a folder all")
          .help(
              "class numbers, ranges such as 5-7, and names where the model's folder has them, in"
                  + " the order of the images");
  private static final Opt<Optional<Integer>> IMAGE_SIZE =
      Opt.integer("image-size", 1, 1 << 20)
          .elsewhere("resolution", "size")
          .help("the image's side in pixels: checked, since a model has its own");
  private static final Opt<Optional<Long>> COUNT =
      Opt.whole("count", 1, Long.MAX_VALUE)
          .elsewhere("num-samples", "n-samples", "num-images", "num-fid-samples", "number")
          .usually("one of each class")
          .help("how many images, the classes in turn");
  private static final Opt<Integer> COLUMNS =
      Opt.integer("columns", 1, MAX_GRID).defaultsTo(10).help("images in a row of the grid");
  private static final Opt<Shard> SHARD =
      Opt.of("shard", "I/N", Value.parsed(Shard::parse))
          .defaultsTo(Shard.WHOLE)
          .help("of N jobs that fill one folder, the I-th, from 1");
  private static final Opt<Integer> BATCH =
      Opt.integer("batch", 1, SamplingJob.MAX_BATCH)
          .elsewhere("per-proc-batch-size")
          .defaultsTo(10)
          .help("images at a time");
  private static final Opt<Precision> PRECISION =
      CommonOptions.precision("arithmetic", Precision.values());
  private static final Opt<Optional<Path>> SAVE_JOB =
      Opt.file("save-job", "FILE.json", "json")
          .help("draw nothing, and write all these options as a job that --job runs");
  private static final Opt<Optional<Path>> JOB =
      Opt.path("job", "FILE.json")
          .help("run a written job: goes with --out DIR, --device, and --shard for another part");

  @Override
  public About about() {
    return new About(
        "sample",
        "draws images of given classes",
        "MODEL|--job FILE [--out GRID.png|DIR] [--save-latents FILE] [--vae DIR]"
            + " [--classes LIST|--prompt TEXT] [--count N] [--shard I/N] [--sampler NAME] [--steps N]"
            + " [--cfg S] [--seed N] [--engine NAME]",
        "Draws images from a published checkpoint or a model directory. Models of pixels (1 or 3"
            + " channels) give pictures; the latents of others are decoded with --vae or saved"
            + " as they are. --out with a name that ends in .png is one grid of all images; any"
            + " other is a folder of numbered files, one an image, which a second start of the"
            + " same command goes on filling where the first was stopped. Image k of a seed is"
            + " the same in every batch size, up to rounding. A pipeline folder of diffusers is"
            + " sampled by its own scheduler and decoded with its own autoencoder; options go"
            + " before what its files say. With --engine onnxruntime what export --format onnx"
            + " wrote is drawn from as it is.",
        List.of(
            new Example(
                "sample dit-fmnist --out clothes.png --sampler unipc --steps 20 --cfg 2",
                "ten classes, one image each"),
            new Example(
                "sample dit-xl-2 --vae sd-vae-ft-mse --classes 207,360 --count 8 --out dogs.png",
                "pictures from a model of latents"),
            new Example(
                "sample DiT-XL-2-256 --steps 50 --out grid.png",
                "a pipeline folder of diffusers, by its own scheduler and autoencoder"),
            new Example(
                "sample dit-xl-2 --vae sd-vae-ft-mse --count 50000 --out samples --shard 3/8",
                "the third of eight parts of a large set"),
            new Example(
                "sample dit-xl-2 --vae sd-vae-ft-mse --count 50000 --save-job job.json",
                "the whole set as a file that any machine can run"),
            new Example(
                "sample --job job.json --out samples --shard 3/8",
                "the third part of that, there")));
  }

  @Override
  public List<OptionGroup> options() {
    return List.of(
        OptionGroup.own(
            OUT,
            SAVE_LATENTS,
            VAE,
            CLASSES,
            IMAGE_SIZE,
            COUNT,
            COLUMNS,
            SHARD,
            BATCH,
            PRECISION,
            CommonOptions.ENGINE,
            CommonOptions.DEVICE,
            SAVE_JOB,
            JOB),
        SamplingOptions.GROUP,
        PromptOptions.GROUP,
        ModelOptions.GROUP);
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    Optional<Path> out = invocation.get(OUT);
    Optional<Path> latents = invocation.get(SAVE_LATENTS);
    Optional<Path> written = invocation.get(SAVE_JOB);
    boolean folder = out.isPresent() && isFolder(out.get());
    if (invocation.has(JOB)) {
      runWritten(invocation, context);
      return ExitStatus.OK;
    }
    if (out.isEmpty() && latents.isEmpty() && written.isEmpty()) {
      throw new UsageException("needs --out FILE.png, --out DIR or --save-latents FILE");
    }
    if (written.isPresent() && (out.isPresent() || latents.isPresent())) {
      throw new UsageException("--save-job draws nothing; --out goes with --job");
    }
    if (folder && latents.isPresent()) {
      throw new UsageException("--save-latents goes with a grid, not with a folder of images");
    }
    if (!folder && written.isEmpty() && invocation.has(SHARD)) {
      throw new UsageException("--shard goes with --out DIR");
    }
    for (Optional<Path> file : List.of(folder ? Optional.<Path>empty() : out, latents, written)) {
      checkFolder(file);
    }
    SamplingJob job = job(invocation, latents.isPresent() && out.isEmpty());
    if (written.isPresent()) {
      job.write(written.get());
      context.out().println("wrote " + written.get());
      return ExitStatus.OK;
    }
    try (OpenJob open = opened(job, device(invocation, job))) {
      checkSize(invocation.get(IMAGE_SIZE), open.sampler().shape());
      open.remarks().forEach(remark -> context.err().println("canbridge: " + remark));
      if (folder) {
        fill(out.get(), open, context);
      } else {
        grid(out, latents, open, invocation, context);
      }
    }
    return ExitStatus.OK;
  }

  /** What is drawn should not be lost for want of a folder. */
  private static void checkFolder(Optional<Path> file) throws NoSuchFileException {
    Optional<Path> parent = file.map(Path::toAbsolutePath).map(Path::getParent);
    if (parent.isPresent() && !Files.isDirectory(parent.get())) {
      throw new NoSuchFileException(parent.get().toString());
    }
  }

  private static Optional<TorchDevice> device(Invocation invocation, SamplingJob job)
      throws UsageException {
    return CommonOptions.target(invocation, job.engine(), job.precision()).device();
  }

  private static OpenJob opened(SamplingJob job, Optional<TorchDevice> device)
      throws UsageException {
    try {
      return OpenJob.open(job, device);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private static SamplingJob job(Invocation invocation, boolean latentsOnly)
      throws UsageException, IOException {
    Path model = ModelOptions.path(invocation, "MODEL");
    return new SamplingJob(
        model,
        ModelOptions.read(invocation),
        ModelOptions.part(invocation, VAE, "vae"),
        invocation.get(SamplingOptions.SCHEDULER),
        SamplingOptions.read(invocation),
        invocation.get(CommonOptions.ENGINE),
        invocation.get(PRECISION),
        PromptOptions.read(invocation),
        classes(invocation, model),
        invocation.get(COUNT),
        invocation.get(BATCH),
        invocation.get(SHARD),
        latentsOnly ? SamplingJob.Output.LATENTS : SamplingJob.Output.AUTO);
  }

  private static Optional<List<Integer>> classes(Invocation invocation, Path model)
      throws UsageException {
    Optional<String> text = invocation.get(CLASSES);
    ImportOptions options = ModelOptions.read(invocation);
    return text.isEmpty()
        ? Optional.empty()
        : Optional.of(ClassList.read(CLASSES, text.get(), () -> names(model, options)));
  }

  private static Map<Integer, List<String>> names(Path model, ImportOptions options) {
    try (Checkpoint checkpoint = Checkpoints.open(model, options)) {
      return checkpoint.classNames();
    }
  }

  /** A model draws one size; that of a latent is an eighth of its picture's. */
  private static void checkSize(Optional<Integer> asked, ImageShape shape) throws UsageException {
    int side = shape.width();
    boolean drawn = asked.isEmpty() || asked.get() == side;
    if (!drawn && (PngGrid.canShow(shape) || asked.get() != LATENT_FACTOR * side)) {
      throw new UsageException(
          IMAGE_SIZE
              + " is "
              + asked.get()
              + ", but this model draws "
              + shape
              + "; import --image-size makes one of another size");
    }
  }

  /** Runs a job's file, which says everything but where the images go and which part is drawn. */
  private static void runWritten(Invocation invocation, Context context)
      throws UsageException, IOException {
    invocation.only(JOB, OUT, SHARD, CommonOptions.DEVICE);
    Path file = invocation.get(JOB).orElseThrow();
    Path out = invocation.get(OUT).orElseThrow(() -> new UsageException("--job needs --out DIR"));
    if (!isFolder(out)) {
      throw new UsageException("--job fills a folder, and " + out + " is the name of a grid");
    }
    SamplingJob job = SamplingJob.read(file);
    job = invocation.has(SHARD) ? job.withShard(invocation.get(SHARD)) : job;
    try (OpenJob open = OpenJob.open(job, device(invocation, job), file)) {
      open.remarks().forEach(remark -> context.err().println("canbridge: " + remark));
      fill(out, open, context);
    }
  }

  /** Whether images go into a folder: a name that promises another file is refused. */
  private static boolean isFolder(Path out) throws UsageException {
    if (Files.isDirectory(out)) {
      return true;
    }
    FileNames.check(OUT.toString(), out, PNG);
    return !FileNames.has(PNG, out);
  }

  private static void grid(
      Optional<Path> out,
      Optional<Path> latents,
      OpenJob open,
      Invocation invocation,
      Context context)
      throws UsageException, IOException {
    if (out.isPresent() && !open.canBeShown()) {
      throw new UsageException(
          "the images of this model are latents of "
              + open.sampler().shape()
              + ", which a PNG cannot show; use --vae DIR or --save-latents FILE");
    }
    List<Integer> chosen = open.classes(DEFAULT_CLASSES);
    long count = invocation.get(COUNT).orElse((long) chosen.size());
    if (count > MAX_GRID) {
      throw new UsageException(
          "--count is '" + count + "', but a grid has at most " + MAX_GRID + "; use --out DIR");
    }
    long[] labels = new long[(int) count];
    Arrays.setAll(labels, i -> chosen.get(i % chosen.size()));
    Latents images = draw(open.sampler(), open.settings(), labels, invocation.get(BATCH), context);
    if (latents.isPresent()) {
      LatentFile.save(images, latents.get(), open.describe());
      context.out().println("wrote " + latents.get());
    }
    if (out.isPresent()) {
      PngGrid.ofColumns(Math.min(invocation.get(COLUMNS), labels.length))
          .write(open.shown(images), out.get(), open.describe());
      context.out().println("wrote " + out.get());
    }
  }

  private static void fill(Path folder, OpenJob open, Context context) throws IOException {
    BulkRun run = open.begin(folder);
    long remaining = run.remaining();
    if (remaining == 0) {
      context.out().println("all images are there in " + folder);
      return;
    }
    try (Progress progress = context.progress("sampling", remaining, "images")) {
      run.run(open.drawer(context::interrupted), progress::advanceTo, context::interrupted);
    }
    context.out().println("wrote " + remaining + " images to " + folder);
  }

  static Latents draw(
      ModelSampler sampler, SamplingSettings settings, long[] labels, int batch, Context context) {
    ImageShape shape = sampler.shape();
    double[] all = new double[Math.multiplyExact(labels.length, shape.size())];
    int steps = settings.respacing().steps();
    int batches = (labels.length + batch - 1) / batch;
    try (Progress progress = context.progress("sampling", (long) batches * steps, "steps")) {
      for (int b = 0; b < batches; b++) {
        int from = b * batch;
        int to = Math.min(labels.length, from + batch);
        long done = (long) b * steps;
        Latents images =
            sampler
                .sampler()
                .sample(
                    settings,
                    Arrays.copyOfRange(labels, from, to),
                    from,
                    // A singlestep solver's step takes more than one of the steps asked for.
                    step -> progress.advanceTo(done + (long) step.done() * steps / step.of()),
                    context::interrupted);
        System.arraycopy(images.values(), 0, all, from * shape.size(), images.values().length);
      }
    }
    return new Latents(shape, all);
  }
}
