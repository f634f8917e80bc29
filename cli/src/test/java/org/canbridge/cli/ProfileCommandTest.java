package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProfileCommandTest {

  /** Latents have an eighth of the image's side; CIFAR-10's network and EfficientViT see pixels. */
  @ParameterizedTest
  @CsvSource({
    "DiT-XL/2, 512, 524.",
    "U-ViT-L/2, 256, 76.5G",
    "U-ViT-S/2-CIFAR-10, 32, 12.2G",
    "EfficientViT-B1, 288, 0.9G",
    "EfficientViT-L3, 384, 81.0G"
  })
  void countsForImagesOfAnotherSize(String name, String pixels, String macs) {
    Outcome outcome = Outcome.of("profile", "--arch", name, "--image-size", pixels);
    assertEquals(0, outcome.status(), outcome.err());
    assertTrue(outcome.out().lines().toList().get(2).contains("(" + macs), outcome.out());
  }

  @ParameterizedTest
  @CsvSource({"DiT-XL/2, 500", "U-ViT-L/2, 30"})
  void refusesSidesThatMakeNoLatent(String name, String pixels) {
    Outcome outcome = Outcome.of("profile", "--arch", name, "--image-size", pixels);
    assertEquals(2, outcome.status());
    assertTrue(outcome.err().contains("--image-size must be a multiple of 8, not " + pixels));
  }
}
