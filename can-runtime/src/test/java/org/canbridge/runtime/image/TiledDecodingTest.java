package org.canbridge.runtime.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.SeededNoise;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TiledDecodingTest {

  @ParameterizedTest
  @CsvSource({"5,5,1", "8,8,1", "9,8,2", "13,20,8", "40,9,16"})
  void aLocalDecoderGivesTheSameImageInTiles(int height, int width, int tiles) {
    Latents latent = SeededNoise.ofRange(1, 0, 1).next(new ImageShape(2, height, width));
    AtomicInteger calls = new AtomicInteger();
    Latents tiled =
        new TiledDecoding(8, 3)
            .decode(
                latent,
                part -> {
                  calls.incrementAndGet();
                  assertTrue(part.shape().height() <= 8 && part.shape().width() <= 8);
                  return twiceAsLarge(part);
                });
    assertEquals(new ImageShape(2, 2 * height, 2 * width), tiled.shape());
    assertArrayEquals(twiceAsLarge(latent).values(), tiled.values(), 1e-14);
    assertEquals(tiles, calls.get());
  }

  @Test
  void neighboursAreBlended() {
    Latents latent = new Latents(new ImageShape(1, 1, 12), new double[12]);
    AtomicInteger calls = new AtomicInteger();
    double[] blended =
        new TiledDecoding(8, 4)
            .decode(
                latent,
                part -> {
                  double[] values = new double[part.values().length];
                  Arrays.fill(values, calls.getAndIncrement());
                  return new Latents(part.shape(), values);
                })
            .values();
    assertArrayEquals(
        new double[] {0, 0, 0, 0, .125, .375, .625, .875, 1, 1, 1, 1}, blended, 1e-15);
  }

  @Test
  void tilesAreLargerThanTheirOverlap() {
    assertThrows(IllegalArgumentException.class, () -> new TiledDecoding(4, 4));
    assertThrows(IllegalArgumentException.class, () -> new TiledDecoding(4, -1));
  }

  private static Latents twiceAsLarge(Latents latent) {
    ImageShape from = latent.shape();
    ImageShape to = new ImageShape(from.channels(), 2 * from.height(), 2 * from.width());
    double[] values = new double[to.size()];
    Arrays.setAll(
        values,
        i -> {
          int channel = i / to.plane();
          int y = i % to.plane() / to.width();
          int x = i % to.width();
          return latent.get(channel * from.plane() + y / 2 * from.width() + x / 2);
        });
    return new Latents(to, values);
  }
}
