package org.canbridge.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.runtime.LatentDecoder;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.ModelSampler;
import org.canbridge.runtime.SchedulerFile;
import org.canbridge.runtime.bulk.BulkPlan;
import org.canbridge.runtime.bulk.BulkRun;
import org.canbridge.runtime.bulk.ImageFile;
import org.canbridge.runtime.bulk.LatentFile;
import org.canbridge.runtime.bulk.PngImageFile;
import org.canbridge.runtime.diffusion.DiffusersScheduler;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.StepListener;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.image.PngGrid;

/** {@code canbridge sample}: pictures from a model. */
final class SampleCommand implements Command {
  private static final int DEFAULT_CLASSES = 10;

  /** A grid is one picture in memory. */
  private static final int MAX_GRID = 1 << 20;

  private static final Opt<Optional<Path>> OUT =
      CommonOptions.out("FILE.png|DIR").help("a grid, or a folder of numbered files");
  private static final Opt<Optional<Path>> SAVE_LATENTS =
      Opt.path("save-latents", "FILE")
          .help("the images as drawn, not decoded, (B, C, H, W) f32 safetensors");
  private static final Opt<Optional<Path>> VAE =
      Opt.path("vae", "DIR")
          .usually("a pipeline folder's own")
          .help("the autoencoder that turns latents into pictures");
  private static final Opt<Optional<String>> CLASSES =
      Opt.text("classes", "LIST")
          .usually("the first ten, in a folder all")
          .help("class numbers, in the order of the images");
  private static final Opt<Optional<Integer>> COUNT =
      Opt.integer("count", 1, Integer.MAX_VALUE)
          .usually("one of each class")
          .help("how many images, the classes in turn");
  private static final Opt<Integer> COLUMNS =
      Opt.integer("columns", 1, MAX_GRID).defaultsTo(10).help("images in a row of the grid");
  private static final Opt<Shard> SHARD =
      Opt.of("shard", "I/N", Shard::read)
          .defaultsTo(new Shard(1, 1))
          .help("of N jobs that fill one folder, the I-th, from 1");
  private static final Opt<Integer> BATCH =
      Opt.integer("batch", 1, MAX_GRID).defaultsTo(10).help("images at a time");
  private static final Opt<Precision> PRECISION =
      CommonOptions.precision("arithmetic", Precision.values());

  @Override
  public String name() {
    return "sample";
  }

  @Override
  public String summary() {
    return "draws images of given classes";
  }

  @Override
  public String synopsis() {
    return "MODEL [--out GRID.png|DIR] [--save-latents FILE] [--vae DIR]"
        + " [--classes LIST|--prompt TEXT] [--count N] [--shard I/N] [--sampler NAME] [--steps N]"
        + " [--cfg S] [--seed N]";
  }

  @Override
  public String description() {
    return "Draws images from a published checkpoint or a model directory. Models of pixels (1 or 3"
        + " channels) give pictures; the latents of others are decoded with --vae or saved"
        + " as they are. --out with a name that ends in .png is one grid of all images; any"
        + " other is a folder of numbered files, one an image, which a second start of the"
        + " same command goes on filling where the first was stopped. Image k of a seed is"
        + " the same in every batch size, up to rounding. A pipeline folder of diffusers is"
        + " sampled by its own scheduler and decoded with its own autoencoder; options go"
        + " before what its files say.";
  }

  @Override
  public List<OptionGroup> options() {
    return List.of(
        OptionGroup.own(OUT, SAVE_LATENTS, VAE, CLASSES, COUNT, COLUMNS, SHARD, BATCH, PRECISION),
        SamplingOptions.GROUP,
        PromptOptions.GROUP,
        ModelOptions.GROUP);
  }

