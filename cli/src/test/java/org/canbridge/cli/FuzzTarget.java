package org.canbridge.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.Inspection;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.published.SchedulerFile;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.RuntimeFamilies;
import org.canbridge.runtime.bulk.SamplingJob;
import org.canbridge.runtime.diffusion.DiffusersScheduler;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.family.TextModel;
import org.canbridge.runtime.record.RunRecord;
import org.canbridge.runtime.training.TrainingCheckpoint;
import org.canbridge.runtime.training.data.ExampleRandom;
import org.canbridge.runtime.training.data.TrainingSet;
import org.canbridge.runtime.training.data.TrainingSetOptions;
import org.canbridge.runtime.training.data.TrainingSets;
import org.canbridge.runtime.training.watch.MetricsFile;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.formats.TensorFiles;
import org.canbridge.tensors.idx.IdxFile;
import org.canbridge.tensors.npy.NpyFile;
import org.canbridge.verifiers.ReferenceBundle;

/**
 * Everything that reads what others wrote, fed with bytes that nobody planned. It may refuse them
 * with an {@link InputFileException} (a command line: with a {@link UsageException}), or take them
 * for what they say; whatever else it throws is a find.
 *
 * <p>Each has seeds, small valid inputs that {@link FuzzTargetsTest} mutates: those in {@code
 * fixtures/fuzz/NAME}, finds of earlier runs among them, and files of the fixtures.
 */
enum FuzzTarget {
  SAFETENSORS("file", FuzzTarget::tensors),
  TORCH_ZIP("file", FuzzTarget::tensors),
  TORCH_LEGACY("file", FuzzTarget::tensors),
  ONNX("file", FuzzTarget::tensors),
  NPY("file", file -> digest(NpyFile.open(file))),
  IDX("file", file -> digest(IdxFile.open(file))),
  /** Families and layouts told by names and shapes. */
  CHECKPOINT("file", FuzzTarget::inspect),
  SHARD_INDEX("shards/model.safetensors.index.json", FuzzTarget::inspect),
  /** {@code config.json} of a model directory. */
  MODEL_CONFIG("model/config.json", FuzzTarget::model),
  CAN_CONFIG("can/config.json", FuzzTarget::model),
  /** {@code config.json} of a library's folder. */
  DIFFUSERS_CONFIG("diffusers/config.json", FuzzTarget::model),
  SCHEDULER("scheduler_config.json", FuzzTarget::scheduler),
  TOKENIZER("whole/tokenizer.json", FuzzTarget::tokenizer),
  MERGES("parts/merges.txt", FuzzTarget::tokenizer),
  VOCABULARY("words/vocab.json", FuzzTarget::tokenizer),
  BUNDLE("bundle/reference.json", FuzzTarget::bundle),
  JOB("job.json", SamplingJob::read),
  RUN_RECORD("run.json", file -> RunRecord.of("f/1", Map.of(), Map.of()).differences(file)),
  CHECKPOINT_STATE("run/step-00000002/state.json", FuzzTarget::states),
  METRICS("metrics.jsonl", MetricsFile::read),
  IMAGE("images/cats/0.png", FuzzTarget::image),
  COMMAND_LINE("line", file -> parse(Files.readAllBytes(file)));

  /** What reading does; whatever it returns is dropped. */
  private interface Reader {
    void read(Path file) throws Exception;
  }

  private static final int LARGEST_SEED = 20_000;

  private final String place;

  @SuppressWarnings("ImmutableEnumChecker") // they are all method references
  private final Reader reader;

  FuzzTarget(String place, Reader reader) {
    this.place = place;
    this.reader = reader;
  }

  /** The folder of its seeds. */
  String folder() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Lays out what stands beside the file that is fuzzed. */
  void prepare(Path home) throws IOException {
    Path at = home.resolve(place).getParent();
    Files.createDirectories(at);
    switch (this) {
      case MODEL_CONFIG -> link(at, Fixtures.of("canbridge-1").resolve("dit/model.safetensors"));
      case CAN_CONFIG -> link(at, Fixtures.of("canbridge-1").resolve("dit-can/model.safetensors"));
      case DIFFUSERS_CONFIG ->
          link(at, Fixtures.of("dit-diffusers").resolve("diffusion_pytorch_model.safetensors"));
      case BUNDLE -> link(at, Fixtures.of("dit-tiny").resolve("reference.safetensors"));
      case SHARD_INDEX -> {
        try (var files = Files.list(Fixtures.of("dit-diffusers-sharded"))) {
          for (Path shard : files.filter(file -> file.toString().endsWith("tensors")).toList()) {
            link(at, shard);
          }
        }
      }
      case MERGES ->
          Files.writeString(
              at.resolve("vocab.json"),
              "{\"<|startoftext|>\": 0, \"<|endoftext|>\": 1, \"a\": 2, \"b</w>\": 3, \"ab</w>\":"
                  + " 4, \"b\": 5, \"a</w>\": 6}");
      case VOCABULARY -> Files.writeString(at.resolve("merges.txt"), "#version: 0.2\na b</w>\n");
      default -> {}
    }
  }

