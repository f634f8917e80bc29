package org.canbridge.verifiers;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apiguardian.api.API;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.safetensors.SafetensorsFile;

/**
 * What a trusted implementation computed: a directory of two files.
 *
 * <ul>
 *   <li>{@code reference.safetensors}: the tensors, named {@code input.<name>}, {@code output} or
 *       {@code output.<name>}, and {@code activation.<module path>}. At least one output or
 *       activation;
 *   <li>{@code reference.json}: an object. All fields are optional: {@code family} (string), {@code
 *       config} (object: the network's arguments under their published names; what a checkpoint
 *       cannot tell stands here), {@code dtype} (string: of the checkpoint's tensors), {@code
 *       cfg_scale} (number), {@code notes} (strings), {@code checkpoints} (file name in the
 *       directory to {@code sha256} and {@code bytes}), {@code runs} (of a pipeline: name to {@link
 *       RunSettings}), {@code tensors} (name to shape, or to an object that holds {@code shape}; if
 *       present it must agree with the other file, and gives the order of the tensors here).
 *       Further fields are the producer's own.
 * </ul>
 *
 * <p>Opening reads the headers only. The tensors stay usable until {@link #close()}.
 *
 * <pre>{@code
 * try (ReferenceBundle bundle = ReferenceBundle.open(Path.of("reference/dit-tiny"))) {
 *   TensorData x = bundle.inputs().get("x");
 * }
 * }</pre>
 */
@API(status = API.Status.STABLE)
public final class ReferenceBundle implements AutoCloseable {
  static final String TENSORS = "reference.safetensors";
  static final String DESCRIPTION = "reference.json";

  private static final String INPUT = "input.";
  private static final String OUTPUT = "output";
  private static final String ACTIVATION = "activation.";

  private final Path directory;
  private final SafetensorsFile file;
  private final BundleDescription description;
  private final Map<String, TensorData> inputs = new LinkedHashMap<>();
  private final Map<String, TensorData> outputs = new LinkedHashMap<>();
  private final Map<String, TensorData> activations = new LinkedHashMap<>();

  private ReferenceBundle(Path directory, SafetensorsFile file, BundleDescription description) {
    this.directory = directory;
    this.file = file;
    this.description = description;
  }

  /**
   * Opens a bundle.
   *
   * @throws InputFileException if the directory or one of its two files is missing, or departs from
   *     what the class comment says
   */
  public static ReferenceBundle open(Path directory) {
    BundleDescription description = BundleDescription.read(directory);
    SafetensorsFile file = SafetensorsFile.open(directory.resolve(TENSORS));
    try {
      ReferenceBundle bundle = new ReferenceBundle(directory, file, description);
      bundle.sortIn();
      return bundle;
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private void sortIn() {
    Map<String, TensorData> tensors = file.tensors();
    for (String name : description.order(file.path(), tensors)) {
      TensorData tensor = tensors.get(name);
      if (name.startsWith(INPUT)) {
        inputs.put(name.substring(INPUT.length()), tensor);
      } else if (name.equals(OUTPUT) || name.startsWith(OUTPUT + ".")) {
        outputs.put(name, tensor);
      } else if (name.startsWith(ACTIVATION)) {
        activations.put(name.substring(ACTIVATION.length()), tensor);
      } else {
        throw InputFileException.of(BundleProblem.UNKNOWN_TENSOR, file.path())
            .what("a reference bundle holds inputs, outputs and activations, and this is none")
            .expected("input.<name>, output, output.<name> or activation.<module path>")
            .key(name)
            .next("rename the tensor, or leave it out")
            .build();
      }
    }
    if (outputs.isEmpty() && activations.isEmpty()) {
      throw InputFileException.of(BundleProblem.WITHOUT_OUTPUT, file.path())
          .what("the reference bundle holds nothing to compare with")
          .expected("at least one tensor output, output.<name> or activation.<module path>")
          .actual(tensors.size() + " inputs")
          .next("record the reference's results under these names")
          .build();
    }
  }

  /** The bundle's directory. */
  public Path directory() {
    return directory;
  }

  /** The directory's name. */
  public String name() {
    Path last = directory.toAbsolutePath().normalize().getFileName();
    return last == null ? directory.toString() : last.toString();
  }

  /** Inputs by name, without {@code input.}: {@code x}, {@code cfg_x}, {@code x.wide}. */
  public Map<String, TensorData> inputs() {
    return Collections.unmodifiableMap(inputs);
  }

  /** Outputs by their whole name: {@code output}, {@code output.cfg}. */
  public Map<String, TensorData> outputs() {
    return Collections.unmodifiableMap(outputs);
  }

  /** Activations by module path, without {@code activation.}: {@code blocks.0.attn}. */
  public Map<String, TensorData> activations() {
    return Collections.unmodifiableMap(activations);
  }

  /** The network's arguments under their published names; an empty object if none are given. */
  public JsonNode config() {
    return description.config();
  }

  /** {@code dit}, {@code uvit} ..., if given. */
  public Optional<String> family() {
    return description.family();
  }

  /** Element type of the checkpoint as its producer names it, e.g. {@code bfloat16}, if given. */
  public Optional<String> dtype() {
    return description.dtype();
  }

  /** The guidance scale of the guided outputs, if given. */
  public OptionalDouble cfgScale() {
    return description.cfgScale();
  }

  /** The names of a pipeline's runs. */
  public List<String> runs() {
    return description.runs();
  }

  /**
   * How one of {@link #runs()} was made.
   *
   * @throws InputFileException if the bundle does not tell it
   */
  public RunSettings run(String name) {
    return description.run(name);
  }

  /**
   * The refusal of a run whose scheduler asks for something that is not followed.
   *
   * @param name one of {@link #runs()}
   * @param problem what that is
   */
  public InputFileException unfollowed(String name, String problem) {
    return description.unfollowed("runs." + name, problem);
  }

  /** The checkpoints that the reference was made from, by file name in the directory. */
  public Map<String, FileDigest> checkpoints() {
    return description.checkpoints();
  }

  /** The producer's remarks. */
  public List<String> notes() {
    return description.notes();
  }

  /** The name under which a tensor of {@link #activations()} stands in the file and in reports. */
  static String activationKey(String path) {
    return ACTIVATION + path;
  }

  @Override
  public void close() {
    file.close();
  }
}
