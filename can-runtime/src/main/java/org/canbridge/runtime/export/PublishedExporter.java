package org.canbridge.runtime.export;

import java.util.Set;
import org.canbridge.importers.published.PublishedExport;
import org.canbridge.runtime.Model;

/** The layout that the model was imported from, as one safetensors file. */
final class PublishedExporter implements Exporter {

  @Override
  public String name() {
    return "published";
  }

  @Override
  public String holds() {
    return "one safetensors file with the tensors under the names of the layout that the model was"
        + " imported from, byte for byte those of the source";
  }

  @Override
  public String ending(ExportOptions options) {
    return "safetensors";
  }

  @Override
  public Set<ExportOption> options() {
    return Set.of();
  }

  @Override
  public Export export(Model model, ExportOptions options) {
    PublishedExport export = PublishedExport.of(model.checkpoint());
    return new LayoutExport(model, export, export::writeFile);
  }
}
