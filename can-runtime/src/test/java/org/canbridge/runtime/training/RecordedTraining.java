package org.canbridge.runtime.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.AdamW;
import org.canbridge.runtime.engine.Arithmetic;
import org.canbridge.runtime.engine.TrainingSession;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.safetensors.SafetensorsFile;

/** Recorded training steps and the session that repeats them. */
final class RecordedTraining implements AutoCloseable {
  private final JsonNode settings;
  private final SafetensorsFile file;
  private final Model model;
  private final DenoisingLoss loss;
  private final TrainingSession session;
  private final double tolerance;
  private final Set<String> open = new TreeSet<>();
  private double[][] terms;

  RecordedTraining(String name, Arithmetic arithmetic, double tolerance) throws IOException {
    Path folder = Fixtures.of(name);
    this.tolerance = tolerance;
    settings = new ObjectMapper().readTree(folder.resolve("training.json").toFile());
    file = SafetensorsFile.open(folder.resolve("training.safetensors"));
    file.tensors().keySet().stream()
        .filter(key -> !key.contains(".input.") && !key.endsWith(".prediction"))
        .filter(key -> !key.endsWith(".output.mean"))
        .forEach(open::add);
    JsonNode weights = settings.path("weights");
    ImportOptions options = ImportOptions.defaults();
    Path path = Fixtures.of(weights.path("case").asText()).resolve(weights.path("file").asText());
    model =
        Model.open(
            path,
            Files.isDirectory(path)
                ? options
                : options.withHeads(settings.path("config").path("num_heads").intValue()));
    loss = DenoisingLoss.of(model.diffusion());
    List<TrainingSession.Group> groups = new ArrayList<>();
    for (JsonNode group : settings.path("optimizer").path("groups")) {
      Set<String> names = new LinkedHashSet<>();
      group.path("parameters").forEach(each -> names.add(each.asText()));
      boolean decays = group.path("weight_decay").doubleValue() > 0;
      groups.add(new TrainingSession.Group(names, 1, decays ? 1 : 0));
    }
    session =
        TrainingSession.open(model.graph(), model.checkpoint().tensors(), groups, loss, arithmetic);
  }

  void differentiate(int step, int from, int count, double scale) {
    String inputs = "step" + step + ".input.";
    Map<String, TensorData> network = new LinkedHashMap<>();
    network.put("t", rows(inputs + "t", from, count));
    network.put("y", rows(inputs + "y", from, count));
    Map<String, TensorData> objective = new LinkedHashMap<>();
    objective.put("clean", rows(inputs + "x", from, count));
    objective.put("noise", rows(inputs + "noise", from, count));
    objective.put("level", levels(inputs + "t", from, count));
    terms = session.differentiate(network, objective, scale);
    if (step == 0) {
      // The average is the start, and the forward pass alone is the same arithmetic.
      double[][] alone = session.averagedLosses(network, objective);
      for (int i = 0; i < terms.length; i++) {
        assertArrayEquals(terms[i], alone[i], tolerance * terms[i][0]);
      }
    }
  }

  /** The number that chooses a timestep lies in the middle of its thousandth. */
  private TensorData levels(String name, int from, int count) {
    long first = (long) loss.at(0).timestep();
    double[][] rows = new double[count][];
    for (int i = 0; i < count; i++) {
      long t = Tensors.longs(file.tensors().get(name))[from + i];
      DenoisingLoss.Level level = loss.at(((double) (t - first) + 0.5) / 1000);
      assertEquals((double) t, level.timestep());
      rows[i] = level.coefficients().stream().mapToDouble(Double::doubleValue).toArray();
    }
    return MemoryTensor.of(
        Stream.of(rows).flatMapToDouble(Arrays::stream).toArray(), count, rows[0].length);
  }

  private TensorData rows(String name, int from, int count) {
    TensorData tensor = file.tensors().get(name);
    long[] shape = tensor.type().shape().stream().mapToLong(Long::longValue).toArray();
    int row = Math.toIntExact(tensor.type().elements() / shape[0]);
    shape[0] = count;
    if (!tensor.type().dtype().isFloating()) {
      long[] all = Tensors.longs(tensor);
      long[] part = Arrays.copyOfRange(all, from * row, (from + count) * row);
      // Timesteps are real numbers to the network.
      return name.endsWith(".t")
          ? MemoryTensor.of(Arrays.stream(part).asDoubleStream().toArray(), shape)
          : MemoryTensor.of(part, shape);
    }
    double[] all = Tensors.doubles(tensor);
    return MemoryTensor.of(Arrays.copyOfRange(all, from * row, (from + count) * row), shape);
  }

  void checkLosses(int step) {
    List<String> names = loss.terms().size() == 1 ? List.of("loss") : List.copyOf(loss.terms());
    for (int i = 0; i < names.size(); i++) {
      compare("step" + step + ".output." + names.get(i), terms[i]);
    }
    double[] sum = new double[terms[0].length];
    for (double[] term : terms) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += term[i];
      }
    }
    compare("step" + step + ".output.loss", sum);
  }

  void update(int step, double norm) {
    JsonNode optimizer = settings.path("optimizer");
    AdamW adamW =
        new AdamW(
            optimizer.path("betas").get(0).doubleValue(),
            optimizer.path("betas").get(1).doubleValue(),
            optimizer.path("eps").doubleValue(),
            optimizer.path("groups").get(0).path("weight_decay").doubleValue(),
            optimizer.path("clip_norm").doubleValue());
    LearningRate rate =
        new LearningRate(
            optimizer.path("lr").doubleValue(), optimizer.path("warm_up_steps").longValue(), 0);
    assertEquals(settings.path("steps").get(step).path("lr").doubleValue(), rate.at(step), 1e-15);
    session.update(
        new TrainingSession.Update(
            rate.at(step),
            adamW.beta1(),
            adamW.beta2(),
            adamW.eps(),
            adamW.weightDecay(),
            adamW.divisor(norm),
            settings.path("ema_decay").isNumber() ? settings.path("ema_decay").asDouble() : 0));
  }

  /** Compares all that is recorded under a prefix. */
  void check(String prefix, Map<String, TensorData> actual) {
    for (String key : file.tensors().keySet()) {
      if (key.startsWith(prefix)) {
        String name = key.substring(prefix.length());
        assertTrue(actual.containsKey(name), key);
        compare(key, Tensors.doubles(actual.get(name)));
      }
    }
  }

  private void compare(String key, double[] actual) {
    compare(key, Tensors.doubles(file.tensors().get(key)), actual);
    open.remove(key);
  }

  /** The largest difference, in units of the tensor's largest element. */
  void compare(String key, double[] expected, double[] actual) {
    assertEquals(expected.length, actual.length, key);
    double largest = 0;
    double scale = 0;
    for (int i = 0; i < expected.length; i++) {
      assertTrue(Double.isFinite(actual[i]), key);
      largest = Math.max(largest, Math.abs(expected[i] - actual[i]));
      scale = Math.max(scale, Math.abs(expected[i]));
    }
    assertTrue(
        largest <= tolerance * scale, key + ": " + largest + " of " + scale + " is too much");
  }

  /** The network that is trained, as it was before. */
  Model model() {
    return model;
  }

  /** The session. */
  TrainingSession session() {
    return session;
  }

  /** What is recorded and was never compared. */
  Set<String> open() {
    return open;
  }

  double scalar(String key) {
    open.remove(key);
    return Tensors.doubles(file.tensors().get(key))[0];
  }

  @Override
  public void close() {
    session.close();
    model.close();
    file.close();
  }
}
