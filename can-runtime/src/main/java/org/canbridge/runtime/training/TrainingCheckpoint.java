package org.canbridge.runtime.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.files.AtomicDirectory;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;
import org.canbridge.tensors.files.JsonFields;
import org.canbridge.tensors.formats.TensorFiles;
import org.canbridge.tensors.safetensors.SafetensorsWriter;

/**
 * A training run's state on disk, {@code step-<8 digits>}: a directory that is there complete or
 * not at all.
 *
 * <ul>
 *   <li>{@code model}: the weights, and {@code ema}: their moving average; two model directories
 *       that everything can read;
 *   <li>{@code optimizer.safetensors}: {@code exp_avg.<parameter>}, {@code exp_avg_sq.<parameter>},
 *       {@code step};
 *   <li>{@code state.json}: {@code format}, {@code step}, {@code seconds}. There is no other state:
 *       which examples come next and all random numbers follow from the step and the run's seed.
 * </ul>
 *
 * @param path the directory
 * @param step steps made
 * @param seconds that the run took until then
 */
public record TrainingCheckpoint(Path path, long step, double seconds) {
  /** Name of the weights' directory. */
  public static final String MODEL = "model";

  /** Name of the averaged weights' directory. */
  public static final String EMA = "ema";

  private static final String OPTIMIZER = "optimizer.safetensors";
  private static final String STATE = "state.json";
  private static final String FORMAT = "canbridge-training/1";
  private static final Pattern NAME = Pattern.compile("step-([0-9]{8,18})");

  /** What a write that was killed leaves; see {@link AtomicDirectory}. */
  private static final Pattern LEFT =
      Pattern.compile("\\.step-[0-9]{8,18}\\.([0-9a-f]+\\.(tmp|old)|lock)");

  /**
   * Writes the state of a trainer. A checkpoint of the same step is replaced.
   *
   * @param folder where the run's checkpoints lie; made if it is missing
   * @param source the model that is trained
   * @param how the change of the model, for its provenance
   * @throws IOException if it cannot be written, e.g. because the disk is full; nothing is left of
   *     it then, and what was there stays
   */
  static TrainingCheckpoint write(
      Path folder, Checkpoint source, Trainer trainer, String how, double seconds)
      throws IOException {
    Path target = folder.resolve(String.format(Locale.ROOT, "step-%08d", trainer.steps()));
    try (AtomicDirectory directory = AtomicDirectory.create(target)) {
      WriteOptions options = WriteOptions.defaults();
      Path path = directory.path();
      ModelDirectory.write(
          path.resolve(MODEL), source.trained(how, trainer.state().weights()), options);
      ModelDirectory.write(
          path.resolve(EMA),
          source.trained(how + "; moving average of the weights", trainer.state().ema()),
          options);
      SafetensorsWriter.write(path.resolve(OPTIMIZER), trainer.state().optimizer(), Map.of());
      ObjectNode state = Json.object();
      state.put("format", FORMAT).put("step", trainer.steps()).put("seconds", seconds);
      directory.write(STATE, state + "\n");
      directory.commit();
    }
    return new TrainingCheckpoint(target, trainer.steps(), seconds);
  }

  /**
   * The checkpoints of a run, oldest first.
   *
   * @throws InputFileException if one of them is damaged
   */
  public static List<TrainingCheckpoint> all(Path folder) throws IOException {
    List<TrainingCheckpoint> found = new ArrayList<>();
    if (!Files.isDirectory(folder)) {
      return found;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        Matcher matcher = NAME.matcher(entry.getFileName().toString());
        if (matcher.matches() && Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
          found.add(read(entry, Long.parseLong(matcher.group(1))));
        }
      }
    }
    found.sort(Comparator.comparingLong(TrainingCheckpoint::step));
    return found;
  }

  /** The checkpoint with the most steps. */
  public static Optional<TrainingCheckpoint> latest(Path folder) throws IOException {
    return all(folder).stream().reduce((a, b) -> b);
  }

  private static TrainingCheckpoint read(Path path, long step) throws IOException {
    Path file = path.resolve(STATE);
    try {
      if (!(Json.parse(Files.readAllBytes(file)) instanceof ObjectNode state)) {
        throw damaged(file, step, "no JSON object", null);
      }
      JsonFields fields = JsonFields.of("", state);
      fields.required("format", fields.word("format", List.of(FORMAT)));
      fields.required("step", fields.whole("step", step, step));
      double seconds = fields.required("seconds", fields.number("seconds", 0, Double.MAX_VALUE));
      return new TrainingCheckpoint(path, step, seconds);
    } catch (JsonProcessingException e) {
      throw damaged(file, step, "a file that is not JSON", e);
    } catch (NoSuchFileException e) {
      throw damaged(file, step, "no such file", e);
    } catch (IllegalArgumentException e) {
      throw damaged(file, step, e.getMessage(), e);
    }
  }

  private static InputFileException damaged(Path file, long step, String found, Exception cause) {
    return InputFileException.of(TrainingProblem.STATE, file)
        .what("this is not the state of a training checkpoint")
        .expected("format " + FORMAT + ", step " + step + " as in the directory's name, seconds")
        .actual(found)
        .next("move the checkpoint's directory away to go on from the one before")
        .cause(cause)
        .build();
  }

  /**
   * Puts a trainer where this checkpoint was written.
   *
   * @throws InputFileException if its files are damaged or belong to another network
   */
  void restore(Trainer trainer) {
    try (Checkpoint model = Checkpoints.open(path.resolve(MODEL), ImportOptions.defaults());
        Checkpoint ema = Checkpoints.open(path.resolve(EMA), ImportOptions.defaults());
        TensorFile optimizer = TensorFiles.open(path.resolve(OPTIMIZER))) {
      Map<String, TensorData> moments = optimizer.tensors();
      try {
        trainer.state().restore(model.tensors(), ema.tensors(), moments);
      } catch (IllegalArgumentException e) {
        throw InputFileException.of(TrainingProblem.STATE, path)
            .what("the checkpoint does not belong to this network and its trained parameters")
            .expected(trainer.trained().size() + " trained parameters")
            .actual(e.getMessage())
            .next("resume with the model that the run began with, or start a new run")
            .cause(e)
            .build();
      }
      trainer.resumeAt(step);
    }
  }

  /** Deletes all but the newest checkpoints, and what killed writes left. */
  static void keepNewest(Path folder, int count) throws IOException {
    List<TrainingCheckpoint> all = all(folder);
    for (TrainingCheckpoint old : all.subList(0, Math.max(0, all.size() - count))) {
      AtomicDirectory.delete(old.path());
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        if (LEFT.matcher(entry.getFileName().toString()).matches()) {
          AtomicDirectory.delete(entry);
        }
      }
    }
  }
}
