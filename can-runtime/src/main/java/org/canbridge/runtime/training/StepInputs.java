package org.canbridge.runtime.training;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.canbridge.importers.family.Objective;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.family.Diffusion;
import org.canbridge.runtime.family.NetworkInput;
import org.canbridge.runtime.training.data.TrainingBatch;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;

/**
 * What one forward and backward pass takes: clean examples, each with its noise, noise level and
 * condition.
 *
 * @param network inputs of the network by name, without the noisy image
 * @param loss inputs of the objective by name
 */
record StepInputs(Map<String, TensorData> network, Map<String, TensorData> loss) {

  /**
   * Makes them.
   *
   * @param batch the examples of the whole step
   * @param from the first row that is taken
   * @param count how many are taken
   * @param number of the first of them in the run, which decides its random numbers
   * @param diffusion what the network is
   * @param loss that it is trained with
   * @param drop share of conditions that are dropped
   * @param noText features of the empty text; empty for networks without text
   * @param textShape of the features of all rows taken; empty for networks without text
   */
  static StepInputs of(
      TrainingBatch batch,
      int from,
      int count,
      long number,
      ExampleDraws draws,
      Diffusion diffusion,
      DenoisingLoss loss,
      double drop,
      float[] noText,
      long[] textShape) {
    double[] timesteps = new double[count];
    double[][] levels = new double[count][];
    boolean[] dropped = new boolean[count];
    for (int i = 0; i < count; i++) {
      ExampleDraws.Choice choice = draws.choice(number + i);
      DenoisingLoss.Level level = loss.at(choice.level());
      timesteps[i] = level.timestep();
      levels[i] = level.coefficients().stream().mapToDouble(Double::doubleValue).toArray();
      dropped[i] = choice.drop() < drop;
    }
    Map<String, TensorData> network = new LinkedHashMap<>();
    network.put(NetworkInput.TIMESTEP.label(), MemoryTensor.of(timesteps, count));
    if (batch.labels().length > 0) {
      long[] labels = labels(batch, from, dropped, diffusion.labels().nullLabel());
      network.put(NetworkInput.LABEL.label(), MemoryTensor.of(labels, count));
    }
    if (textShape.length > 0) {
      network.put(
          NetworkInput.TEXT.label(),
          MemoryTensor.of(texts(batch, from, dropped, noText), textShape));
    }
    ImageShape shape = diffusion.shape();
    long[] images = {count, shape.channels(), shape.height(), shape.width()};
    int size = shape.size();
    Map<String, TensorData> objective = new LinkedHashMap<>();
    objective.put(
        "clean",
        MemoryTensor.of(
            ranged(
                Arrays.copyOfRange(batch.values(), from * size, (from + count) * size),
                diffusion.range()),
            images));
    objective.put("noise", MemoryTensor.of(draws.noise(number, count, shape), images));
    objective.put(
        "level",
        MemoryTensor.of(
            Arrays.stream(levels).flatMapToDouble(Arrays::stream).toArray(),
            count,
            levels[0].length));
    return new StepInputs(network, objective);
  }

  private static float[] ranged(float[] images, Objective.Range range) {
    for (int i = 0; i < images.length; i++) {
      images[i] = (float) range.ofSigned(images[i]);
    }
    return images;
  }

  private static long[] labels(
      TrainingBatch batch, int from, boolean[] dropped, OptionalLong nullLabel) {
    long[] labels = Arrays.copyOfRange(batch.labels(), from, from + dropped.length);
    for (int i = 0; i < labels.length; i++) {
      if (dropped[i] && nullLabel.isPresent()) {
        labels[i] = nullLabel.getAsLong();
      }
    }
    return labels;
  }

  private static float[] texts(TrainingBatch batch, int from, boolean[] dropped, float[] noText) {
    float[] texts = new float[dropped.length * noText.length];
    for (int i = 0; i < dropped.length; i++) {
      System.arraycopy(
          dropped[i] ? noText : batch.text(),
          dropped[i] ? 0 : (from + i) * noText.length,
          texts,
          i * noText.length,
          noText.length);
    }
    return texts;
  }
}
