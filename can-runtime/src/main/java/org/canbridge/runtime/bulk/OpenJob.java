package org.canbridge.runtime.bulk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.importers.published.SchedulerFile;
import org.canbridge.runtime.ExportedModel;
import org.canbridge.runtime.LatentDecoder;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.ModelSampler;
import org.canbridge.runtime.SampledModel;
import org.canbridge.runtime.TextEncoder;
import org.canbridge.runtime.diffusion.DiffusersScheduler;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.StepListener;
import org.canbridge.runtime.diffusion.TrainedSchedule;
import org.canbridge.runtime.engine.EngineName;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.engine.TorchDevice;
import org.canbridge.runtime.family.TextInput;
import org.canbridge.runtime.image.PngGrid;
import org.canbridge.tensors.files.InputFileException;

/** A {@link SamplingJob} with its model open, so that what the job leaves open is settled. */
public final class OpenJob implements AutoCloseable {
  private static final int MAX_WORDS = 200;

  private final SamplingJob job;
  private final Target target;
  private final Optional<SchedulerFile> scheduler;
  private final Optional<Path> autoencoder;
  private final Deque<Runnable> closing = new ArrayDeque<>();
  private Optional<String> assumption = Optional.empty();
  private Optional<String> cut = Optional.empty();
  private ModelSampler sampler;
  private SamplingSettings settings;
  private Optional<LatentDecoder> decoder = Optional.empty();

  private OpenJob(
      SamplingJob job, Optional<TorchDevice> device, Optional<PipelineFolder> pipeline) {
    this.job = job;
    this.target = new Target(job.engine(), device, job.precision());
    this.scheduler =
        job.scheduler()
            .or(() -> pipeline.flatMap(PipelineFolder::scheduler))
            .map(SchedulerFile::open);
    this.autoencoder =
        job.output() == SamplingJob.Output.LATENTS
            ? Optional.empty()
            : job.autoencoder().or(() -> pipeline.flatMap(PipelineFolder::autoencoder));
  }

  /**
   * Opens the model and what belongs to it.
   *
   * @param device that it runs on; empty for the engine's own choice
   * @throws IllegalArgumentException if the job does not go with the model
   * @throws InputFileException if a file cannot be used
   */
  public static OpenJob open(SamplingJob job, Optional<TorchDevice> device) {
    OpenJob open = new OpenJob(job, device, PipelineFolder.at(job.model()));
    try {
      open.openParts();
      return open;
    } catch (RuntimeException e) {
      open.close();
      throw e;
    }
  }

  /**
   * Opens a job that was read from a file.
   *
   * @param device that it runs on; empty for the engine's own choice
   * @throws InputFileException if the job does not go with the model, or a file cannot be used
   */
  public static OpenJob open(SamplingJob job, Optional<TorchDevice> device, Path file) {
    try {
      return open(job, device);
    } catch (IllegalArgumentException e) {
      throw InputFileException.of(BulkProblem.JOB_OF_ANOTHER_MODEL, file)
          .what("the sampling job does not go with its model")
          .expected("settings that the model can be sampled with")
          .actual(e.getMessage())
          .next("mend the file, or write the job anew with sample --save-job")
          .cause(e)
          .build();
    }
  }

  private void openParts() {
    SampledModel model = model();
    if (autoencoder.isPresent()) {
      LatentDecoder opened =
          LatentDecoder.open(autoencoder.get(), ImportOptions.defaults(), target);
      closing.push(opened::close);
      decoder = Optional.of(opened);
    }
    ModelSampler usual = sampler(model);
    sampler = scheduler.map(file -> usual.trainedOn(trained(model, file))).orElse(usual);
    if (decoder.isPresent() && decoder.get().channels() != sampler.shape().channels()) {
      throw new IllegalArgumentException(
          "the autoencoder decodes "
              + decoder.get().channels()
              + " channels, the model draws images of "
              + sampler.shape());
    }
    if (job.output() == SamplingJob.Output.PNG && !canBeShown()) {
      throw new IllegalArgumentException(
          "the images of this model are latents of "
              + sampler.shape()
              + ", which a PNG cannot show without an autoencoder");
    }
    settings = job.request().settings(sampler, scheduler);
    int last = sampler.classes() - 1;
    for (int label : job.classes().orElse(List.of())) {
      if (label > last) {
        throw new IllegalArgumentException(
            "class " + label + " is not one of the model's, 0 to " + last);
      }
    }
  }

  private SampledModel model() {
    Optional<ExportedModel> exported = ExportedModel.open(job.model(), job.opening(), target);
    if (exported.isPresent()) {
      closing.push(exported.get()::close);
      assumption = exported.get().assumption();
      return exported.get().sampled();
    }
    Model model = Model.open(job.model(), job.opening());
    closing.push(model::close);
    assumption = model.assumption();
    Session session = model.session(target);
    closing.push(session::close);
    return SampledModel.of(model, session);
  }

  /** A pipeline's own scheduler has had its say when the model was opened. */
  private TrainedSchedule trained(SampledModel model, SchedulerFile file) {
    if (job.scheduler().isEmpty()) {
      return DiffusersScheduler.inFloat32(model.diffusion().schedule());
    }
    file.objective(); // refuses with the file's name
    return DiffusersScheduler.trained(model.objective(), file.configuration());
  }

