package org.canbridge.experiments;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;

/**
 * What came out of one run.
 *
 * @param parameters of the network
 * @param macs multiply-accumulates of one forward pass for one image
 * @param examples in the training set
 * @param trainLoss mean square error of the noise over the last tenth of the steps
 * @param heldOut see {@link Scores}
 * @param frechet see {@link Scores}
 * @param accuracy see {@link Scores}
 * @param trainSeconds how long training took
 * @param evaluationSeconds how long the rest took
 * @param window steps that one point of the curve averages
 * @param curve mean square error of the noise over training
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
record RunResult(
    Start start,
    Row row,
    long seed,
    int steps,
    int batch,
    double learningRate,
    long examples,
    long parameters,
    long macs,
    double trainLoss,
    double heldOut,
    double frechet,
    double accuracy,
    double trainSeconds,
    double evaluationSeconds,
    int window,
    List<Double> curve) {

  /** Keeps its own copy. */
  RunResult {
    curve = List.copyOf(curve);
  }

  Job job() {
    return new Job(start, row, seed);
  }
}
