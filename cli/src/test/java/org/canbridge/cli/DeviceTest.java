package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.engine.TorchDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code --device} on the commands that run networks. */
class DeviceTest {
  private static final Path BUNDLE = Fixtures.of("dit-tiny");

  @TempDir private Path folder;

  private Outcome run(String command, String device) {
    List<String> args = new ArrayList<>(List.of(command.split(" ")));
    args.replaceAll(
        arg ->
            switch (arg) {
              case "MODEL" -> BUNDLE.resolve("checkpoint.pt").toString();
              case "BUNDLE" -> BUNDLE.toString();
              case "DATA" -> Fixtures.of("dit-tiny").toString();
              case "OUT" -> folder.resolve("out").toString();
              default -> arg;
            });
    args.addAll(List.of("--device", device));
    return Outcome.of(args.toArray(String[]::new));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sample MODEL --heads 3 --save-latents OUT",
        "verify MODEL --reference BUNDLE",
        "import MODEL --heads 3 --fold-batch-norm --out OUT",
        "convert MODEL --heads 3 --out OUT",
        "bake MODEL --heads 3 --out OUT",
        "finetune MODEL --heads 3 --data DATA --out OUT",
        "quickstart --out OUT"
      })
  void whatIsNotThereIsRefusedWithWhatIs(String command) {
    String name = command.substring(0, command.indexOf(' '));
    Outcome outcome = run(command, "cuda:999");
    String there =
        TorchDevice.here().stream().map(TorchDevice::toString).collect(Collectors.joining(", "));
    assertEquals(
        String.format(
            "canbridge: %s: --device: there is no device 'cuda:999' here; this machine has %s%n"
                + "  next: canbridge %s --help%n",
            name, there, name),
        outcome.err());
    assertEquals(2, outcome.status());
    assertEquals(false, Files.exists(folder.resolve("out")));
  }

  @Test
  void aKindThatThereIsNotIsRefused() {
    Outcome outcome = run("verify MODEL --reference BUNDLE", "gpu");
    assertEquals(
        String.format(
            "canbridge: verify: --device: no device is called 'gpu'; it must be cpu, cuda, cuda:N"
                + " or mps%n  next: canbridge verify --help%n"),
        outcome.err());
    assertEquals(2, outcome.status());
  }

  @Test
  void theProcessorIsAlwaysThere() {
    Outcome outcome = run("verify MODEL --reference BUNDLE", "cpu");
    assertEquals(0, outcome.status(), outcome.out() + outcome.err());
  }
}
