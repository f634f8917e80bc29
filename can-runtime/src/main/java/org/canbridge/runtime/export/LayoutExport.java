package org.canbridge.runtime.export;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.published.PublishedExport;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.RuntimeFamilies;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * The tensors of a published layout. It is checked by importing it again: every tensor has the same
 * bytes, and the network that the layout means gives the same outputs.
 *
 * @param model what leaves
 * @param export the tensors and what the layout means otherwise
 * @param writer writes them as a file or a folder
 */
record LayoutExport(Model model, PublishedExport export, Writer writer) implements Export {

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
    return List.of(
        new ExportedNetwork(
            "",
            "import",
            RuntimeFamilies.of(export.meantConfig()).graph(),
            model.checkpoint().tensors(),
            model.objective(),
            this::imported));
  }

  @Override
  public void writeTo(Path path) throws IOException {
    writer.write(path);
  }

  private ExportedNetwork.Running imported(Path written) {
    ModelConfig expected = export.meantConfig();
    Checkpoint back =
        Checkpoints.open(
            written,
            ImportOptions.defaults()
                .withFamily(expected.architecture(), "the export")
                .withArguments(expected.arguments().toJson(), "the export"));
    try {
      requireSame(expected, back);
      Graph graph = RuntimeFamilies.of(back.config()).graph();
      return new Imported(back, Session.open(graph, back.tensors(), Target.F32));
    } catch (RuntimeException e) {
      back.close();
      throw e;
    }
  }

  private void requireSame(ModelConfig expected, Checkpoint back) {
    if (!back.config().equals(expected)) {
      throw new ExportDiffersException(
          expected.arguments().toString(), back.config().arguments().toString());
    }
    List<String> others = new ArrayList<>();
    model
        .checkpoint()
        .tensors()
        .forEach(
            (name, tensor) -> {
              if (!Tensors.sameBytes(tensor, back.tensors().get(name))) {
                others.add(name);
              }
            });
    if (!others.isEmpty()) {
      throw new ExportDiffersException(
          "the bytes of every tensor", "other ones in " + String.join(", ", others));
    }
  }

  private record Imported(Checkpoint checkpoint, Session session)
      implements ExportedNetwork.Running {
    @Override
    public Map<String, TensorData> run(Map<String, TensorData> inputs) {
      return session.run(inputs, List.copyOf(session.graph().outputs().keySet()));
    }

    @Override
    public void close() {
      session.close();
      checkpoint.close();
    }
  }
}
