package org.canbridge.experiments;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.canbridge.verifiers.metrics.FeatureStatistics;

/**
 * The files that all runs are judged by: the classifier and what it sees in the test images.
 *
 * @param folder where they lie
 */
record Eyes(Path folder) {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /**
   * What is known of the classifier.
   *
   * @param trainImages it was trained on
   * @param testImages it was tested on
   * @param accuracy on the test images
   * @param frechetOfTrainImages distance of as many training images as are drawn from a network to
   *     the test images: what perfect samples would have
   */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  record Facts(
      long trainImages, int epochs, long testImages, double accuracy, double frechetOfTrainImages) {

    /** Reads them; the file must be there. */
    static Facts read(Path file) throws IOException {
      return JSON.readValue(file.toFile(), Facts.class);
    }
  }

  private Path weights() {
    return folder.resolve("classifier.safetensors");
  }

  private Path features() {
    return folder.resolve("test-features.safetensors");
  }

  /**
   * Trains the classifier, unless that was done before.
   *
   * @param facts file for what is known of it
   */
  void make(Data data, Scale scale, Path facts) throws IOException, InterruptedException {
    if (Files.exists(features()) && Files.exists(facts)) {
      return;
    }
    Files.createDirectories(folder);
    Files.createDirectories(facts.getParent());
    try (Classifier classifier = Classifier.train(data.mirrored(), scale.classifierEpochs())) {
      classifier.save(weights());
      Judge test = Judge.with(classifier);
      int images = Math.toIntExact(data.test().size());
      double accuracy = test.addAll(data.test(), images);
      Judge real = Judge.with(classifier);
      real.addAll(data.train(), scale.samples());
      JSON.writeValue(
          facts.toFile(),
          new Facts(
              data.train().size(),
              scale.classifierEpochs(),
              images,
              accuracy,
              real.distanceTo(test.features())));
      test.features().save(features());
    }
  }

  /** The classifier; to be closed. */
  Classifier classifier(Data data) {
    return Classifier.load(weights(), data.test().shape(), data.test().classes().orElseThrow());
  }

  /** Features of the test images. */
  FeatureStatistics reference() {
    return FeatureStatistics.load(features());
  }
}
