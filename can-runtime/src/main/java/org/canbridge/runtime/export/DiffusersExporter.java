package org.canbridge.runtime.export;

import java.util.Set;
import org.canbridge.importers.published.PublishedExport;
import org.canbridge.runtime.Model;

/** The layout of diffusers, as a folder with its {@code config.json}. */
final class DiffusersExporter implements Exporter {

  @Override
  public String name() {
    return "diffusers";
  }

  @Override
  public String holds() {
    return "a folder with config.json and weights as that library has them, for networks that it"
        + " has";
  }

  @Override
  public String ending(ExportOptions options) {
    return "";
  }

  @Override
  public Set<ExportOption> options() {
    return Set.of();
  }

  @Override
  public Export export(Model model, ExportOptions options) {
    PublishedExport export = PublishedExport.of(model.checkpoint(), name());
    return new LayoutExport(model, export, export::writeFolder);
  }
}
