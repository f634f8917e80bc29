package org.canbridge.runtime.export;

import java.util.List;

/** All forms in which models leave. */
public final class Exporters {
  private Exporters() {}

  /** In the order of the help; a new one is one line here. */
  public static List<Exporter> all() {
    return List.of(
        new PublishedExporter(),
        new DiffusersExporter(),
        new TimmExporter(),
        new TorchScriptExporter(),
        new OnnxExporter());
  }
}
