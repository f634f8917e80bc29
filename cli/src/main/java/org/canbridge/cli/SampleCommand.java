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
import java.util.stream.IntStream;
import org.apache.commons.cli.Options;
import org.canbridge.importers.format.MemoryTensor;
import org.canbridge.importers.format.SafetensorsWriter;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.ModelSampler;
import org.canbridge.runtime.diffusion.GuidedChannels;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.Respacing;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.image.PngGrid;

/** {@code canbridge sample}: pictures from a model. */
final class SampleCommand implements Command {
  private static final int DEFAULT_CLASSES = 10;
  private static final int MAX_COUNT = 1 << 20;

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
    return "MODEL [--out GRID.png] [--save-latents F] [--classes 0,1,..] [--count N]"
        + " [--sampler ddpm|ddim] [--steps N] [--cfg S] [--seed N]";
  }

  @Override
  public String description() {
    return "Draws images from a published checkpoint or a model directory. Models of pixels (1 or 3"
        + " channels) give a PNG grid; the latents of others are saved as they are. Image k of a seed"
        + " is the same in every batch size.";
  }

  @Override
  public Options options() {
    return ModelOptions.addTo(new Options())
        .addOption(CommonOptions.value("out", "FILE.png", "the grid of all images"))
        .addOption(
            CommonOptions.value(
                "save-latents", "FILE", "the images before PNG, (B, C, H, W) f32 safetensors"))
        .addOption(
            CommonOptions.value(
                "classes", "LIST", "class numbers, in the order of the images; the first ten"))
        .addOption(
            CommonOptions.value("count", "N", "how many images, the classes in turn; one of each"))
        .addOption(CommonOptions.value("columns", "N", "images in a row of the grid; 10"))
        .addOption(CommonOptions.value("sampler", "ddpm|ddim", "the solver; ddpm"))
        .addOption(CommonOptions.value("steps", "N", "steps, or a respacing such as ddim50; 250"))
        .addOption(CommonOptions.value("eta", "X", "noise of ddim, 0..1; 0"))
        .addOption(
            CommonOptions.value("cfg", "S", "scale of classifier-free guidance, 1 for none; 4"))
        .addOption(
            CommonOptions.value(
                "cfg-channels",
                "all|first3",
                "channels that are guided; first3 is what DiT's own code does"))
        .addOption(
            CommonOptions.flag("clip", "limit the estimate of the image to -1..1 at each step"))
        .addOption(CommonOptions.value("seed", "N", "seed of all noise; 0"))
        .addOption(CommonOptions.value("batch", "N", "images at a time; 10"))
        .addOption(CommonOptions.value("precision", "f32|bf16", "arithmetic; f32"));
  }

  @Override
  public List<Example> examples() {
    return List.of(
        new Example(
            "sample dit-fmnist --out clothes.png --steps 50 --sampler ddim --cfg 2",
            "ten classes, one image each"),
        new Example(
            "sample dit-xl-2 --classes 207,360 --count 8 --save-latents latents.safetensors",
            "latents of a model without its autoencoder"));
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    Path source = invocation.pathOperand("MODEL");
    Optional<Path> grid = invocation.path("out");
    Optional<Path> latents = invocation.path("save-latents");
    if (grid.isEmpty() && latents.isEmpty()) {
      throw new UsageException("needs --out FILE.png or --save-latents FILE");
    }
    SamplingSettings settings = settings(invocation);
    int batch = invocation.integer("batch", 1, MAX_COUNT).orElse(10);
    int columns = invocation.integer("columns", 1, MAX_COUNT).orElse(10);
    Precision precision = invocation.choice("precision", precisions()).orElse(Precision.F32);
    try (Model model = Model.open(source, ModelOptions.read(invocation));
        Session session = model.session(precision)) {
      ModelSampler sampler = ModelSampler.of(model, session);
      if (grid.isPresent() && !PngGrid.canShow(sampler.shape())) {
        throw new UsageException(
            "the images of this model are latents of "
                + sampler.shape()
                + ", which a PNG cannot show; use --save-latents FILE");
      }
      long[] labels = labels(invocation, sampler.classes());
      Latents images = draw(sampler, settings, labels, batch, context);
      Map<String, String> text = new LinkedHashMap<>(settings.describe());
      text.put("model", source.getFileName().toString());
      if (latents.isPresent()) {
        save(images, latents.get(), text);
        context.out().println("wrote " + latents.get());
      }
      if (grid.isPresent()) {
        PngGrid.ofColumns(Math.min(columns, labels.length)).write(images, grid.get(), text);
        context.out().println("wrote " + grid.get());
      }
    }
    return ExitStatus.OK;
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
                    step -> progress.advanceTo(done + step.done()),
                    context::interrupted);
        System.arraycopy(images.values(), 0, all, from * shape.size(), images.values().length);
      }
    }
    return new Latents(shape, all);
  }

  private static void save(Latents images, Path file, Map<String, String> text) throws IOException {
    float[] values = new float[images.values().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) images.get(i);
    }
    ImageShape shape = images.shape();
    MemoryTensor tensor =
        MemoryTensor.of(values, images.batch(), shape.channels(), shape.height(), shape.width());
    SafetensorsWriter.write(file, Map.of("latents", tensor), text);
  }

  private static Map<String, Precision> precisions() {
    Map<String, Precision> precisions = new LinkedHashMap<>();
    for (Precision each : Precision.values()) {
      precisions.put(each.name().toLowerCase(Locale.ROOT), each);
    }
    return precisions;
  }

  private static SamplingSettings settings(Invocation invocation) throws UsageException {
    try {
      SolverName solver = SolverName.parse(invocation.text("sampler").orElse("ddpm"));
      SamplingSettings settings =
          SamplingSettings.of(solver, Respacing.parse(invocation.text("steps").orElse("250")))
              .withGuidance(invocation.number("cfg", -1e6, 1e6).orElse(4))
              .withEta(invocation.number("eta", 0, 1).orElse(0))
              .withClipDenoised(invocation.flag("clip"))
              .withSeed(invocation.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE).orElse(0));
      Optional<String> channels = invocation.text("cfg-channels");
      return channels.isEmpty()
          ? settings
          : settings.withGuidedChannels(GuidedChannels.parse(channels.get()));
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private static long[] labels(Invocation invocation, int classes) throws UsageException {
    List<Integer> first = IntStream.range(0, Math.min(DEFAULT_CLASSES, classes)).boxed().toList();
    List<Integer> chosen = invocation.integers("classes", 0, classes - 1).orElse(first);
    OptionalInt count = invocation.integer("count", 1, MAX_COUNT);
    long[] labels = new long[count.orElse(chosen.size())];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = chosen.get(i % chosen.size());
    }
    return labels;
  }
}
