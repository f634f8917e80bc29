package org.canbridge.runtime.export;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.family.LatentCodec;
import org.canbridge.runtime.family.LatentSpace;
import org.canbridge.runtime.family.TextInput;
import org.canbridge.runtime.family.TextModel;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.onnx.OnnxOptions;
import org.canbridge.tensors.NonFinite;

/**
 * A whole pipeline in ONNX: {@code transformer/model.onnx}, {@code vae/decoder.onnx} and {@code
 * vae/encoder.onnx} for the latents that it draws, {@code text_encoder/model.onnx} for the texts
 * that it takes; beside them what it needs for drawing.
 */
final class OnnxPipelineExport implements Export {
  private static final String NETWORK = "transformer";
  private static final String AUTOENCODER = "vae";
  private static final String TEXT_ENCODER = "text_encoder";
  private static final String DECODED = "decoded";

  /** What is taken over as it is, where it is there. */
  private static final List<String> FILES =
      List.of(
          "model_index.json",
          "scheduler/scheduler_config.json",
          "tokenizer/tokenizer.json",
          "tokenizer/vocab.json",
          "tokenizer/merges.txt");

  private final PipelineFolder pipeline;
  private final OnnxOptions options;
  private final Map<String, OnnxExport> parts = new LinkedHashMap<>();
  private final List<Model> opened = new ArrayList<>();

  private OnnxPipelineExport(PipelineFolder pipeline, OnnxOptions options) {
    this.pipeline = pipeline;
    this.options = options;
  }

  /**
   * Opens the other networks.
   *
   * @param network the transformer
   * @throws IllegalArgumentException if the autoencoder is for other latents, or the text encoder
   *     for other texts
   */
  static OnnxPipelineExport of(PipelineFolder pipeline, OnnxExport network) {
    OnnxPipelineExport export = new OnnxPipelineExport(pipeline, network.options());
    try {
      export.parts.put(NETWORK, network);
      pipeline
          .autoencoder()
          .ifPresent(path -> export.addAutoencoder(path, network.model().family().image()));
      network.model().family().text().ifPresent(export::addTextEncoder);
      return export;
    } catch (RuntimeException e) {
      export.close();
      throw e;
    }
  }

  private void addAutoencoder(Path path, ImageShape latents) {
    Model model = Model.open(path, ImportOptions.defaults());
    opened.add(model);
    LatentCodec codec =
        model
            .family()
            .codec()
            .filter(found -> found.latentChannels() == latents.channels())
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "the pipeline's vae decodes no latents of " + latents));
    Graph decoder = codec.decoder(LatentSpace.DIFFUSION, latents.height(), latents.width());
    long height = decoder.value(DECODED).shape().size(2);
    long width = decoder.value(DECODED).shape().size(3);
    Map<String, Graph> graphs = new LinkedHashMap<>();
    graphs.put("decoder.onnx", decoder);
    graphs.put("encoder.onnx", codec.encoder(LatentSpace.DIFFUSION, height, width));
    add(AUTOENCODER, path, model, graphs);
  }

  private void addTextEncoder(TextInput texts) {
    Path path = pipeline.path().resolve(TEXT_ENCODER);
    if (!Files.isDirectory(path)) {
      return;
    }
    Model model = Model.open(path, ImportOptions.defaults());
    opened.add(model);
    TextModel encoder =
        model
            .family()
            .textModel()
            .filter(found -> found.gives(texts))
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "the pipeline's text_encoder gives no features of " + texts));
    add(TEXT_ENCODER, path, model, Map.of(OnnxExport.MODEL, encoder.graph(texts.tokens())));
  }

  private void add(String part, Path path, Model model, Map<String, Graph> graphs) {
    NonFinite.Watch watch = new NonFinite.Watch(model.checkpoint().tensors(), Optional.of(path));
    parts.put(part, new OnnxExport(model.withTensors(watch.tensors()), graphs, options, false));
  }

  @Override
  public String contents() {
    return parts.entrySet().stream()
        .map(part -> part.getKey() + ": " + part.getValue().contents())
        .collect(Collectors.joining("; "));
  }

  @Override
  public List<String> remarks() {
    return List.of();
  }

  @Override
  public List<ExportedNetwork> networks() {
    List<ExportedNetwork> networks = new ArrayList<>();
    parts.forEach(
        (part, export) -> export.networks().forEach(network -> networks.add(network.in(part))));
    return networks;
  }

  @Override
  public void writeTo(Path path) throws IOException {
    Files.createDirectory(path);
    for (Map.Entry<String, OnnxExport> part : parts.entrySet()) {
      part.getValue().writeTo(path.resolve(part.getKey()));
    }
    for (String name : FILES) {
      if (Files.isRegularFile(pipeline.path().resolve(name))) {
        Files.createDirectories(path.resolve(name).getParent());
        Files.copy(pipeline.path().resolve(name), path.resolve(name));
      }
    }
    for (Model other : opened) {
      other.checkpoint().origin().requireUnwritten();
    }
  }

  @Override
  public void close() {
    opened.forEach(Model::close);
  }
}
