package org.canbridge.runtime.export;

/** The published layout in many files. */
class PublishedShardsTest extends PublishedExporterTest {

  @Override
  ExportOptions options() {
    return ExportOptions.defaults().withMaxShardSize(50_000);
  }
}
