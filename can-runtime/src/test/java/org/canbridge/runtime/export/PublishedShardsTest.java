package org.canbridge.runtime.export;

import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;

/** The published layout in many files, here one that has no configuration beside them. */
class PublishedShardsTest extends PublishedExporterTest {

  @Override
  Model model() {
    return Model.open(
        Fixtures.of("dit-tiny").resolve("checkpoint.pt"), ImportOptions.defaults().withHeads(3));
  }

  @Override
  ExportOptions options() {
    return ExportOptions.defaults().withMaxShardSize(50_000);
  }
}
