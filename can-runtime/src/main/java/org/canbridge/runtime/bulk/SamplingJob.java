package org.canbridge.runtime.bulk;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.canbridge.importers.family.Weights;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.engine.EngineName;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.tensors.files.AtomicFile;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;
import org.canbridge.tensors.files.JsonFields;
import org.canbridge.tensors.files.Words;

/**
 * A set of images to be drawn, as data: whoever runs it, in a shell, a job array or a cluster, gets
 * the same bytes. Paths are as on a command line.
 *
 * <pre>{@code
 * Path file = Path.of("job.json");
 * try (OpenJob open = OpenJob.open(SamplingJob.read(file).withShard(new Shard(3, 8)), file)) {
 *   open.begin(Path.of("samples")).run(open.drawer(() -> false), drawn -> {}, () -> false);
 * }
 * }</pre>
 *
 * @param model a published file, a pipeline folder or a model directory
 * @param opening what the model's file does not tell
 * @param autoencoder turns latents into pictures; else a pipeline folder's own
 * @param scheduler a {@code scheduler_config.json}; else a pipeline folder's own
 * @param request how images are drawn
 * @param engine what runs the networks
 * @param precision the arithmetic
 * @param texts what a text-conditional model draws, in turn
 * @param classes what a model of classes draws, in turn; else all its classes
 * @param count how many images; else one of each class or text
 * @param batch images drawn together; rounding depends on it
 * @param shard the part of the images that this job draws
 * @param output what becomes of an image
 */