  @Override
  public List<Example> examples() {
    return List.of(
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
            "the third of eight parts of a large set"));
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    Path source = ModelOptions.path(invocation, "MODEL");
    Optional<Path> out = invocation.get(OUT);
    Optional<Path> latents = invocation.get(SAVE_LATENTS);
    if (out.isEmpty() && latents.isEmpty()) {
      throw new UsageException("needs --out FILE.png, --out DIR or --save-latents FILE");
    }
    boolean folder = out.isPresent() && !isPicture(out.get());
    if (folder && latents.isPresent()) {
      throw new UsageException("--save-latents goes with a grid, not with a folder of images");
    }
    if (!folder && invocation.has(SHARD)) {
      throw new UsageException("--shard goes with --out DIR");
    }
    Optional<PipelineFolder> pipeline = PipelineFolder.at(source);
    Optional<SchedulerFile> scheduler =
        invocation
            .get(SamplingOptions.SCHEDULER)
            .or(() -> pipeline.flatMap(PipelineFolder::scheduler))
            .map(SchedulerFile::open);
    SamplingOptions options = SamplingOptions.read(invocation, scheduler);
    Precision precision = invocation.get(PRECISION);
    Optional<Path> vae =
        invocation
            .get(VAE)
            .or(() -> out.flatMap(o -> pipeline).flatMap(PipelineFolder::autoencoder));
    PromptOptions prompts = PromptOptions.read(invocation);
    try (Model model = Model.open(source, ModelOptions.read(invocation));
        Session session = model.session(precision);
        LatentDecoder decoder =
            vae.isPresent()
                ? LatentDecoder.open(vae.get(), ImportOptions.defaults(), precision)
                : null) {
      ModelSampler usual = prompts.sampler(model, session, precision);
      ModelSampler sampler =
          scheduler.map(SchedulerFile::trained).map(usual::trainedOn).orElse(usual);
      Pictures pictures = Pictures.of(sampler, Optional.ofNullable(decoder));
      SamplingSettings settings = options.of(sampler);
      Map<String, String> text = new LinkedHashMap<>(settings.describe());
      scheduler.map(SchedulerFile::describeTrained).ifPresent(text::putAll);
      text.put("model", source.toAbsolutePath().getFileName().toString());
      prompts.describe(text);
      vae.ifPresent(path -> text.put("vae", path.toAbsolutePath().getFileName().toString()));
      if (precision != Precision.F32) {
        text.put("precision", precision.name().toLowerCase(Locale.ROOT));
      }
      if (pipeline.isPresent()) {
        say(invocation, settings, vae, context);
      }
      if (folder) {
        fill(out.get(), pictures, settings, text, invocation, context);
      } else {
        grid(out, latents, pictures, settings, text, invocation, context);
      }
    }
    return ExitStatus.OK;
  }

  /** What is taken from a pipeline folder without having been asked for. */
  private static void say(
      Invocation invocation, SamplingSettings settings, Optional<Path> vae, Context context) {
    if (!invocation.has(SamplingOptions.SCHEDULER)
        && settings.solver() instanceof DiffusersScheduler) {
      context
          .err()
          .println("canbridge: sampling by the pipeline's own scheduler, " + settings.solver());
    }
    if (!invocation.has(VAE) && vae.isPresent()) {
      context
          .err()
          .println("canbridge: decoding with the pipeline's own autoencoder, " + vae.get());
    }
  }

  private static boolean isPicture(Path out) {
    return out.toString().toLowerCase(Locale.ROOT).endsWith(".png");
  }

  /**
   * What a model draws, and how it is shown.
   *
   * @param sampler draws
   * @param decoder turns latents into pictures
   */
  private record Pictures(ModelSampler sampler, Optional<LatentDecoder> decoder) {
    static Pictures of(ModelSampler sampler, Optional<LatentDecoder> decoder)
        throws UsageException {
      if (decoder.isPresent() && decoder.get().channels() != sampler.shape().channels()) {
        throw new UsageException(
            "the autoencoder decodes "
                + decoder.get().channels()
                + " channels, the model draws images of "
                + sampler.shape());
      }
      return new Pictures(sampler, decoder);
    }

    boolean canBeShown() {
      return decoder.isPresent() || PngGrid.canShow(sampler.shape());
    }

    Latents shown(Latents drawn) {
      return decoder.isPresent() ? decoder.get().decode(drawn) : drawn;
    }
  }

  private static void grid(
      Optional<Path> out,
      Optional<Path> latents,
      Pictures pictures,
      SamplingSettings settings,
      Map<String, String> text,
      Invocation invocation,
      Context context)
      throws UsageException, IOException {
    ModelSampler sampler = pictures.sampler();
    if (out.isPresent() && !pictures.canBeShown()) {
      throw new UsageException(
          "the images of this model are latents of "
              + sampler.shape()
              + ", which a PNG cannot show; use --vae DIR or --save-latents FILE");
    }
    int columns = invocation.get(COLUMNS);
    List<Integer> chosen = classes(invocation, sampler, DEFAULT_CLASSES);
    int count = invocation.get(COUNT).orElse(chosen.size());
    if (count > MAX_GRID) {
      throw new UsageException(
          "--count is '" + count + "', but a grid has at most " + MAX_GRID + "; use --out DIR");
    }
    long[] labels = new long[count];
    Arrays.setAll(labels, i -> chosen.get(i % chosen.size()));
    Latents images = draw(sampler, settings, labels, invocation.get(BATCH), context);
    if (latents.isPresent()) {
      LatentFile.save(images, latents.get(), text);
      context.out().println("wrote " + latents.get());
    }
    if (out.isPresent()) {
      PngGrid.ofColumns(Math.min(columns, labels.length))
          .write(pictures.shown(images), out.get(), text);
      context.out().println("wrote " + out.get());
    }
  }

  private static void fill(
      Path folder,
      Pictures pictures,
      SamplingSettings settings,
      Map<String, String> text,
      Invocation invocation,
      Context context)
      throws UsageException, IOException {
    ModelSampler sampler = pictures.sampler();
    List<Integer> chosen = classes(invocation, sampler, sampler.classes());
    Shard shard = invocation.get(SHARD);
    BulkPlan plan =
        new BulkPlan(
            invocation.get(COUNT).orElse(chosen.size()),
            invocation.get(BATCH),
            shard.number() - 1,
            shard.of());
    ImageFile files =
        pictures.canBeShown()
            ? new PngImageFile(text, image -> label(chosen, image))
            : new LatentFile(text, image -> label(chosen, image));
    Map<String, String> record = new LinkedHashMap<>(text);
    record.put("classes", invocation.get(CLASSES).orElse("all"));
    record.put("files", files.extension());
    BulkRun run = BulkRun.open(folder, plan, record, files);
    long remaining = run.remaining();
    if (remaining == 0) {
      context.out().println("all images are there in " + folder);
      return;
    }
    try (Progress progress = context.progress("sampling", remaining, "images")) {
      run.run(
          (first, size) -> {
            long[] labels = new long[size];
            Arrays.setAll(labels, i -> label(chosen, first + i));
            Latents drawn =
                sampler
                    .sampler()
                    .sample(settings, labels, first, StepListener.NONE, context::interrupted);
            return pictures.shown(drawn);
          },
          progress::advanceTo,
          context::interrupted);
    }
    context.out().println("wrote " + remaining + " images to " + folder);
  }

  private static long label(List<Integer> chosen, long image) {
    return chosen.get((int) (image % chosen.size()));
  }

  /**
   * One of the jobs that fill a folder.
   *
   * @param number which, from 1
   * @param of how many there are
   */
  private record Shard(int number, int of) {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,6})/([0-9]{1,6})");

    static Shard read(String name, String text) throws UsageException {
      Matcher matcher = FORM.matcher(text);
      if (matcher.matches()) {
        Shard shard =
            new Shard(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
        if (shard.number() >= 1 && shard.number() <= shard.of()) {
          return shard;
        }
      }
      throw new UsageException(name + " is '" + text + "', but must be I/N with I from 1 to N");
    }

    @Override
    public String toString() {
      return number + "/" + of;
    }
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

  private static List<Integer> classes(Invocation invocation, ModelSampler sampler, int first)
      throws UsageException {
    Optional<String> given = invocation.get(CLASSES);
    return given.isPresent()
        ? Value.list(Value.integer(0, sampler.classes() - 1)).read("--classes", given.get())
        : IntStream.range(0, Math.min(first, sampler.classes())).boxed().toList();
  }
}
