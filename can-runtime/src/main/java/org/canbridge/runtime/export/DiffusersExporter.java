package org.canbridge.runtime.export;

import java.util.Set;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.published.PublishedExport;
import org.canbridge.importers.published.PublishedPipeline;
import org.canbridge.runtime.Model;

/**
 * The layout of diffusers: a network's folder with its {@code config.json}, or a whole pipeline.
 */
final class DiffusersExporter implements Exporter {

  @Override
  public String name() {
    return "diffusers";
  }

  @Override
  public String holds() {
    return "a folder with config.json and weights as that library has them, for networks that it"
        + " has; a whole pipeline if the model is one's, or with --pipeline";
  }

  @Override
  public String ending(ExportOptions options) {
    return "";
  }

  @Override
  public Set<ExportOption> options() {
    return Set.of(ExportOption.MAX_SHARD_SIZE, ExportOption.PIPELINE, ExportOption.MODEL_CARD);
  }

  @Override
  public boolean holdsConditionAware() {
    return false;
  }

  @Override
  public Export export(Model model, ExportOptions options) {
    Checkpoint checkpoint = PublishedNetwork.of(model);
    PublishedExport export = PublishedExport.ofLibrary(checkpoint, name());
    long most = options.maxShardSize().orElse(Long.MAX_VALUE);
    if (options.pipeline().isEmpty()) {
      return ModelCard.with(
          options,
          new LayoutExport(checkpoint, export, path -> export.writeFolder(path, most)),
          model,
          name(),
          opened(export.className()));
    }
    PublishedPipeline pipeline = PublishedPipeline.of(checkpoint, export, options.pipeline().get());
    return ModelCard.with(
        options,
        PipelineExport.of(checkpoint, export, pipeline, most),
        model,
        name(),
        opened(pipeline.name()));
  }

  private static String opened(String className) {
    return "from diffusers import %1$s\n\nmodel = %1$s.from_pretrained(\"FOLDER\")"
        .formatted(className);
  }
}
