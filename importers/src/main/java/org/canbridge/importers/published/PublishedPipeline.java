package org.canbridge.importers.published;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.Trained;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.files.AtomicDirectory;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;
import org.canbridge.tensors.formats.TensorFiles;
import org.canbridge.tensors.safetensors.SafetensorsWriter;

/**
 * A pipeline of diffusers with another network: scheduler, autoencoder, text encoder and tokenizer
 * are taken over, the classes are called as the network's checkpoint says.
 */
public final class PublishedPipeline {
  /** The parts that have weights, and what the libraries call the file of these. */
  private static final Map<String, String> WEIGHTS = new LinkedHashMap<>();

  private static final String TOKENIZER = "tokenizer";

  static {
    WEIGHTS.put("vae", "diffusion_pytorch_model");
    WEIGHTS.put("text_encoder", "model");
  }

  private final PublishedExport network;
  private final PipelineFolder source;
  private final ObjectNode index;
  private final List<String> parts;

  private PublishedPipeline(
      PublishedExport network, PipelineFolder source, ObjectNode index, List<String> parts) {
    this.network = network;
    this.source = source;
    this.index = index;
    this.parts = List.copyOf(parts);
  }

  /**
   * The pipeline with this network in it; nothing is written yet.
   *
   * @param checkpoint the network
   * @param network the same in the layout of the pipeline's library
   * @throws InputFileException if the pipeline is of another kind of network or of another
   *     training, or a part of it cannot be taken over
   */
  public static PublishedPipeline of(
      Checkpoint checkpoint, PublishedExport network, PipelineFolder source) {
    ObjectNode index = source.index();
    List<String> parts = parts(source, index);
    requireNetwork(source, index, network);
    if (parts.contains(PipelineFolder.SCHEDULER)) {
      requireTraining(checkpoint, SchedulerFile.open(source.scheduler().orElseThrow()));
    }
    index.remove(PipelineFolder.CLASS_NAMES);
    if (!checkpoint.classNames().isEmpty()) {
      ObjectNode names = index.putObject(PipelineFolder.CLASS_NAMES);
      checkpoint
          .classNames()
          .forEach((row, all) -> names.put(row.toString(), String.join(", ", all)));
    }
    return new PublishedPipeline(network, source, index, parts);
  }