public record SamplingJob(
    Path model,
    ImportOptions opening,
    Optional<Path> autoencoder,
    Optional<Path> scheduler,
    SamplingRequest request,
    EngineName engine,
    Precision precision,
    Optional<Texts> texts,
    Optional<List<Integer>> classes,
    Optional<Long> count,
    int batch,
    Shard shard,
    Output output) {
  /** The most images that are drawn together. */
  public static final int MAX_BATCH = 1 << 20;

  private static final String FORMAT = "canbridge-job/1";
  private static final long MAX_BYTES = 256L << 20;

  /**
   * Texts instead of classes.
   *
   * @param prompts at least one
   * @param negative what guidance leads away from; may be empty
   * @param encoder folder of the text encoder with its tokenizer
   */
  public record Texts(List<String> prompts, String negative, Path encoder) {
    /** Keeps a copy. */
    public Texts {
      prompts = List.copyOf(prompts);
    }
  }

  /** What becomes of an image. */
  public enum Output {
    /** A picture where the image can be shown as one, else its latent. */
    AUTO,
    /** A PNG picture. */
    PNG,
    /** The image as the model draws it, as safetensors. */
    LATENTS;

    private static Output parse(String text) {
      return oneOf(values(), text);
    }
  }

  /** The same images, another part of them. */
  public SamplingJob withShard(Shard part) {
    return new SamplingJob(
        model,
        opening,
        autoencoder,
        scheduler,
        request,
        engine,
        precision,
        texts,
        classes,
        count,
        batch,
        part,
        output);
  }

  /** The job's file. */
  public ObjectNode toJson() {
    ObjectNode json = Json.object();
    json.put("format", FORMAT);
    json.put("model", model.toString());
    ObjectNode importing = Json.object();
    opening.arch().ifPresent(arch -> importing.put("arch", arch));
    if (opening.weights() != Weights.AUTO) {
      importing.put("weights", opening.weightsWord());
    }
    opening
        .family()
        .filter(given -> !given.from().equals("--arch"))
        .ifPresent(given -> importing.set("family", given.value()));
    if (!opening.objective().isEmpty()) {
      importing.set("objective", opening.objective());
    }
    ObjectNode arguments = Json.object();
    opening
        .given()
        .forEach(
            (name, given) -> {
              if (!given.from().equals("--arch")) {
                arguments.set(name, given.value());
              }
            });
    if (!arguments.isEmpty()) {
      importing.set("arguments", arguments);
    }
    if (!importing.isEmpty()) {
      json.set("import", importing);
    }
    autoencoder.ifPresent(path -> json.put("autoencoder", path.toString()));
    scheduler.ifPresent(path -> json.put("scheduler", path.toString()));
    json.set("sampling", request.toJson());
    if (engine != EngineName.PYTORCH) {
      json.put("engine", engine.toString());
    }
    json.put("precision", word(precision));
    if (texts.isPresent()) {
      ObjectNode text = json.putObject("text");
      texts.get().prompts().forEach(text.withArray("/prompts")::add);
      text.put("negative", texts.get().negative());
      text.put("encoder", texts.get().encoder().toString());
    }
    classes.ifPresent(list -> list.forEach(json.withArray("/classes")::add));
    count.ifPresent(number -> json.put("count", number));
    json.put("batch", batch);
    json.put("shard", shard.toString());
    json.put("output", word(output));
    return json;
  }

  /**
   * Writes the job's file.
   *
   * @throws IOException if it cannot be written
   */
  public void write(Path file) throws IOException {
    AtomicFile.write(file, Json.pretty(toJson()) + "\n");
  }

  /**
   * Reads a job's file.
   *
   * @throws InputFileException if it is none, or has a field that is unknown or out of range
   */
  public static SamplingJob read(Path file) {
    JsonFields fields = JsonFields.of("", object(file), wrong -> wrong(file, wrong));
    String format = fields.required("format", fields.text("format"));
    if (!format.equals(FORMAT)) {
      throw InputFileException.of(BulkProblem.JOB_FIELD, file)
          .key("format")
          .what("this is no sampling job that this version reads")
          .expected(FORMAT)
          .actual(format)
          .next("write the job anew with sample --save-job")
          .build();
    }
    SamplingJob job =
        new SamplingJob(
            fields.required("model", fields.parsed("model", Path::of)),
            fields.fields("import").map(SamplingJob::opening).orElse(ImportOptions.defaults()),
            fields.parsed("autoencoder", Path::of),
            fields.parsed("scheduler", Path::of),
            request(fields.required("sampling", fields.fields("sampling"))),
            fields
                .parsed("engine", text -> oneOf(EngineName.values(), text))
                .orElse(EngineName.PYTORCH),
            fields
                .parsed("precision", text -> oneOf(Precision.values(), text))
                .orElse(Precision.F32),
            fields.fields("text").map(SamplingJob::texts),
            fields.integers("classes", 0, Integer.MAX_VALUE),
            fields.whole("count", 1, Long.MAX_VALUE),
            fields.required("batch", fields.integer("batch", 1, MAX_BATCH)),
            fields.parsed("shard", Shard::parse).orElse(Shard.WHOLE),
            fields.parsed("output", Output::parse).orElse(Output.AUTO));
    fields.finish();
    return job;
  }

  private static ObjectNode object(Path file) {
    if (!Files.exists(file)) {
      throw InputFileException.of(FileProblem.MISSING, file)
          .what("there is no such sampling job")
          .expected("a file that sample --save-job wrote")
          .next("check the path")
          .build();
    }
    return Json.object(file, MAX_BYTES, (found, cause) -> notJson(file, cause));
  }

  private static InputFileException notJson(Path file, Exception cause) {
    return InputFileException.of(BulkProblem.JOB_NOT_JSON, file)
        .what("the sampling job is not a JSON object")
        .expected("a file that sample --save-job wrote")
        .next("write the job anew with sample --save-job")
        .cause(cause)
        .build();
  }

  private static InputFileException wrong(Path file, JsonFields.Wrong wrong) {
    return InputFileException.of(BulkProblem.JOB_FIELD, file)
        .key(wrong.path())
        .what("the sampling job has a field that cannot be followed")
        .expected(
            switch (wrong.fault()) {
              case MISSING -> "it to be there";
              case UNKNOWN -> "no such field";
              case VALUE -> wrong.expected();
            })
        .actual(
            wrong.fault() == JsonFields.Fault.MISSING ? "no such field" : wrong.actual().toString())
        .next("mend the field, or write the job anew with sample --save-job")
        .build();
  }

  private static ImportOptions opening(JsonFields fields) {
    ImportOptions options =
        fields.parsed("arch", ImportOptions.defaults()::withArch).orElse(ImportOptions.defaults());
    Optional<ObjectNode> arguments = fields.object("arguments");
    Optional<ObjectNode> objective = fields.object("objective");
    ImportOptions named = options;
    options =
        fields
            .parsed("family", name -> named.withFamily(name, "--family"))
            .orElse(named)
            .withObjective(objective.orElseGet(Json::object));
    Optional<ImportOptions> weights =
        fields.parsed("weights", ImportOptions.defaults()::withWeights);
    fields.finish();
    if (arguments.isPresent()) {
      options = options.withArguments(arguments.get(), "the sampling job");
    }
    return weights.isEmpty() ? options : options.withWeights(weights.get().weightsWord());
  }

  private static SamplingRequest request(JsonFields fields) {
    SamplingRequest request = SamplingRequest.read(fields);
    fields.finish();
    return request;
  }

  private static Texts texts(JsonFields fields) {
    Texts texts =
        new Texts(
            fields.required("prompts", fields.texts("prompts", 1)),
            fields.text("negative").orElse(""),
            fields.required("encoder", fields.parsed("encoder", Path::of)));
    fields.finish();
    return texts;
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static <E extends Enum<E>> E oneOf(E[] constants, String text) {
    return Words.constant(constants, SamplingJob::word, text, "one of %2$s");
  }
}
