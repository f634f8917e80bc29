package org.canbridge.runtime.export;

import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;

class TimmExporterTest extends ExporterContract {

  @Override
  Exporter exporter() {
    return new TimmExporter();
  }

  @Override
  Model model() {
    return Model.open(Fixtures.of("efficientvit-timm-b-tiny"), ImportOptions.defaults());
  }

  /** A network that timm does not have. */
  @Override
  Model refused() {
    return Model.open(Fixtures.of("dit-diffusers"), ImportOptions.defaults());
  }
}
