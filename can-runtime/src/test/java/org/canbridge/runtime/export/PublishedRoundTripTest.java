package org.canbridge.runtime.export;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;
import org.canbridge.tensors.files.Json;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every family and layout leaves as it came, as a file and in shards, and is run from there. */
class PublishedRoundTripTest {
  @TempDir Path folder;

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "dit-tiny-bf16, checkpoint.pt",
    "dit-tiny-train, 0050000.pt",
    "dit-diffusers-distinct, ''",
    "sit-tiny, checkpoint.pt",
    "uvit-tiny, nnet_ema.pth",
    "uvit-tiny-uncond-mlptime, nnet_ema.pth",
    "uvit-t2i-tiny, nnet_ema.pth",
    "efficientvit-b-tiny, efficientvit_b_tiny.pt",
    "efficientvit-timm-l-tiny, ''",
    "vae-tiny, ''",
    "vae-tiny-oldattn, ''",
    "vae-compvis-tiny, sd-style.ckpt",
    "taesd-diffusers-tiny, ''",
    "clip-text-tiny-eos, ''",
  })
  void leavesAsItCame(String name, String file) throws IOException {
    Path fixture = Fixtures.of(name);
    ObjectNode reference =
        (ObjectNode) Json.parse(Files.readAllBytes(fixture.resolve("reference.json")));
    ImportOptions options =
        file.isEmpty()
            ? ImportOptions.defaults()
            : ImportOptions.defaults()
                .withArguments((ObjectNode) reference.get("config"), "reference.json");
    PublishedExporter exporter = new PublishedExporter();
    ExportOptions shards = ExportOptions.defaults().withMaxShardSize(20_000);
    try (Model model = Model.open(fixture.resolve(file), options)) {
      for (ExportOptions how : List.of(ExportOptions.defaults(), shards)) {
        Path out = folder.resolve(how.given().toString());
        try (Export export = exporter.prepare(model, how)) {
          assertEquals(List.of(), export.remarks());
          assertEquals(2, export.write(out).size());
        }
      }
    }
  }
}
