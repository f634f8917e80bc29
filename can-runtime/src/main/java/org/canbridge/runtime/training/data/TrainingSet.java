package org.canbridge.runtime.training.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.canbridge.runtime.diffusion.ImageShape;

/**
 * What a network is trained on: examples by index, read by several threads at once. The order and
 * all random choices come from outside ({@link BatchLoader}); a set is as constant as its files.
 */
public interface TrainingSet extends AutoCloseable {

  /** The file or folder it was opened from. */
  Path path();

  /** What it is in a few words, e.g. {@code IDX images}. */
  String kind();

  /** Shape of one example as the network sees it. */
  ImageShape shape();

  /** Number of examples. */
  long size();

  /**
   * Number of classes; empty where there are no labels. As many as names, where classes have names.
   */
  default OptionalInt classes() {
    int named = classNames().size();
    return named == 0 ? OptionalInt.empty() : OptionalInt.of(named);
  }

  /** Names of the classes in the order of their numbers; empty where they have none. */
  default List<String> classNames() {
    return List.of();
  }

  /** Shape of an example's text features; empty where there are none. */
  default Optional<TextShape> text() {
    return Optional.empty();
  }

  /**
   * The features {@code (L, D)} of the empty text, which stands for "no text" in guidance; an empty
   * array where the set does not hold them.
   */
  default float[] emptyText() {
    return new float[0];
  }

  /** Whether examples are flipped at random. */
  boolean flipped();

  /**
   * Files that are left out because they are broken, in the order in which that was found. Grows
   * while the set is read; mostly empty, and always so unless broken files are to be skipped.
   */
  default List<SkippedFile> skipped() {
    return List.of();
  }

  /**
   * Reads one example: pixels in -1..1, latents scaled for the network, flips applied. The same
   * arguments give the same values. Safe to call from several threads.
   *
   * @throws org.canbridge.tensors.files.InputFileException if its file cannot be used
   * @throws IOException if its file cannot be read
   */
  Example read(long index, ExampleRandom random) throws IOException;

  @Override
  void close();
}
