package org.canbridge.experiments;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;

/**
 * What the classifier says of the images that a network draws.
 *
 * @param guidance 1 for none
 * @param frechet distance to the test images
 * @param kernel distance to them, see {@link KernelDistance}
 * @param accuracy share that it takes for the class asked for
 * @param accuracies the same by class
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
record Drawn(
    double guidance, double frechet, double kernel, double accuracy, List<Double> accuracies) {
  /** Keeps its own copy. */
  Drawn {
    accuracies = List.copyOf(accuracies);
  }
}
