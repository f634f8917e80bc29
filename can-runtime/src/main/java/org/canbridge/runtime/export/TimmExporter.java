package org.canbridge.runtime.export;

import java.util.Set;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.published.PublishedExport;
import org.canbridge.runtime.Model;

/** The layout of timm, as a folder with its {@code config.json}. */
final class TimmExporter implements Exporter {

  @Override
  public String name() {
    return "timm";
  }

  @Override
  public String holds() {
    return "a folder with config.json and model.safetensors as that library has them, for networks"
        + " that it has";
  }

  @Override
  public String ending(ExportOptions options) {
    return "";
  }

  /** No shards: it reads one file of weights and no index. */
  @Override
  public Set<ExportOption> options() {
    return Set.of(ExportOption.MODEL_CARD);
  }

  @Override
  public boolean holdsConditionAware() {
    return false;
  }

  @Override
  public Export export(Model model, ExportOptions options) {
    Checkpoint checkpoint = PublishedNetwork.of(model);
    PublishedExport export = PublishedExport.ofLibrary(checkpoint, name());
    return ModelCard.with(
        options,
        new LayoutExport(checkpoint, export, export::writeFolder),
        model,
        name(),
        "import timm\n\nmodel = timm.create_model(\"hf-hub:ORG/NAME\", pretrained=True).eval()");
  }
}
