package org.canbridge.runtime.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.can.TinyNetworks;
import org.canbridge.runtime.graph.Graph;

/** ONNX's own checker, a package of Python. */
public final class OnnxChecker {
  /** The property that names an interpreter. */
  public static final String PYTHON = "canbridge.python";

  private OnnxChecker() {}

  /** Writes graphs into a folder and has all of them checked. */
  public static void accepts(List<Graph> graphs, Path folder)
      throws IOException, InterruptedException {
    for (int i = 0; i < graphs.size(); i++) {
      Graph graph = graphs.get(i);
      for (OnnxType type : OnnxType.values()) {
        // Every version with some of the graphs, and 17 with all; loops in one of the two.
        for (int opset : new int[] {17, 18 + i % 4}) {
          OnnxOptions options = new OnnxOptions(opset, type, opset == 17);
          OnnxProgram program =
              OnnxLowering.of(graph, List.copyOf(graph.outputs().keySet()), options);
          Path file = folder.resolve(i + "-" + opset + "-" + type + ".onnx");
          try (FileChannel channel =
              FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            program.writeTo(
                channel, OnnxNetwork.as(type, TinyNetworks.weights(graph, 11)), Map.of());
          }
        }
      }
    }
    Process python =
        new ProcessBuilder(
                System.getProperty(PYTHON),
                Fixtures.root().resolveSibling("scripts/check_onnx.py").toString(),
                folder.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(python.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, python.waitFor(), said);
  }
}