  private static void link(Path folder, Path file) throws IOException {
    Files.copy(file, folder.resolve(file.getFileName()));
  }

  /** Small valid inputs. */
  List<Path> seeds() throws IOException {
    List<Path> seeds = new ArrayList<>();
    Path own = Fixtures.root().resolveSibling("fuzz").resolve(folder());
    if (Files.isDirectory(own)) {
      try (var files = Files.list(own)) {
        files.sorted().forEach(seeds::add);
      }
    }
    String name = this == IMAGE ? "" : Path.of(place).getFileName().toString();
    Path from = this == IMAGE ? Fixtures.data("images") : Fixtures.root();
    try (var files = Files.walk(from)) {
      List<Path> same =
          files
              .filter(file -> file.getFileName().toString().endsWith(name))
              .filter(Files::isRegularFile)
              .sorted()
              .toList();
      for (Path file : same) {
        if (Files.size(file) <= LARGEST_SEED) {
          seeds.add(file);
        }
      }
    }
    return seeds;
  }

  /**
   * Reads bytes.
   *
   * @param home a folder that was prepared
   * @return whether they were taken, not refused
   * @throws AssertionError if something else happened
   */
  boolean feed(Path home, byte[] bytes) {
    Path file = home.resolve(place);
    try {
      Files.write(file, bytes);
      reader.read(file);
      return true;
    } catch (InputFileException | UsageException e) {
      if (e.getMessage().isBlank() || e.getMessage().length() > LARGEST_SEED) {
        throw new AssertionError("a message of " + e.getMessage().length() + " characters", e);
      }
      return false;
    } catch (Exception e) {
      throw new AssertionError(this + ": " + e, e);
    }
  }

  private static void tensors(Path file) throws IOException {
    digest(TensorFiles.open(file));
  }

  private static void digest(TensorFile opened) throws IOException {
    try (TensorFile file = opened) {
      for (TensorData tensor : file.tensors().values()) {
        tensor.writeTo(Channels.newChannel(OutputStream.nullOutputStream()));
      }
    }
  }

  private static void inspect(Path file) {
    Inspection inspection = Inspection.of(file, ImportOptions.defaults());
    inspection.toText();
    inspection.toJson();
  }

  private static void model(Path file) {
    inspect(file.getParent());
    Model.open(file.getParent(), ImportOptions.defaults()).close();
  }

  private static void scheduler(Path path) {
    SchedulerFile file = SchedulerFile.open(path);
    file.describe();
    file.objective();
    DiffusersScheduler.of(file);
  }

  /** A text encoder, whose tokenizer may lie anywhere. */
  private static final class Clip {
    static final TextModel MODEL = model();

    private static TextModel model() {
      try (Checkpoint encoder = Checkpoints.open(Fixtures.of("clip-text-tiny"))) {
        return RuntimeFamilies.of(encoder.config()).textModel().orElseThrow();
      }
    }
  }

  private static void tokenizer(Path file) {
    try (TextModel.Tokenizer tokenizer = Clip.MODEL.tokenizer(file.getParent())) {
      tokenizer.encode("ab a \u00e9", 9);
    }
  }

  private static void bundle(Path file) {
    try (ReferenceBundle bundle = ReferenceBundle.open(file.getParent())) {
      bundle.runs().forEach(bundle::run);
    }
  }

  private static void states(Path file) throws IOException {
    TrainingCheckpoint.latest(file.getParent().getParent());
  }

  private static void image(Path file) throws IOException {
    Path root = file.getParent().getParent();
    TrainingSetOptions options = TrainingSetOptions.of(new ImageShape(3, 8, 8));
    try (TrainingSet set = TrainingSets.open(root, options)) {
      set.read(0, new ExampleRandom(1, 0, 0));
    }
  }

  /** A word a line; the first is the command. */
  private static void parse(byte[] bytes) throws UsageException {
    List<String> words = Arrays.asList(new String(bytes, StandardCharsets.UTF_8).split("\n", -1));
    Command command = Main.commands(words.get(0)).get(0);
    OptionSet options = new OptionSet(command);
    Invocation invocation =
        new Invocation(command, options, words.subList(Math.min(1, words.size()), words.size()));
    for (Opt<?> option : options.all()) {
      invocation.get(option);
    }
  }
}
