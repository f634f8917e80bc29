package org.canbridge.runtime.export;

import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;

/** With guidance inside, which not every network has. */
class OnnxExporterTest extends ExporterContract {

  @Override
  Exporter exporter() {
    return new OnnxExporter();
  }

  @Override
  ExportOptions options() {
    return ExportOptions.defaults().withGuidance();
  }

  /** Nothing tells it what to draw. */
  @Override
  Model refused() {
    return Model.open(
        Fixtures.of("uvit-tiny-uncond-mlptime").resolve("nnet_ema.pth"),
        ImportOptions.defaults().withHeads(4));
  }
}
