package org.canbridge.runtime.export;

import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;

class DiffusersExporterTest extends ExporterContract {

  @Override
  Exporter exporter() {
    return new DiffusersExporter();
  }

  /** Positions that are not the layout's sine-cosine table. */
  @Override
  Model refused() {
    return Model.open(
        Fixtures.of("dit-tiny-nosigma-p4").resolve("checkpoint.pt"),
        ImportOptions.defaults().withHeads(3));
  }
}
