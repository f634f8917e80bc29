package org.canbridge.runtime.export;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.Trained;
import org.canbridge.runtime.RuntimeFamilies;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.LatentSpace;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/** A network that was written in a published layout and imported from there again. */
final class Reimported implements ExportedNetwork.Running {
  /** Said in messages as what gave the arguments. */
  private static final String EXPORT = "the export";

  /** Cells of the latent on which autoencoders are compared; they take any number. */
  private static final int LATENT_SIDE = 8;

  private final Checkpoint checkpoint;
  private final Session session;

  private Reimported(Checkpoint checkpoint, Session session) {
    this.checkpoint = checkpoint;
    this.session = session;
  }

  /**
   * A network of an export.
   *
   * @param part what it is called in an export of several
   * @param at where it lies in what is written
   * @param source what must come back, every tensor byte for byte
   * @param meant the network that the layout means by it, which must give the same outputs
   */
  static ExportedNetwork network(
      String part, UnaryOperator<Path> at, Checkpoint source, ModelConfig meant) {
    return new ExportedNetwork(
        part,
        "import",
        graph(meant),
        source.tensors(),
        source.training().map(Trained::objective),
        written -> open(at.apply(written), source, meant));
  }

  private static Graph graph(ModelConfig config) {
    RuntimeFamily family = RuntimeFamilies.of(config);
    return family
        .codec()
        .map(codec -> codec.decoder(LatentSpace.DIFFUSION, LATENT_SIDE, LATENT_SIDE))
        .orElseGet(family::graph);
  }

  private static Reimported open(Path written, Checkpoint source, ModelConfig meant) {
    Checkpoint back =
        Checkpoints.open(
            written,
            ImportOptions.defaults()
                .withFamily(meant.architecture(), EXPORT)
                .withArguments(meant.arguments().toJson(), EXPORT));
    try {
      requireSame(source, meant, back);
      return new Reimported(back, Session.open(graph(back.config()), back.tensors(), Target.F32));
    } catch (RuntimeException e) {
      back.close();
      throw e;
    }
  }

  private static void requireSame(Checkpoint source, ModelConfig meant, Checkpoint back) {
    if (!back.config().equals(meant)) {
      throw new ExportDiffersException(
          meant.arguments().toString(), back.config().arguments().toString());
    }
    List<String> others = new ArrayList<>();
    source
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
