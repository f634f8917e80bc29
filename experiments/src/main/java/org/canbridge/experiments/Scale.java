package org.canbridge.experiments;

/**
 * How much is computed.
 *
 * @param name of the folders with intermediate files
 * @param trainedSteps of training from the bundled checkpoint and of the U-ViT, for each row
 * @param scratchSteps of training from random weights, for each row
 * @param batch examples of a step
 * @param trainedWarmup steps in which the learning rate rises from the bundled checkpoint; it then
 *     falls to zero along a cosine
 * @param warmup the same from random weights
 * @param checkpointEvery steps between two checkpoints of a run, and two looks at its loss
 * @param classifierEpochs passes over the training set
 * @param seeds of the main rows
 * @param samples images drawn from each trained network, a multiple of the number of classes
 * @param samplingSteps of UniPC
 * @param heldOut test images of the loss on fixed noise; those of a look on the way are a quarter
 */
record Scale(
    String name,
    int trainedSteps,
    int scratchSteps,
    int batch,
    int trainedWarmup,
    int warmup,
    int checkpointEvery,
    int classifierEpochs,
    int seeds,
    int samples,
    int samplingSteps,
    int heldOut) {

  /** What the committed results are made with. */
  static final Scale FULL = new Scale("full", 2000, 3000, 32, 400, 100, 100, 8, 3, 2000, 10, 2000);

  /** A few minutes that show that all of it runs; the numbers mean nothing. */
  static final Scale QUICK = new Scale("quick", 8, 8, 8, 2, 2, 4, 1, 1, 20, 4, 80);

  /** Steps of a run. */
  int steps(Job job) {
    if (!job.row().isTrained()) {
      return 0;
    }
    return job.start() == Start.SCRATCH ? scratchSteps : trainedSteps;
  }
}
