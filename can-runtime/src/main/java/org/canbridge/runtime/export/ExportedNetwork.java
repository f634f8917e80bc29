package org.canbridge.runtime.export;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.SameFunction;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;

/**
 * A network of an export, and how it is run where it goes.
 *
 * @param name of the part, for people: {@code transformer}; empty if the export is one network
 * @param where what runs it there, for people: {@code ONNX Runtime}
 * @param graph what it must compute, with the inputs and outputs that it has there
 * @param tensors the weights with which it must compute that, by parameter
 * @param objective the training whose timesteps it is given; empty for no diffusion model
 * @param tolerance how far an output may be apart from ours, in standard deviations of it
 * @param target opens what was written
 */
public record ExportedNetwork(
    String name,
    String where,
    Graph graph,
    Map<String, TensorData> tensors,
    Optional<Objective> objective,
    double tolerance,
    Target target) {

  /** In float32, where another order of summation is all that may differ. */
  public ExportedNetwork(
      String name,
      String where,
      Graph graph,
      Map<String, TensorData> tensors,
      Optional<Objective> objective,
      Target target) {
    this(name, where, graph, tensors, objective, SameFunction.TOLERANCE, target);
  }

  /** The same network as a part that lies in a folder of the export. */
  ExportedNetwork in(String folder) {
    return new ExportedNetwork(
        name.isEmpty() ? folder : folder + "/" + name,
        where,
        graph,
        tensors,
        objective,
        tolerance,
        written -> target.open(written.resolve(folder)));
  }

  /** Opens a written export. */
  @FunctionalInterface
  public interface Target {
    /**
     * Opens it.
     *
     * @param written the file or folder under its temporary name
     * @throws ExportDiffersException if what is there is seen to be another network already
     * @throws IOException if it cannot be opened
     */
    Running open(Path written) throws IOException;
  }

  /** An open network. */
  public interface Running extends AutoCloseable {
    /**
     * Runs it once.
     *
     * @param inputs by name, those of the graph
     * @return every output of the graph by name, in the graph's shapes and any floating type
     */
    Map<String, TensorData> run(Map<String, TensorData> inputs);

    @Override
    void close();
  }
}