  /** The parts that the index names, but for the network; all that are named must be there. */
  private static List<String> parts(PipelineFolder source, ObjectNode index) {
    List<String> parts = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : index.properties()) {
      String part = entry.getKey();
      boolean named = entry.getValue().isArray() && entry.getValue().path(1).isTextual();
      if (!named || part.equals(PipelineFolder.NETWORK)) {
        continue;
      }
      boolean there;
      if (part.equals(PipelineFolder.SCHEDULER)) {
        there = source.scheduler().isPresent();
      } else if (part.equals(TOKENIZER)) {
        there = Files.isDirectory(source.path().resolve(part));
      } else if (WEIGHTS.containsKey(part)) {
        there =
            Files.isRegularFile(source.path().resolve(part).resolve(PublishedFolder.CONFIG))
                && PublishedFolder.weights(source.path().resolve(part)).isPresent();
      } else {
        throw refused(source, PipelineProblem.UNKNOWN_PART, part)
            .what("the pipeline has a part that cannot be taken over")
            .expected("transformer, scheduler, tokenizer, " + String.join(", ", WEIGHTS.keySet()))
            .actual(part)
            .next("take it out of the index, or export the network alone: name its own folder")
            .build();
      }
      if (!there) {
        throw refused(source, PipelineProblem.MISSING_PART, part)
            .what("a part that the pipeline's index names is not there")
            .expected("what was published in " + source.path().resolve(part))
            .next("fetch the whole pipeline, or export the network alone: name its own folder")
            .build();
      }
      parts.add(part);
    }
    return parts;
  }

  private static void requireNetwork(
      PipelineFolder source, ObjectNode index, PublishedExport network) {
    String expected = network.className();
    JsonNode named = index.path(PipelineFolder.NETWORK).path(1);
    if (!named.asText().equals(expected)) {
      throw refused(source, PipelineProblem.OTHER_NETWORK, PipelineFolder.NETWORK)
          .what("the pipeline is one of another network")
          .expected(expected)
          .actual(named.isMissingNode() ? "none" : named.asText())
          .next("name the pipeline that the model belongs to")
          .build();
    }
  }

  private static void requireTraining(Checkpoint checkpoint, SchedulerFile scheduler) {
    Objective model = checkpoint.training().map(Trained::objective).orElseThrow();
    Objective stepped = model.with(scheduler.objective());
    if (!stepped.equals(model)) {
      ObjectNode expected = model.toJson();
      ObjectNode actual = stepped.toJson();
      for (String field : List.copyOf(names(expected))) {
        if (expected.get(field).equals(actual.get(field))) {
          expected.remove(field);
          actual.remove(field);
        }
      }
      throw InputFileException.of(PipelineProblem.OTHER_TRAINING, scheduler.path())
          .what("the pipeline's scheduler is for another training than the model's")
          .expected(expected.toString())
          .actual(actual.toString())
          .next("name a pipeline whose scheduler fits, or export the network alone")
          .build();
    }
  }

  private static List<String> names(ObjectNode json) {
    List<String> names = new ArrayList<>();
    json.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static InputFileException.Builder refused(
      PipelineFolder source, PipelineProblem problem, String part) {
    return InputFileException.of(problem, source.path().resolve(PipelineFolder.INDEX)).key(part);
  }

  /** The pipeline that is written, in words: its class. */
  public String name() {
    return index.path("_class_name").asText("pipeline");
  }

  /** The folders of its other parts, as they are called in both pipelines. */
  public List<String> parts() {
    return parts;
  }

  /** The folders of the parts that are networks too. */
  public List<String> networks() {
    return parts.stream().filter(WEIGHTS::containsKey).toList();
  }

  /** Where a part was published. */
  public Path published(String part) {
    return source.path().resolve(part);
  }

  /**
   * Writes the folder; it appears when it is complete.
   *
   * @param maxShardBytes the largest number of tensor bytes in one file
   * @throws IOException if it cannot be written
   */
  public void writeFolder(Path folder, long maxShardBytes) throws IOException {
    try (AtomicDirectory written = AtomicDirectory.create(folder)) {
      written.write(PipelineFolder.INDEX, Json.pretty(index) + "\n");
      network.writeFolder(written.path().resolve(PipelineFolder.NETWORK), maxShardBytes);
      for (String part : parts) {
        Path target = Files.createDirectory(written.path().resolve(part));
        if (WEIGHTS.containsKey(part)) {
          copy(published(part).resolve(PublishedFolder.CONFIG), target);
          writeWeights(part, target, maxShardBytes);
        } else if (part.equals(PipelineFolder.SCHEDULER)) {
          copy(source.scheduler().orElseThrow(), target);
        } else {
          copyFiles(published(part), target);
        }
      }
      written.commit();
    }
  }

  /** As safetensors under the usual name, whatever variant and format was published. */
  private void writeWeights(String part, Path target, long maxShardBytes) throws IOException {
    Optional<Path> weights = PublishedFolder.weights(published(part));
    try (TensorFile file = TensorFiles.open(weights.orElseThrow())) {
      SafetensorsWriter.writeShards(
          target, WEIGHTS.get(part), file.tensors(), PublishedExport.METADATA, maxShardBytes);
    }
  }

  private static void copyFiles(Path from, Path target) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(from, Files::isRegularFile)) {
      for (Path file : entries) {
        copy(file, target);
      }
    }
  }

  /** What a link leads to, and not the link: a hub's cache is full of them. */
  private static void copy(Path file, Path folder) throws IOException {
    Files.copy(file, folder.resolve(file.getFileName().toString()));
  }
}
