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
 * @param heldOut of the finished network
 * @param drawn what it draws, without guidance and with it
 * @param trainSeconds how long training took
 * @param looks the loss on a quarter of the held-out images before the first step and at every
 *     checkpoint, weights averaged
 * @param window steps that one point of the curve averages
 * @param curve mean square error of the noise over training
 */
@JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
record RunResult(
    Start start,
    Row row,
    long seed,
    double learningRate,
    int steps,
    int batch,
    long examples,
    long parameters,
    long macs,
    double trainLoss,
    HeldOut heldOut,
    List<Drawn> drawn,
    double trainSeconds,
    List<Double> looks,
    int window,
    List<Double> curve) {

  /** Keeps its own copies. */
  RunResult {
    drawn = List.copyOf(drawn);
    looks = List.copyOf(looks);
    curve = List.copyOf(curve);
  }

  Job job() {
    return new Job(start, row, seed, learningRate);
  }
}
