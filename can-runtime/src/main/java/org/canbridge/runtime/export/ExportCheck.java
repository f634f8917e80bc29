package org.canbridge.runtime.export;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.canbridge.runtime.RandomInputs;
import org.canbridge.runtime.SameFunction;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.tensors.TensorData;

/**
 * A network of an export, run where it goes and here, on the same random inputs.
 *
 * @param network the network
 * @param batch rows of the inputs
 * @param difference of the output that differs most
 */
public record ExportCheck(ExportedNetwork network, int batch, SameFunction difference) {
  /** One row, and more than one with other timesteps and conditions in each. */
  private static final List<Integer> BATCHES = List.of(1, 3);

  /**
   * Runs a network in both places.
   *
   * @param written the export under its temporary name
   * @return one check for each size of batch
   * @throws ExportDiffersException if they differ
   * @throws IOException if the export cannot be opened
   */
  static List<ExportCheck> of(ExportedNetwork network, Path written) throws IOException {
    Map<Integer, Map<String, TensorData>> inputs = new LinkedHashMap<>();
    for (int batch : BATCHES) {
      inputs.put(batch, RandomInputs.of(network.graph(), network.objective(), batch, batch));
    }
    Map<Integer, Map<String, TensorData>> expected = new LinkedHashMap<>();
    List<String> outputs = List.copyOf(network.graph().outputs().keySet());
    try (Session session = Session.open(network.graph(), network.tensors(), Target.F32)) {
      inputs.forEach((batch, given) -> expected.put(batch, session.run(given, outputs)));
    }
    List<ExportCheck> checks = new ArrayList<>();
    try (ExportedNetwork.Running running = network.target().open(written)) {
      for (int batch : BATCHES) {
        Map<String, TensorData> actual = running.run(inputs.get(batch));
        ExportCheck check =
            new ExportCheck(network, batch, SameFunction.of(expected.get(batch), actual));
        check.require();
        checks.add(check);
      }
    }
    return checks;
  }

  private void require() {
    if (!difference.holds(network.tolerance())) {
      throw new ExportDiffersException(
          String.format(
              Locale.ROOT,
              "the outputs of this model to %.3g standard deviations of them",
              network.tolerance()),
          toString());
    }
  }

  /** As people read it. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s%s, batch %d: largest difference %.3g in %s, whose standard deviation is %.3g",
        network.where(),
        network.name().isEmpty() ? "" : ", " + network.name(),
        batch,
        difference.largest(),
        difference.output(),
        difference.deviation());
  }
}
