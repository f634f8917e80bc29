package org.canbridge.runtime.training.data;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.LongConsumer;
import org.canbridge.runtime.diffusion.ImageShape;

/**
 * How a training set is opened.
 *
 * @param shape what the network takes, {@code (C, H, W)}
 * @param classes how many classes the network knows; a label past them is refused. Empty: any label
 * @param flip whether to flip examples at random; empty: as the authors do, images of a folder and
 *     nothing else
 * @param latentScale factor of latents that are sampled from stored moments
 * @param split which of a set's parts
 * @param skipBroken whether to leave out files that cannot be used, instead of refusing the set
 * @param maxPixels most pixels of an image that is decoded
 * @param upright whether images are turned as their EXIF data say; torchvision and the authors'
 *     scripts take them as they are stored
 * @param checked told now and then how many files have been looked at while a set is opened; from
 *     several threads
 */
public record TrainingSetOptions(
    ImageShape shape,
    OptionalInt classes,
    Optional<Boolean> flip,
    float latentScale,
    Split split,
    boolean skipBroken,
    long maxPixels,
    boolean upright,
    LongConsumer checked) {
  /** Factor of Stable Diffusion's first autoencoders, with which DiT and U-ViT were trained. */
  public static final float STABLE_DIFFUSION_SCALE = 0.18215f;

  /** 64 million: 200 MB while it is decoded, for each thread. */
  public static final long MAX_PIXELS = 1 << 26;

  /** Parts of a published data set. */
  public enum Split {
    /** {@code train-images-idx3-ubyte}, {@code train}. */
    TRAIN,
    /** {@code t10k-images-idx3-ubyte}, {@code val}. */
    TEST
  }

  /** Checks the numbers. */
  public TrainingSetOptions {
    if (maxPixels < 1 || !(latentScale > 0) || Float.isInfinite(latentScale)) {
      throw new IllegalArgumentException(
          "a limit of " + maxPixels + " pixels, a latent scale of " + latentScale);
    }
    if (classes.isPresent() && classes.getAsInt() < 1) {
      throw new IllegalArgumentException(classes.getAsInt() + " classes");
    }
  }

  /** The defaults, for a network that takes {@code shape}. */
  public static TrainingSetOptions of(ImageShape shape) {
    return new TrainingSetOptions(
        shape,
        OptionalInt.empty(),
        Optional.empty(),
        STABLE_DIFFUSION_SCALE,
        Split.TRAIN,
        false,
        MAX_PIXELS,
        true,
        count -> {});
  }

  /** The same for a network of so many classes. */
  public TrainingSetOptions withClasses(int number) {
    return new TrainingSetOptions(
        shape,
        OptionalInt.of(number),
        flip,
        latentScale,
        split,
        skipBroken,
        maxPixels,
        upright,
        checked);
  }

  /** The same with flips or without. */
  public TrainingSetOptions withFlip(boolean on) {
    return new TrainingSetOptions(
        shape,
        classes,
        Optional.of(on),
        latentScale,
        split,
        skipBroken,
        maxPixels,
        upright,
        checked);
  }

  /** The same with another factor for latents. */
  public TrainingSetOptions withLatentScale(float factor) {
    return new TrainingSetOptions(
        shape, classes, flip, factor, split, skipBroken, maxPixels, upright, checked);
  }

  /** The same for another part. */
  public TrainingSetOptions withSplit(Split part) {
    return new TrainingSetOptions(
        shape, classes, flip, latentScale, part, skipBroken, maxPixels, upright, checked);
  }

  /** The same, leaving out broken files or not. */
  public TrainingSetOptions withSkipBroken(boolean skip) {
    return new TrainingSetOptions(
        shape, classes, flip, latentScale, split, skip, maxPixels, upright, checked);
  }

  /** The same with images turned upright or as they are stored. */
  public TrainingSetOptions withUpright(boolean turned) {
    return new TrainingSetOptions(
        shape, classes, flip, latentScale, split, skipBroken, maxPixels, turned, checked);
  }
}
