package org.canbridge.runtime.export;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.canbridge.importers.published.PublishedExport;

/**
 * The tensors of a published layout.
 *
 * @param export the tensors and what the layout means otherwise
 * @param writer writes them as a file or a folder
 */
record LayoutExport(PublishedExport export, Writer writer) implements Export {

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
  public void writeTo(Path path) throws IOException {
    writer.write(path);
  }
}
