package org.canbridge.runtime.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.can.TinyNetworks;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.safetensors.SafetensorsWriter;

/** That PyTorch in Python makes of TorchScript files what the networks are here. */
public final class ScriptsInPython {
  private static final int BATCH = 3;

  private ScriptsInPython() {}

  /**
   * Writes graphs, inputs and our outputs into a folder and has all of them compared.
   *
   * @param python an interpreter with PyTorch and safetensors
   */
  public static void areTheNetworks(List<Graph> graphs, Path folder, String python)
      throws IOException, InterruptedException {
    for (int i = 0; i < graphs.size(); i++) {
      write(graphs.get(i), folder, Integer.toString(i));
    }
    Process process =
        new ProcessBuilder(
                python,
                Fixtures.root().resolveSibling("scripts/check_torchscript.py").toString(),
                folder.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), said);
  }

  private static void write(Graph graph, Path folder, String name) throws IOException {
    Map<String, TensorData> weights = TinyNetworks.weights(graph, 11);
    Map<String, TensorData> inputs = new RandomTensors(5).inputs(graph, BATCH);
    List<String> outputs = List.copyOf(graph.outputs().keySet());
    SameInDjl.write(graph, weights, folder.resolve(name + ".pt"));
    Map<String, TensorData> recorded = new LinkedHashMap<>();
    inputs.forEach((input, value) -> recorded.put("input." + input, value));
    try (Session session = Session.open(graph, weights, Target.F32)) {
      session.run(inputs, outputs).forEach((out, value) -> recorded.put("output." + out, value));
    }
    SafetensorsWriter.write(
        folder.resolve(name + ".safetensors"),
        recorded,
        Map.of(
            "inputs", String.join(",", graph.inputs().stream().map(Op.Input::name).toList()),
            "outputs", String.join(",", outputs),
            "tensors", String.join(",", weights.keySet())));
  }
}
