package org.canbridge.runtime.export;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.published.PublishedExport;
import org.canbridge.importers.published.PublishedPipeline;
import org.canbridge.runtime.RuntimeFamilies;
import org.canbridge.runtime.family.LatentCodec;

/** A whole pipeline; its networks are imported again, those that were taken over too. */
final class PipelineExport implements Export {
  private final Checkpoint checkpoint;
  private final PublishedExport network;
  private final PublishedPipeline pipeline;
  private final Map<String, Checkpoint> others;
  private final long maxShardBytes;

  private PipelineExport(
      Checkpoint checkpoint,
      PublishedExport network,
      PublishedPipeline pipeline,
      Map<String, Checkpoint> others,
      long maxShardBytes) {
    this.checkpoint = checkpoint;
    this.network = network;
    this.pipeline = pipeline;
    this.others = others;
    this.maxShardBytes = maxShardBytes;
  }

  /**
   * Opens the other networks.
   *
   * @throws IllegalArgumentException if the autoencoder is for other latents
   */
  static PipelineExport of(
      Checkpoint checkpoint,
      PublishedExport network,
      PublishedPipeline pipeline,
      long maxShardBytes) {
    PipelineExport export =
        new PipelineExport(checkpoint, network, pipeline, new LinkedHashMap<>(), maxShardBytes);
    try {
      for (String part : pipeline.networks()) {
        export.others.put(part, Checkpoints.open(pipeline.published(part)));
      }
      export.requireLatents();
      return export;
    } catch (RuntimeException e) {
      export.close();
      throw e;
    }
  }

  private void requireLatents() {
    int drawn = RuntimeFamilies.of(checkpoint.config()).image().channels();
    others.forEach(
        (part, other) -> {
          int decoded =
              RuntimeFamilies.of(other.config())
                  .codec()
                  .map(LatentCodec::latentChannels)
                  .orElse(drawn);
          if (decoded != drawn) {
            throw new IllegalArgumentException(
                "the pipeline's "
                    + part
                    + " decodes latents of "
                    + decoded
                    + " channels, and the model draws "
                    + drawn);
          }
        });
  }

  @Override
  public String contents() {
    return pipeline.name()
        + ": transformer with "
        + network.tensors().size()
        + " tensors, "
        + String.join(", ", pipeline.parts());
  }

  @Override
  public List<String> remarks() {
    List<String> remarks = new ArrayList<>(network.changes());
    network.remark().ifPresent(remarks::add);
    return remarks;
  }

  @Override
  public List<ExportedNetwork> networks() {
    List<ExportedNetwork> networks = new ArrayList<>();
    networks.add(
        Reimported.network("transformer", path -> path, checkpoint, network.meantConfig()));
    others.forEach(
        (part, other) ->
            networks.add(
                Reimported.network(part, path -> path.resolve(part), other, other.config())));
    return networks;
  }

  @Override
  public void writeTo(Path path) throws IOException {
    pipeline.writeFolder(path, maxShardBytes);
    others.values().forEach(other -> other.origin().requireUnwritten());
  }

  @Override
  public void close() {
    others.values().forEach(Checkpoint::close);
  }
}
