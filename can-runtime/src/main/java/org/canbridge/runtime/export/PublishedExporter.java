package org.canbridge.runtime.export;

import java.util.Set;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.published.PublishedExport;
import org.canbridge.runtime.Model;

/** The layout that the model was imported from, as one safetensors file or a folder. */
final class PublishedExporter implements Exporter {

  @Override
  public String name() {
    return "published";
  }

  @Override
  public String holds() {
    return "one safetensors file (a folder with --max-shard-size or --model-card) with the tensors under the names"
        + " of the layout that the model was imported from, byte for byte those of the source";
  }

  @Override
  public String ending(ExportOptions options) {
    return isFolder(options) ? "" : "safetensors";
  }

  private static boolean isFolder(ExportOptions options) {
    return options.maxShardSize().isPresent() || options.modelCard();
  }

  @Override
  public Set<ExportOption> options() {
    return Set.of(ExportOption.MAX_SHARD_SIZE, ExportOption.MODEL_CARD);
  }

  @Override
  public boolean holdsConditionAware() {
    return false;
  }

  @Override
  public Export export(Model model, ExportOptions options) {
    Checkpoint checkpoint = PublishedNetwork.of(model);
    PublishedExport export = PublishedExport.of(checkpoint);
    long most = options.maxShardSize().orElse(Long.MAX_VALUE);
    LayoutExport.Writer writer =
        isFolder(options) ? path -> export.writeFolder(path, most) : export::writeFile;
    return ModelCard.with(
        options,
        new LayoutExport(checkpoint, export, writer),
        model,
        "pytorch",
        "from safetensors.torch import load_file\n\n"
            + "# layout '"
            + export.layout()
            + "', for the code that it was published with\n"
            + "model.load_state_dict(load_file(\"FILE\"))");
  }
}
