package org.canbridge.experiments;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.ModelSampler;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.SeededNoise;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.diffusion.StepListener;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.objective.Respacing;
import org.canbridge.runtime.training.DenoisingLoss;
import org.canbridge.runtime.training.data.Example;
import org.canbridge.runtime.training.data.ExampleRandom;
import org.canbridge.runtime.training.data.TrainingSet;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.verifiers.metrics.FeatureStatistics;

/**
 * Measures networks, each on the same images, noise and labels.
 *
 * @param test images that no network was trained on
 * @param reference features of the test images
 * @param classifier that looks at what is drawn
 */
record Evaluation(
    Scale scale, TrainingSet test, FeatureStatistics reference, Classifier classifier) {
  private static final int BATCH = 100;
  private static final long DRAWING_SEED = 1_000_001;
  private static final long LOSS_SEED = 1_000_002;
  private static final double GOLDEN = (Math.sqrt(5) - 1) / 2;
  private static final String OUTPUT = "output";

  /** Measures a network with the weights that it is to be judged by. */
  Scores of(Model model, Session network) throws IOException {
    Judge judge = Judge.with(classifier);
    int right = 0;
    for (int from = 0; from < scale.samples(); from += BATCH) {
      int count = Math.min(BATCH, scale.samples() - from);
      long[] labels = labels(from, count);
      right += judge.add(floats(draw(model, network, from, labels)), labels);
    }
    return new Scores(
        heldOut(model, network), judge.distanceTo(reference), (double) right / scale.samples());
  }

  private long[] labels(int from, int count) {
    int classes = test.classes().orElseThrow();
    return LongStream.range(from, from + count).map(i -> i % classes).toArray();
  }

  /** Draws images without guidance, which would hide what a network lacks. */
  private Latents draw(Model model, Session network, int first, long... labels) {
    return ModelSampler.of(model, network)
        .sampler()
        .sample(
            SamplingSettings.of(SolverName.UNIPC, Respacing.even(scale.samplingSteps()))
                .withSeed(DRAWING_SEED),
            labels,
            first,
            StepListener.NONE,
            () -> false);
  }

  /** Two rows of every class: what a network draws, to look at. */
  Latents sheet(Model model, Session network) {
    return draw(model, network, 0, labels(0, 2 * test.classes().orElseThrow()));
  }

  private static float[] floats(Latents images) {
    float[] values = new float[images.values().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.max(-1, Math.min(1, images.get(i)));
    }
    return values;
  }

  private double heldOut(Model model, Session network) throws IOException {
    DenoisingLoss loss = DenoisingLoss.of(model.diffusion());
    double sum = 0;
    for (int from = 0; from < scale.heldOut(); from += BATCH) {
      sum += heldOut(loss, network, from, Math.min(BATCH, scale.heldOut() - from));
    }
    return sum / scale.heldOut();
  }

  /**
   * Sum of the examples' losses. Their noise levels are multiples of the golden ratio modulo 1,
   * which cover all levels evenly and independently of the images' order.
   */
  private double heldOut(DenoisingLoss loss, Session network, int from, int count)
      throws IOException {
    ImageShape shape = test.shape();
    double[] noise = SeededNoise.ofRange(LOSS_SEED, from, count).next(shape).values();
    double[] noisy = new double[noise.length];
    double[] timesteps = new double[count];
    long[] labels = new long[count];
    for (int i = 0; i < count; i++) {
      long index = (long) (from + i) * test.size() / scale.heldOut();
      Example example = test.read(index, new ExampleRandom(0, 0, index));
      DenoisingLoss.Level chosen = loss.at((from + i) * GOLDEN % 1);
      timesteps[i] = chosen.timestep();
      labels[i] = example.label();
      for (int k = 0; k < shape.size(); k++) {
        int at = i * shape.size() + k;
        noisy[at] =
            chosen.coefficients().get(0) * example.values()[k]
                + chosen.coefficients().get(1) * noise[at];
      }
    }
    Map<String, TensorData> inputs =
        Map.of(
            "x",
            MemoryTensor.of(noisy, count, shape.channels(), shape.height(), shape.width()),
            "t",
            MemoryTensor.of(timesteps, count),
            "y",
            MemoryTensor.of(labels, count));
    float[] output = Tensors.floats(network.run(inputs, List.of(OUTPUT)).get(OUTPUT));
    int outputSize = output.length / count;
    double sum = 0;
    for (int i = 0; i < count; i++) {
      for (int k = 0; k < shape.size(); k++) {
        double error = output[i * outputSize + k] - noise[i * shape.size() + k];
        sum += error * error / shape.size();
      }
    }
    return sum;
  }
}
