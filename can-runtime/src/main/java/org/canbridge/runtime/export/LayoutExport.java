package org.canbridge.runtime.export;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.published.PublishedExport;

/**
 * The tensors of a published layout, checked by importing them again.
 *
 * @param checkpoint what leaves
 * @param export the tensors and what the layout means otherwise
 * @param writer writes them as a file or a folder
 */
record LayoutExport(Checkpoint checkpoint, PublishedExport export, Writer writer)
    implements Export {

  /** One of the ways in which {@link PublishedExport} is written. */
  @FunctionalInterface
  interface Writer {
    void write(Path path) throws IOException;
  }

  @Override
  public String contents() {
    return export.tensors().size() + " tensors, layout " + export.layout();
  }

  @Override
  public List<String> remarks() {
    return export.changes();
  }

  @Override
  public List<ExportedNetwork> networks() {
    return List.of(Reimported.network("", export::importable, checkpoint, export.meantConfig()));
  }

  @Override
  public void writeTo(Path path) throws IOException {
    writer.write(path);
  }
}