  private ModelSampler sampler(SampledModel model) {
    Optional<TextInput> input = model.text();
    if (input.isPresent() != job.texts().isPresent()) {
      throw new IllegalArgumentException(
          input.isPresent()
              ? "this model draws from text; give --prompt TEXT and --text-encoder DIR"
              : "this model is not conditioned on text; --prompt and --text-encoder are of no use"
                  + " to it");
    }
    if (input.isEmpty()) {
      return ModelSampler.of(model);
    }
    SamplingJob.Texts texts = job.texts().orElseThrow();
    try (TextEncoder encoder = TextEncoder.open(texts.encoder(), input.get(), target)) {
      cut = cut(texts, encoder, input.get().tokens());
      return ModelSampler.of(model, encoder.encode(texts.prompts(), texts.negative()));
    }
  }

  /** What is said of texts that are too long. */
  private static Optional<String> cut(SamplingJob.Texts texts, TextEncoder encoder, int tokens) {
    List<String> lost =
        Stream.concat(texts.prompts().stream(), Stream.of(texts.negative()))
            .map(encoder::lost)
            .filter(words -> !words.isEmpty())
            .toList();
    String others =
        lost.size() == 2
            ? "; so it is with another text"
            : "; so it is with " + (lost.size() - 1) + " other texts";
    return lost.stream()
        .findFirst()
        .map(
            words ->
                "a text is longer than the model's "
                    + tokens
                    + " tokens, so these words are lost: "
                    + (words.length() > MAX_WORDS ? words.substring(0, MAX_WORDS) + "..." : words)
                    + (lost.size() > 1 ? others : ""));
  }

  /** What draws. */
  public ModelSampler sampler() {
    return sampler;
  }

  /** How it draws. */
  public SamplingSettings settings() {
    return settings;
  }

  /** Whether the images can be pictures. */
  public boolean canBeShown() {
    return decoder.isPresent() || PngGrid.canShow(sampler.shape());
  }

  /**
   * Drawn images as pictures if there is an autoencoder.
   *
   * @param drawn {@code (B, C, H, W)}
   */
  public Latents shown(Latents drawn) {
    return decoder.isPresent() ? decoder.get().decode(drawn) : drawn;
  }

  /**
   * The classes that are drawn in turn.
   *
   * @param most of the model's, where the job names none
   */
  public List<Integer> classes(int most) {
    return job.classes()
        .orElseGet(() -> IntStream.range(0, Math.min(most, sampler.classes())).boxed().toList());
  }

  /**
   * What is assumed of the model's training, which words are lost, and what was taken from a
   * pipeline folder without having been asked for, one sentence each.
   */
  public List<String> remarks() {
    List<String> remarks = new ArrayList<>();
    if (scheduler.isEmpty()) {
      assumption.ifPresent(remarks::add);
    }
    cut.ifPresent(remarks::add);
    if (job.scheduler().isEmpty() && settings.solver() instanceof DiffusersScheduler own) {
      remarks.add("sampling by the pipeline's own scheduler, " + own);
    }
    if (job.autoencoder().isEmpty() && autoencoder.isPresent()) {
      remarks.add("decoding with the pipeline's own autoencoder, " + autoencoder.get());
    }
    return remarks;
  }

  /** All that decides what an image is, as text by name: for picture files. */
  public Map<String, String> describe() {
    Map<String, String> text = new LinkedHashMap<>(settings.describe());
    scheduler.map(SchedulerFile::describe).ifPresent(text::putAll);
    text.put("model", name(job.model()));
    job.texts()
        .ifPresent(
            texts -> {
              text.put("prompt", String.join("\n", texts.prompts()));
              text.put("negative_prompt", texts.negative());
            });
    autoencoder.ifPresent(path -> text.put("vae", name(path)));
    if (job.engine() != EngineName.PYTORCH) {
      text.put("engine", job.engine().toString());
    }
    if (job.precision() != Precision.F32) {
      text.put("precision", job.precision().name().toLowerCase(Locale.ROOT));
    }
    return text;
  }

  private static String name(Path path) {
    return path.toAbsolutePath().getFileName().toString();
  }

  /**
   * Begins to fill a folder, or takes up where it was stopped.
   *
   * @throws InputFileException if the folder holds images of another job, or other files
   * @throws IOException if the folder cannot be written
   */
  public BulkRun begin(Path folder) throws IOException {
    List<Integer> chosen = classes(Integer.MAX_VALUE);
    BulkPlan plan =
        new BulkPlan(
            job.count().orElse((long) chosen.size()),
            job.batch(),
            job.shard().number() - 1,
            job.shard().of());
    Map<String, String> text = describe();
    boolean pictures = job.output() != SamplingJob.Output.LATENTS && canBeShown();
    ImageFile files =
        pictures
            ? new PngImageFile(text, image -> label(chosen, image))
            : new LatentFile(text, image -> label(chosen, image));
    Map<String, String> record = new LinkedHashMap<>(text);
    record.put(
        "classes",
        job.classes()
            .map(list -> list.stream().map(String::valueOf).collect(Collectors.joining(",")))
            .orElse("all"));
    record.put("files", files.extension());
    return BulkRun.open(folder, plan, record, files);
  }

  /** Draws the batches of a run. */
  public BulkRun.Drawer drawer(BooleanSupplier cancelled) {
    List<Integer> chosen = classes(Integer.MAX_VALUE);
    return (first, size) -> {
      long[] labels = new long[size];
      Arrays.setAll(labels, i -> label(chosen, first + i));
      return shown(sampler.sampler().sample(settings, labels, first, StepListener.NONE, cancelled));
    };
  }

  private static long label(List<Integer> chosen, long image) {
    return chosen.get((int) (image % chosen.size()));
  }

  /** Closes the model and what belongs to it. */
  @Override
  public void close() {
    while (!closing.isEmpty()) {
      closing.pop().run();
    }
  }
}
