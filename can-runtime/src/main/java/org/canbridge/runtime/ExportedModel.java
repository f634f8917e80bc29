package org.canbridge.runtime;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apiguardian.api.API;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelProblem;
import org.canbridge.importers.model.Trained;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.engine.EngineName;
import org.canbridge.runtime.engine.OnnxModel;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.NetworkInput;
import org.canbridge.runtime.family.TextInput;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;

/**
 * A model that runs from the ONNX file that it was exported as: what the file says of itself tells
 * how images are drawn from it, and no weights are imported.
 *
 * <pre>{@code
 * Target target = Target.F32.on(EngineName.ONNXRUNTIME);
 * try (ExportedModel model =
 *     ExportedModel.open(Path.of("exported"), ImportOptions.defaults(), target).orElseThrow()) {
 *   Latents images = ModelSampler.of(model.sampled()).draw(settings, 0, 1, 2);
 * }
 * }</pre>
 */
@API(status = API.Status.STABLE)
public final class ExportedModel implements AutoCloseable {
  static final String FILE = "model.onnx";
  private static final String OBJECTIVE = "objective";
  private static final String ARCHITECTURE = "architecture";
  private static final String PROVENANCE = "provenance";
  private static final int MAP_RANK = 4;
  private static final int SEQUENCE_RANK = 3;

  private final OnnxModel network;
  private final SampledModel sampled;
  private final Optional<String> assumption;

  private ExportedModel(OnnxModel network, SampledModel sampled, Optional<String> assumption) {
    this.network = network;
    this.sampled = sampled;
    this.assumption = assumption;
  }

  /**
   * Opens an exported model; weights that are merely stored as ONNX, by whomever, are none.
   *
   * @param path the file, a folder with {@value #FILE}, or a pipeline with such a network
   * @param options of which the objective alone means anything: the file tells the rest
   * @return empty if there is no such file, or the target's engine runs none
   * @throws InputFileException if it cannot be opened, or says of itself what cannot be followed
   * @throws IllegalArgumentException if it is no network that images are drawn from here, or is
   *     told what it cannot be
   */
  public static Optional<ExportedModel> open(Path path, ImportOptions options, Target target) {
    Path part = PipelineFolder.at(path).map(PipelineFolder::network).orElse(path);
    Optional<OnnxModel> network = network(part, FILE, target);
    try {
      return network.map(opened -> of(opened, path, options));
    } catch (RuntimeException e) {
      network.ifPresent(OnnxModel::close);
      throw e;
    }
  }

  private static ExportedModel of(OnnxModel network, Path path, ImportOptions options) {
    Map<String, String> metadata = network.metadata();
    Trained trained = trained(path, metadata, options);
    return new ExportedModel(
        network,
        sampled(network, trained.objective()),
        Families.byName(metadata.get(ARCHITECTURE)).flatMap(trained::note));
  }

  /**
   * An exported network, running.
   *
   * @param path a file, or a folder
   * @param name of the file in a folder
   * @return empty if there is no such file, it is not one of ours, or the target's engine runs none
   */
  static Optional<OnnxModel> network(Path path, String name, Target target) {
    Path file = Files.isDirectory(path) ? path.resolve(name) : path;
    if (target.engine() != EngineName.ONNXRUNTIME
        || !file.toString().endsWith(".onnx")
        || !Files.isRegularFile(file)) {
      return Optional.empty();
    }
    OnnxModel network = OnnxModel.open(file, target.present().device());
    if (network.metadata().keySet().containsAll(Set.of(ARCHITECTURE, PROVENANCE))) {
      return Optional.of(network);
    }
    network.close();
    return Optional.empty();
  }

  private static Trained trained(Path file, Map<String, String> metadata, ImportOptions options) {
    if (!options.equals(ImportOptions.defaults().withObjective(options.objective()))) {
      throw new IllegalArgumentException(
          file
              + " runs as it was exported; of the options that say what a file of weights cannot tell"
              + " only --objective goes with it");
    }
    if (!metadata.containsKey(OBJECTIVE)) {
      throw new IllegalArgumentException("no images are drawn from " + metadata.get(ARCHITECTURE));
    }
    try {
      Objective objective = Objective.of(object(metadata.get(OBJECTIVE)));
      String from = object(metadata.get(PROVENANCE)).path(OBJECTIVE).asText();
      return new Trained(objective, from).given(file, options);
    } catch (IOException | IllegalArgumentException e) {
      throw InputFileException.of(ModelProblem.OBJECTIVE, file)
          .what("the model does not say what it was trained for")
          .expected("the metadata that export --format onnx writes")
          .actual(e.getMessage().replace("\n", "; "))
          .key(OBJECTIVE)
          .next("export the model again")
          .cause(e)
          .build();
    }
  }

  private static ObjectNode object(String text) throws IOException {
    JsonNode json = Json.parse(text.getBytes(StandardCharsets.UTF_8));
    if (json instanceof ObjectNode object) {
      return object;
    }
    throw new IOException("no JSON object: " + json);
  }

  private static SampledModel sampled(OnnxModel network, Objective objective) {
    Map<String, List<Long>> inputs = new HashMap<>(network.inputs());
    List<Long> image = inputs.remove(NetworkInput.IMAGE.label());
    Optional<TextInput> text =
        Optional.ofNullable(inputs.remove(NetworkInput.TEXT.label()))
            .filter(shape -> shape.size() == SEQUENCE_RANK)
            .map(shape -> new TextInput(size(shape, 1), size(shape, 2)));
    inputs.remove(NetworkInput.TIMESTEP.label());
    inputs.remove(NetworkInput.LABEL.label());
    if (image == null || image.size() != MAP_RANK || !inputs.isEmpty()) {
      throw new IllegalArgumentException(
          "images are drawn from networks of x, t and y or context, not of "
              + String.join(", ", new TreeSet<>(network.inputs().keySet()))
              + "; what was exported with --guided guides by itself");
    }
    ImageShape shape = new ImageShape(size(image, 1), size(image, 2), size(image, 3));
    return new SampledModel(objective, shape, text, network);
  }

  private static int size(List<Long> shape, int axis) {
    return Math.toIntExact(shape.get(axis));
  }

  /** What images are drawn from. */
  public SampledModel sampled() {
    return sampled;
  }

  /** What is assumed about it and the user should know, one sentence. */
  public Optional<String> assumption() {
    return assumption;
  }

  @Override
  public void close() {
    network.close();
  }
}
