package org.canbridge.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.canbridge.runtime.training.data.DataFingerprint;
import org.canbridge.runtime.training.data.Holdout;
import org.canbridge.runtime.training.data.TrainingSet;
import org.canbridge.runtime.training.data.TrainingSetOptions;
import org.canbridge.runtime.training.data.TrainingSets;

/**
 * What a training is measured on: other data, or examples of the training data that are held out.
 *
 * @param data other data; empty for a share of the training data
 * @param share of the training data; 0 for none
 * @param most examples of a share
 */
record Validation(Optional<Path> data, double share, int most) {
  /** Where nothing is said. Some hundred tell apart what a training changes. */
  static final Validation USUAL = new Validation(Optional.empty(), 0.05, 512);

  /** Of more there would be little left to train on. */
  private static final double MOST_SHARE = 0.5;

  /**
   * A training set in its two parts.
   *
   * @param record what decides the result, by name; empty if nothing is held out
   */
  record Parts(TrainingSet training, Optional<TrainingSet> heldOut, Map<String, String> record)
      implements AutoCloseable {
    /** Closes other data; the training set belongs to whom it was given by. */
    @Override
    public void close() {
      heldOut.ifPresent(TrainingSet::close);
    }
  }

  /** Reads a share, a path, or {@code none}. */
  static Validation read(String name, String text) throws UsageException {
    if (text.equals("none")) {
      return new Validation(Optional.empty(), 0, 0);
    }
    double share;
    try {
      share = Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return new Validation(Optional.of(Value.path(name, text)), 0, 0);
    }
    if (!(share >= 0 && share <= MOST_SHARE)) {
      throw new UsageException(
          String.format(
              Locale.ROOT,
              "%s is '%s', but a share of the training data is at most %s; a file of that name is"
                  + " ./%s",
              name,
              text,
              MOST_SHARE,
              text));
    }
    return new Validation(Optional.empty(), share, Integer.MAX_VALUE);
  }

  /**
   * Takes examples away from a set, or opens others.
   *
   * @param options that the set was opened with
   * @param needed examples that a step takes, which are left to it
   * @throws UsageException if the others do not fit, or are those that are trained on
   */
  Parts of(TrainingSet set, TrainingSetOptions options, int needed)
      throws IOException, UsageException {
    Map<String, String> record = new LinkedHashMap<>();
    if (data.isPresent()) {
      TrainingSet other =
          TrainingSets.open(data.get(), options.withSplit(TrainingSetOptions.Split.TEST));
      try {
        String fingerprint = DataFingerprint.of(other);
        check(set, other, fingerprint);
        record.put("validation", data.get().toAbsolutePath().normalize().getFileName().toString());
        record.put("validation_fingerprint", fingerprint);
        return new Parts(set, Optional.of(other), record);
      } catch (IOException | UsageException | RuntimeException e) {
        other.close();
        throw e;
      }
    }
    long count = Math.min((long) (share * set.size()), Math.min(most, set.size() - needed));
    if (count < 1) {
      return new Parts(set, Optional.empty(), record);
    }
    Holdout parts = Holdout.of(set, (int) count);
    record.put("validation", count + " of the examples");
    return new Parts(parts.training(), Optional.of(parts.heldOut()), record);
  }

  private void check(TrainingSet set, TrainingSet other, String fingerprint)
      throws IOException, UsageException {
    if (!other.classNames().equals(set.classNames())
        || !other.text().equals(set.text())
        || other.classes().isPresent() != set.classes().isPresent()) {
      throw new UsageException(
          "the examples of "
              + other.path()
              + " have other classes or texts than those of "
              + set.path());
    }
    if (fingerprint.equals(DataFingerprint.of(set))) {
      throw new UsageException(
          other.path() + " holds the examples that are trained on, not others to measure on");
    }
  }
}
