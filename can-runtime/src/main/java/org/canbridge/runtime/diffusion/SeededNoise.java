package org.canbridge.runtime.diffusion;

import java.util.stream.LongStream;

/**
 * Normal numbers from a seed, with ONE independent stream for every image: image k of a seed gets
 * the same numbers whatever the batch size, the order, or where a bulk run was resumed. The stream
 * of image k is {@code RandomStream.of(seed, k)}.
 */
public final class SeededNoise implements NoiseSource {
  private final RandomStream[] streams;

  /**
   * The streams of some images.
   *
   * @param seed the run's seed
   * @param images the index of each row's image in the run
   */
  public SeededNoise(long seed, long... images) {
    streams =
        LongStream.of(images)
            .mapToObj(image -> RandomStream.of(seed, image))
            .toArray(RandomStream[]::new);
  }

  /** The streams of {@code count} images from index {@code first} on. */
  public static SeededNoise ofRange(long seed, long first, int count) {
    return new SeededNoise(seed, LongStream.range(first, first + count).toArray());
  }

  @Override
  public Latents next(ImageShape shape) {
    return Latents.generate(streams.length, shape, i -> streams[i / shape.size()].normal());
  }
}
