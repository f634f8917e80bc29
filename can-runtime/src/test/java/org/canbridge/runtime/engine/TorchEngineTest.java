package org.canbridge.runtime.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TorchEngineTest {
  @TempDir private Path folder;

  /** A program of its own, since nothing in Java sees what native code prints. */
  static final class Warned {
    private Warned() {}

    /** Takes the variance of one number, of which PyTorch warns. */
    public static void main(String[] args) {
      String source =
          """
          class K(Module):
            __parameters__ = []
            __buffers__ = []
            training : bool
            def forward(self: __torch__.K, x: Tensor) -> Tensor:
              return torch.var(x, [0], unbiased=True)
          """;
      try (NDManager manager = TorchEngine.newManager(TorchDevice.CPU);
          TorchModule module = TorchModule.load(source, TorchDevice.CPU, "test")) {
        System.out.print(
            module
                .forward(new NDList(manager.create(new float[] {1})), new NDList())
                .get(0)
                .toFloatArray()[0]);
      }
    }
  }

  private String warned(String... options) throws Exception {
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Dai.djl.offline=true", "-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(options));
    command.add(Warned.class.getName());
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().putAll(Map.of("OMP_NUM_THREADS", "1"));
    assertEquals(0, builder.start().waitFor(), Files.readString(err));
    assertEquals("NaN", Files.readString(out));
    return Files.readString(err, StandardCharsets.UTF_8);
  }

  @Test
  void whatLibrariesWarnOfIsNotSaid() throws Exception {
    assertEquals("", warned("-Dorg.slf4j.simpleLogger.log.ai.djl=error"));
  }

  @Test
  void whoWantsTheWarningsOfDjlHearsThem() throws Exception {
    assertNotEquals("", warned("-Dorg.slf4j.simpleLogger.log.ai.djl=warn"));
  }
}
