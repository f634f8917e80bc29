package org.canbridge.runtime.diffusion;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.LongStream;

/**
 * Normal numbers from a seed, with ONE independent stream for every image: image k of a seed gets
 * the same numbers whatever the batch size, the order, or where a bulk run was resumed.
 *
 * <p>The stream of image k is L64X128MixRandom (Steele and Vigna 2021; {@code java.util.random})
 * seeded with {@code mix(mix(seed) + k * 0x9E3779B97F4A7C15)}, mix being the finalizer of
 * SplitMix64 (variant 13 of Stafford's). For one seed, different images never share a generator's
 * seed: the increment is odd and the mix is a bijection.
 *
 * <p>The uniform numbers become normal by Marsaglia's polar method with {@link StrictMath}, not by
 * {@code nextGaussian}, whose algorithm the JDK leaves open and has changed within Java 17: the
 * same seed must give the same picture on every machine.
 */
public final class SeededNoise implements NoiseSource {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;
  private static final RandomGeneratorFactory<RandomGenerator> FACTORY =
      RandomGeneratorFactory.of("L64X128MixRandom");

  private final Stream[] streams;

  /**
   * The streams of some images.
   *
   * @param seed the run's seed
   * @param images the index of each row's image in the run
   */
  public SeededNoise(long seed, long... images) {
    streams =
        LongStream.of(images)
            .mapToObj(image -> new Stream(FACTORY.create(mix(mix(seed) + image * GOLDEN))))
            .toArray(Stream[]::new);
  }

  /** The streams of {@code count} images from index {@code first} on. */
  public static SeededNoise ofRange(long seed, long first, int count) {
    return new SeededNoise(seed, LongStream.range(first, first + count).toArray());
  }

  @Override
  public Latents next(ImageShape shape) {
    return Latents.generate(streams.length, shape, i -> streams[i / shape.size()].next());
  }

  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** The normal numbers of one image; the polar method makes them in pairs. */
  private static final class Stream {
    private final RandomGenerator bits;
    private double spare = Double.NaN;

    Stream(RandomGenerator bits) {
      this.bits = bits;
    }

    double next() {
      if (!Double.isNaN(spare)) {
        double value = spare;
        spare = Double.NaN;
        return value;
      }
      while (true) {
        double u = symmetric();
        double v = symmetric();
        double square = u * u + v * v;
        if (square < 1 && square > 0) {
          double factor = Math.sqrt(-2 * StrictMath.log(square) / square);
          spare = v * factor;
          return u * factor;
        }
      }
    }

    /** Uniform in -1..1: a multiple of 2^-52. */
    private double symmetric() {
      return (bits.nextLong() >> 11) * 0x1.0p-52;
    }
  }
}
