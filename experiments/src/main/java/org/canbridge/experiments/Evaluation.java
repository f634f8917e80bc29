package org.canbridge.experiments;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
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
  private static final List<Double> GUIDANCE = List.of(1.0, 2.0);
  private static final String OUTPUT = "output";

  /** Measures a network with the weights that it is to be judged by. */
  Scores of(Model model, Session network) throws IOException {
    Judge real = Judge.with(classifier);
    real.addAll(test, scale.samples());
    List<Drawn> drawn = new ArrayList<>();
    for (double guidance : GUIDANCE) {
      drawn.add(drawn(model, network, guidance, real));
    }
    return new Scores(heldOut(model, network, scale.heldOut()), drawn);
  }

  private Drawn drawn(Model model, Session network, double guidance, Judge real) {
    Judge judge = Judge.with(classifier);
    double[] right = new double[test.classes().orElseThrow()];
    for (int from = 0; from < scale.samples(); from += BATCH) {
      int count = Math.min(BATCH, scale.samples() - from);
      long[] labels = labels(from, count);
      boolean[] found = judge.add(floats(draw(model, network, guidance, from, labels)), labels);
      for (int i = 0; i < count; i++) {
        right[(int) labels[i]] += found[i] ? 1 : 0;
      }
    }
    List<Double> accuracies =
        Arrays.stream(right).mapToObj(n -> n * right.length / scale.samples()).toList();
    return new Drawn(
        guidance,
        judge.distanceTo(reference),
        KernelDistance.between(judge.rows(), real.rows()),
        Arrays.stream(right).sum() / scale.samples(),
        accuracies);
  }

  private long[] labels(int from, int count) {
    int classes = test.classes().orElseThrow();
    return LongStream.range(from, from + count).map(i -> i % classes).toArray();
  }

  private Latents draw(Model model, Session network, double guidance, int first, long... labels) {
    return ModelSampler.of(model, network)
        .sampler()
        .sample(
            SamplingSettings.of(SolverName.UNIPC, Respacing.even(scale.samplingSteps()))
                .withGuidance(guidance)
                .withSeed(DRAWING_SEED),
            labels,
            first,
            StepListener.NONE,
            () -> false);
  }

  /** Two rows of every class: what a network draws, to look at. */
  Latents sheet(Model model, Session network) {
    return draw(model, network, 1, 0, labels(0, 2 * test.classes().orElseThrow()));
  }

  private static float[] floats(Latents images) {
    float[] values = new float[images.values().length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.max(-1, Math.min(1, images.get(i)));
    }
    return values;
  }

  /**
   * The loss on some of the test images. Their noise levels are multiples of the golden ratio
   * modulo 1, which cover all levels evenly and independently of the images' order.
   */
  HeldOut heldOut(Model model, Session network, int images) throws IOException {
    DenoisingLoss loss = DenoisingLoss.of(model.diffusion());
    double[] losses = new double[images];
    for (int from = 0; from < images; from += BATCH) {
      int count = Math.min(BATCH, images - from);
      System.arraycopy(heldOut(loss, network, from, count, images), 0, losses, from, count);
    }
    double[] levels = new double[images];
    Arrays.setAll(levels, Evaluation::level);
    return HeldOut.of(losses, levels);
  }

  private static double level(int image) {
    return image * GOLDEN % 1;
  }

  private double[] heldOut(DenoisingLoss loss, Session network, int from, int count, int images)
      throws IOException {
    ImageShape shape = test.shape();
    double[] noise = SeededNoise.ofRange(LOSS_SEED, from, count).next(shape).values();
    double[] noisy = new double[noise.length];
    double[] timesteps = new double[count];
    long[] labels = new long[count];
    for (int i = 0; i < count; i++) {
      long index = (long) (from + i) * test.size() / images;
      Example example = test.read(index, new ExampleRandom(0, 0, index));
      DenoisingLoss.Level chosen = loss.at(level(from + i));
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
    double[] losses = new double[count];
    for (int i = 0; i < count; i++) {
      for (int k = 0; k < shape.size(); k++) {
        double error = output[i * outputSize + k] - noise[i * shape.size() + k];
        losses[i] += error * error / shape.size();
      }
    }
    return losses;
  }
}
