package org.canbridge.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.detection.DetectionProblem;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.engine.Target;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.safetensors.SafetensorsFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Recorded decodings, from latents as a diffusion model would draw them. */
class LatentDecoderTest {

  @ParameterizedTest
  @CsvSource({"vae-tiny, 0.18215", "taesd-diffusers-tiny, 1"})
  void decodesAsRecorded(String fixture, double scale) {
    Path folder = Fixtures.of(fixture);
    try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("reference.safetensors"));
        LatentDecoder decoder = LatentDecoder.open(folder, ImportOptions.defaults(), Target.F32)) {
      Latents recorded = latents(file.tensors().get("input.latent"));
      double[] scaled = Arrays.stream(recorded.values()).map(v -> v * scale).toArray();
      Latents expected = latents(file.tensors().get("output.decoded"));
      Latents decoded = decoder.decode(new Latents(recorded.shape(), scaled));
      assertEquals(expected.shape(), decoded.shape());
      assertArrayEquals(expected.values(), decoded.values(), 1e-4);
      Latents grey = new Latents(new ImageShape(1, 2, 2), new double[4]);
      assertThrows(IllegalArgumentException.class, () -> decoder.decode(grey));
    }
  }

  private static Latents latents(TensorData tensor) {
    List<Long> size = tensor.type().shape();
    return new Latents(
        new ImageShape(size.get(1).intValue(), size.get(2).intValue(), size.get(3).intValue()),
        Tensors.doubles(tensor));
  }

  @Test
  void anotherModelIsRefused() {
    InputFileException refusal =
        assertThrows(
            InputFileException.class,
            () ->
                LatentDecoder.open(
                    Fixtures.of("dit-tiny").resolve("checkpoint.pt"),
                    ImportOptions.defaults().withHeads(3),
                    Target.F32));
    assertEquals(DetectionProblem.UNSUPPORTED_FAMILY, refusal.problem());
  }
}
