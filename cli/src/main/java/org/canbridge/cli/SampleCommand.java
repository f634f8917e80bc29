package org.canbridge.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.commons.cli.Options;
import org.canbridge.importers.ImportOptions;
import org.canbridge.importers.PipelineFolder;
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
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.diffusion.StepListener;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.image.PngGrid;

/** {@code canbridge sample}: pictures from a model. */
final class SampleCommand implements Command {
  private static final int DEFAULT_CLASSES = 10;

  /** A grid is one picture in memory. */
  private static final int MAX_GRID = 1 << 20;

  private static final Pattern SHARD = Pattern.compile("([0-9]{1,6})/([0-9]{1,6})");

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
    return "MODEL [--out GRID.png|DIR] [--save-latents F] [--vae DIR] [--classes 0,1,..|--prompt TEXT] [--count N]"
        + " [--shard I/N] [--sampler "
        + SolverName.names("|")
        + "] [--steps N] [--cfg S] [--seed N]";
  }

  @Override
  public String description() {
    return "Draws images from a published checkpoint or a model directory. Models of pixels (1 or 3"
        + " channels) give pictures; the latents of others are decoded with --vae or saved as they"
        + " are. --out with a name that ends in .png is one grid of all images; any other is a"
        + " folder of numbered files, one an image, which a second start of the same command goes on"
        + " filling where the first was stopped. Image k of a seed is the same in every batch size,"
        + " up to rounding. A pipeline folder of diffusers is sampled by its own scheduler and"
        + " decoded with its own autoencoder; options go before what its files say.";
  }

  @Override
  public Options options() {
    Options options = ModelOptions.addTo(new Options());
    options
        .addOption(
            CommonOptions.value("out", "FILE.png|DIR", "a grid, or a folder of numbered files"))
        .addOption(
            CommonOptions.value(
                "save-latents",
                "FILE",
                "the images as drawn, not decoded, (B, C, H, W) f32 safetensors"))
        .addOption(
            CommonOptions.value(
                "vae",
                "DIR",
                "the autoencoder that turns latents into pictures; a pipeline folder's own"))
        .addOption(
            CommonOptions.value(
                "classes",
                "LIST",
                "class numbers, in the order of the images; the first ten, in a folder all"))
        .addOption(
            CommonOptions.value("count", "N", "how many images, the classes in turn; one of each"))
        .addOption(CommonOptions.value("columns", "N", "images in a row of the grid; 10"))
        .addOption(
            CommonOptions.value(
                "shard", "I/N", "of N jobs that fill one folder, the I-th, from 1; 1/1"))
        .addOption(CommonOptions.value("batch", "N", "images at a time; 10"))
        .addOption(CommonOptions.value("precision", "f32|bf16", "arithmetic; f32"));
    return SamplingOptions.addTo(PromptOptions.addTo(options));
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
    Path source = invocation.pathOperand("MODEL");
    Optional<Path> out = invocation.path("out");
    Optional<Path> latents = invocation.path("save-latents");
    if (out.isEmpty() && latents.isEmpty()) {
      throw new UsageException("needs --out FILE.png, --out DIR or --save-latents FILE");
    }
    boolean folder = out.isPresent() && !isPicture(out.get());
    if (folder && latents.isPresent()) {
      throw new UsageException("--save-latents goes with a grid, not with a folder of images");
    }
    if (!folder && invocation.text("shard").isPresent()) {
      throw new UsageException("--shard goes with --out DIR");
    }
    Optional<PipelineFolder> pipeline = PipelineFolder.at(source);
    Optional<SchedulerFile> scheduler =
        invocation
            .path("scheduler")
            .or(() -> pipeline.flatMap(PipelineFolder::scheduler))
            .map(SchedulerFile::open);
    SamplingOptions options = SamplingOptions.read(invocation, scheduler);
    Precision precision = invocation.choice("precision", precisions()).orElse(Precision.F32);
    Optional<Path> vae =
        invocation
            .path("vae")
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
      Invocation invocation, SamplingSettings settings, Optional<Path> vae, Context context)
      throws UsageException {
    if (invocation.text("scheduler").isEmpty() && settings.solver() instanceof DiffusersScheduler) {
      context
          .err()
          .println("canbridge: sampling by the pipeline's own scheduler, " + settings.solver());
    }
    if (invocation.text("vae").isEmpty() && vae.isPresent()) {
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
    int columns = invocation.integer("columns", 1, MAX_GRID).orElse(10);
    List<Integer> chosen = classes(invocation, sampler, DEFAULT_CLASSES);
    long[] labels = new long[invocation.integer("count", 1, MAX_GRID).orElse(chosen.size())];
    Arrays.setAll(labels, i -> chosen.get(i % chosen.size()));
    Latents images = draw(sampler, settings, labels, batch(invocation), context);
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
    OptionalInt count = invocation.integer("count", 1, Integer.MAX_VALUE);
    BulkPlan plan = plan(invocation, count.orElse(chosen.size()));
    ImageFile files =
        pictures.canBeShown()
            ? new PngImageFile(text, image -> label(chosen, image))
            : new LatentFile(text, image -> label(chosen, image));
    Map<String, String> record = new LinkedHashMap<>(text);
    record.put("classes", invocation.text("classes").orElse("all"));
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

  private static BulkPlan plan(Invocation invocation, long count) throws UsageException {
    String text = invocation.text("shard").orElse("1/1");
    Matcher matcher = SHARD.matcher(text);
    int shard = matcher.matches() ? Integer.parseInt(matcher.group(1)) : 0;
    int shards = matcher.matches() ? Integer.parseInt(matcher.group(2)) : 0;
    if (shard < 1 || shard > shards) {
      throw new UsageException("--shard is '" + text + "', but must be I/N with I from 1 to N");
    }
    return new BulkPlan(count, batch(invocation), shard - 1, shards);
  }

  private static int batch(Invocation invocation) throws UsageException {
    return invocation.integer("batch", 1, MAX_GRID).orElse(10);
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

  private static Map<String, Precision> precisions() {
    Map<String, Precision> precisions = new LinkedHashMap<>();
    for (Precision each : Precision.values()) {
      precisions.put(each.name().toLowerCase(Locale.ROOT), each);
    }
    return precisions;
  }

  private static List<Integer> classes(Invocation invocation, ModelSampler sampler, int first)
      throws UsageException {
    return invocation
        .integers("classes", 0, sampler.classes() - 1)
        .orElse(IntStream.range(0, Math.min(first, sampler.classes())).boxed().toList());
  }
}
