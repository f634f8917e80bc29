package org.canbridge.importers.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apiguardian.api.API;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.AtomicDirectory;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;
import org.canbridge.tensors.files.Printable;
import org.canbridge.tensors.safetensors.SafetensorsWriter;

/**
 * A model on disk: {@code config.json} and {@code model.safetensors} (or shards with the usual
 * index) in one directory. {@code docs/can-format.md} describes the format for others.
 *
 * <p>{@code config.json} is one object: {@code format} ({@value #FORMAT}), {@code architecture},
 * {@code config} (the network's arguments under their published names), {@code can} (only for a
 * Condition-Aware Network), {@code objective} (of a diffusion model), {@code provenance}. The same
 * model gives the same bytes.
 */
@API(status = API.Status.STABLE)
public final class ModelDirectory {
  /** The version of the format that is written. */
  public static final String FORMAT = "canbridge/2";

  /** The version before, which says nothing of the objective and is read for good. */
  static final String FIRST_FORMAT = "canbridge/1";

  private static final Map<String, String> METADATA = Map.of("format", "pt");

  static final String CONFIG = "config.json";

  /** The file of tensors, if it is one. */
  public static final String TENSORS = "model.safetensors";

  static final String INDEX = "model.safetensors.index.json";

  /** Everything that {@link #write} makes. */
  private static final Pattern OWN =
      Pattern.compile(
          "config\\.json|model(-[0-9]{5,}-of-[0-9]{5,})?\\.safetensors|model\\.safetensors\\.index\\.json");

  /** Files that stand in the way are named up to this number. */
  private static final int NAMED = 5;

  private ModelDirectory() {}

  /**
   * Writes a model. The directory appears under its name when it is complete; when writing fails,
   * nothing is left and a directory that was to be replaced stands as it was.
   *
   * @param directory the directory to be made; its parent is made too if it is missing
   * @throws FileAlreadyExistsException if it exists and is not to be replaced, or is no model
   *     directory
   * @throws IOException if it cannot be written
   * @throws ArithmeticException if a weight is beyond the range of the element type asked for
   * @throws InputFileException if the files that the model was read from can no longer be read, or
   *     were written meanwhile
   */
  public static void write(Path directory, Checkpoint checkpoint, WriteOptions options)
      throws IOException {
    Path target = directory.toAbsolutePath().normalize();
    try (AtomicDirectory written = AtomicDirectory.create(target)) {
      checkReplaceable(target, options.overwrite());
      Map<String, TensorData> tensors = options.converted(checkpoint.tensors());
      if (options.aligned()) {
        SafetensorsWriter.writeAligned(written.path().resolve(TENSORS), tensors, METADATA);
      } else {
        SafetensorsWriter.writeShards(
            written.path(), "model", tensors, METADATA, options.maxShardBytes());
      }
      written.write(CONFIG, description(checkpoint));
      checkpoint.origin().requireUnwritten();
      if (options.overwrite()) {
        checkReplaceable(target, true);
        written.commitReplacing();
      } else {
        written.commit();
      }
    }
  }

  /**
   * Opens a model directory.
   *
   * @throws InputFileException if it is none, is of another version, or its tensors are not those
   *     that its {@code config.json} announces
   */
  public static Checkpoint read(Path directory, ImportOptions options) {
    StoredModel model = StoredModel.open(directory, options);
    try {
      if (!model.problems().isEmpty()) {
        throw model.problems().get(0);
      }
      return Checkpoint.read(
              model.config(),
              model.tensors(),
              model.can(),
              model.trained(),
              Origin.stored(model.file(), model.opened(), model.provenance()),
              List.of(),
              model.provenance().changes())
          .withClassNames(model.classNames());
    } catch (RuntimeException | Error e) {
      model.file().close();
      throw e;
    }
  }

  /** Whether a file is part of a model directory, which is replaced as a whole or not at all. */
  public static boolean holds(Path file) {
    Path absolute = file.toAbsolutePath();
    return isOwn(absolute) && isModel(absolute.getParent());
  }

  /** Whether the directory holds a {@code config.json} of ours. */
  static boolean isModel(Path directory) {
    try {
      return StoredModel.readConfig(directory).path("format").asText().startsWith("canbridge/");
    } catch (InputFileException e) {
      return false;
    }
  }

  /** What {@code config.json} of a model says. */
  public static String description(Checkpoint checkpoint) {
    ObjectNode json = Json.object();
    json.put("format", FORMAT);
    json.put("architecture", checkpoint.config().architecture());
    json.set("config", checkpoint.config().arguments().toJson());
    checkpoint.training().ifPresent(trained -> json.set("objective", trained.objective().toJson()));
    checkpoint.can().ifPresent(can -> json.set("can", can));
    if (!checkpoint.classNames().isEmpty()) {
      ObjectNode names = json.putObject(StoredModel.CLASS_NAMES);
      checkpoint
          .classNames()
          .forEach((row, all) -> all.forEach(names.putArray(row.toString())::add));
    }
    json.set("provenance", checkpoint.provenance().toJson());
    return Json.pretty(json) + "\n";
  }

  private static void checkReplaceable(Path target, boolean overwrite) throws IOException {
    if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!overwrite) {
      throw new FileAlreadyExistsException(target.toString(), null, "it exists already");
    }
    if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS) || !isModel(target)) {
      throw new FileAlreadyExistsException(
          target.toString(), null, "it exists and is not a model directory, so it is not replaced");
    }
    List<String> others = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(target, entry -> !isOwn(entry))) {
      entries.forEach(entry -> others.add(Printable.of(entry.getFileName().toString())));
    }
    if (!others.isEmpty()) {
      Collections.sort(others);
      List<String> named = others.subList(0, Math.min(NAMED, others.size()));
      throw new FileAlreadyExistsException(
          target.toString(),
          null,
          "it holds what is no part of the model, so it is not replaced: "
              + String.join(", ", named)
              + (others.size() > NAMED ? " and " + (others.size() - NAMED) + " more" : ""));
    }
  }

  private static boolean isOwn(Path entry) {
    return Files.isRegularFile(entry, LinkOption.NOFOLLOW_LINKS)
        && OWN.matcher(entry.getFileName().toString()).matches();
  }
}
