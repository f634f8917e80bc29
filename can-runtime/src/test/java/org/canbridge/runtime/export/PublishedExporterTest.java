package org.canbridge.runtime.export;

import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.NormFolding;
import org.canbridge.runtime.engine.Target;

class PublishedExporterTest extends ExporterContract {

  @Override
  Exporter exporter() {
    return new PublishedExporter();
  }

  @Override
  Model model() {
    return Model.open(Fixtures.of("dit-diffusers"), ImportOptions.defaults());
  }

  /** Folded batch norms are in no published layout. */
  @Override
  Model refused() {
    Checkpoint source =
        Checkpoints.open(Fixtures.of("efficientvit-timm-b-tiny"), ImportOptions.defaults());
    return Model.generated(NormFolding.of(source, 0, Target.F32).checkpoint());
  }
}
