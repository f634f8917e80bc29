package org.canbridge.experiments;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.canbridge.runtime.training.data.Example;
import org.canbridge.runtime.training.data.ExampleRandom;
import org.canbridge.runtime.training.data.TrainingSet;
import org.canbridge.verifiers.metrics.FeatureStatistics;
import org.canbridge.verifiers.metrics.FrechetDistance;

/**
 * Gathers what the classifier sees in a set of images.
 *
 * @param classifier whose features and classes count
 * @param features of all images so far, for the Frechet distance
 * @param rows the same one by one, for the kernel distance
 */
record Judge(Classifier classifier, FeatureStatistics features, List<float[]> rows) {
  private static final int BATCH = 100;

  /** No images yet. */
  static Judge with(Classifier classifier) {
    return new Judge(classifier, FeatureStatistics.ofWidth(Classifier.FEATURES), new ArrayList<>());
  }

  /**
   * Takes a batch in.
   *
   * @param images {@code (B, C, H, W)}, values in -1..1
   * @param labels what they are meant to be
   * @return for each of them whether the classifier takes it for that
   */
  boolean[] add(float[] images, long... labels) {
    Classifier.Seen seen = classifier.see(images);
    boolean[] right = new boolean[labels.length];
    for (int i = 0; i < labels.length; i++) {
      features.add(seen.features().get(i));
      rows.add(seen.features().get(i));
      right[i] = seen.classes().get(i) == labels[i];
    }
    return right;
  }

  /**
   * Takes the first images of a set in.
   *
   * @return the share of them that the classifier takes for what their label says
   */
  double addAll(TrainingSet set, int count) throws IOException {
    int size = set.shape().size();
    int right = 0;
    for (int from = 0; from < count; from += BATCH) {
      int rows = Math.min(BATCH, count - from);
      float[] images = new float[rows * size];
      long[] labels = new long[rows];
      for (int i = 0; i < rows; i++) {
        Example example = set.read(from + i, new ExampleRandom(0, 0, from + i));
        System.arraycopy(example.values(), 0, images, i * size, size);
        labels[i] = example.label();
      }
      for (boolean one : add(images, labels)) {
        right += one ? 1 : 0;
      }
    }
    return (double) right / count;
  }

  /** The distance of all images so far to others. */
  double distanceTo(FeatureStatistics others) {
    return FrechetDistance.between(features, others);
  }
}
