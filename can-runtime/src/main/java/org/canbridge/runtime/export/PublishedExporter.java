package org.canbridge.runtime.export;

import java.util.Set;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.published.PublishedExport;
import org.canbridge.runtime.Model;

/** The layout that the model was imported from, as one safetensors file or, in shards, a folder. */
final class PublishedExporter implements Exporter {

  @Override
  public String name() {
    return "published";
  }

  @Override
  public String holds() {
    return "one safetensors file (a folder with --max-shard-size) with the tensors under the names"
        + " of the layout that the model was imported from, byte for byte those of the source";
  }

  @Override
  public String ending(ExportOptions options) {
    return isFolder(options) ? "" : "safetensors";
  }

  private static boolean isFolder(ExportOptions options) {
    return options.maxShardSize().isPresent();
  }

  @Override
  public Set<ExportOption> options() {
    return Set.of(ExportOption.MAX_SHARD_SIZE);
  }

  @Override
  public boolean holdsConditionAware() {
    return false;
  }

  @Override
  public Export export(Model model, ExportOptions options) {
    Checkpoint checkpoint = PublishedNetwork.of(model);
    PublishedExport export = PublishedExport.of(checkpoint);
    return new LayoutExport(
        checkpoint,
        export,
        isFolder(options)
            ? path -> export.writeFolder(path, options.maxShardSize().getAsLong())
            : export::writeFile);
  }
}
