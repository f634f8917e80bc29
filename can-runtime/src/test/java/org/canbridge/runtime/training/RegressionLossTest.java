package org.canbridge.runtime.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.family.ObjectiveSettings;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Loss;
import org.canbridge.runtime.graph.Op;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Flow matching and the other losses of SiT, on numbers that can be computed by hand. */
class RegressionLossTest {
  private static final double CLEAN = 0.5;
  private static final double NOISE = -1.25;
  private static final double OUTPUT = 0.25;

  private static Model model(String objective) {
    ImportOptions options = ImportOptions.defaults().withHeads(3).withFamily("sit", "--family");
    return Model.open(
        Fixtures.of("sit-tiny-nosigma").resolve("checkpoint.pt"),
        options.withObjective(ObjectiveSettings.parse(objective)));
  }

  /** The right output at time 0.25 from the image, and the factor of its error. */
  @ParameterizedTest
  @CsvSource({
    "flow-linear, velocity, 0.25, 0.75, 1.75, 1",
    "flow-linear, x0, 0.25, 0.75, 0.5, 1",
    "flow-gvp, x0, 0.25, 0.75, 0.5, 1"
  })
  void theErrorIsThatOfThePrediction(
      String path,
      String prediction,
      double uniform,
      double timestep,
      double target,
      double weight) {
    try (Model model = model(path + ",prediction=" + prediction)) {
      DenoisingLoss loss = DenoisingLoss.of(model.diffusion());
      DenoisingLoss.Level level = loss.at(uniform);
      double off = prediction.equals("velocity") ? 0 : 1e-3;
      assertEquals(timestep, level.timestep(), off);
      assertEquals(List.of("mse"), loss.terms());
      double expected = Math.pow(weight * (OUTPUT - target), 2);
      assertEquals(expected, error(model.graph(), loss, level), 1e-12);
    }
  }

  /** A score's error is that of the noise: its factor is the noise's. */
  @Test
  void theErrorOfAScoreIsThatOfTheNoise() {
    try (Model model = model("flow-linear,prediction=score")) {
      DenoisingLoss loss = DenoisingLoss.of(model.diffusion());
      DenoisingLoss.Level level = loss.at(0.5);
      double sigma = level.coefficients().get(1);
      assertEquals(Math.pow(OUTPUT * sigma + NOISE, 2), error(model.graph(), loss, level), 1e-12);
    }
  }

  @Test
  void aLearnedVarianceIsTrainedBesideTheNoiseAlone() {
    try (Model model = model("flow-linear,learned_variance=true")) {
      assertThrows(IllegalArgumentException.class, () -> DenoisingLoss.of(model.diffusion()));
    }
  }

  @Test
  void aLearnedVarianceIsTrainedOnDiscreteTimestepsAlone() {
    try (Model model = model("flow-linear,prediction=eps,learned_variance=true")) {
      assertEquals(
          "a learned variance is trained on discrete timesteps alone, which this model does not"
              + " know",
          assertThrows(IllegalArgumentException.class, () -> DenoisingLoss.of(model.diffusion()))
              .getMessage());
    }
  }

  private static double error(Graph network, DenoisingLoss loss, DenoisingLoss.Level level) {
    long[] image = {1, 4, 8, 8};
    Graph graph = loss.after(network);
    Map<String, TensorData> inputs = new LinkedHashMap<>();
    for (Op.Input input : graph.inputs()) {
      inputs.put(
          input.name(),
          switch (input.name()) {
            case "clean" -> filled(CLEAN, image);
            case "noise" -> filled(NOISE, image);
            case Loss.OUTPUT -> filled(OUTPUT, image);
            case "level" ->
                MemoryTensor.of(
                    level.coefficients().stream().mapToDouble(Double::doubleValue).toArray(),
                    1,
                    level.coefficients().size());
            default -> filled(0, image);
          });
    }
    try (Session session = Session.open(graph, Map.of(), Target.F64)) {
      return Tensors.doubles(session.run(inputs, List.of("mse")).get("mse"))[0];
    }
  }

  private static TensorData filled(double value, long... shape) {
    double[] values = new double[(int) Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    Arrays.fill(values, value);
    return MemoryTensor.of(values, shape);
  }
}
