package org.canbridge.experiments;

import java.io.IOException;
import java.nio.file.Path;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.training.data.TrainingSet;
import org.canbridge.runtime.training.data.TrainingSetOptions;
import org.canbridge.runtime.training.data.TrainingSets;

/**
 * Fashion-MNIST, both parts of it.
 *
 * @param train 60,000 images, or the bundled 6,000
 * @param mirrored the same, half of them mirrored at random: for the classifier
 * @param test 10,000 images, or the bundled 1,000
 */
record Data(TrainingSet train, TrainingSet mirrored, TrainingSet test) implements AutoCloseable {
  private static final TrainingSetOptions OPTIONS =
      TrainingSetOptions.of(new ImageShape(1, 28, 28)).withClasses(10);

  /** Opens the IDX files of a folder. */
  static Data open(Path folder) throws IOException {
    return new Data(
        TrainingSets.open(folder, OPTIONS),
        TrainingSets.open(folder, OPTIONS.withFlip(true)),
        TrainingSets.open(folder, OPTIONS.withSplit(TrainingSetOptions.Split.TEST)));
  }

  @Override
  public void close() {
    train.close();
    mirrored.close();
    test.close();
  }
}
