package org.canbridge.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.canbridge.importers.cat.CatCondition;
import org.canbridge.importers.cat.CatConfig;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.SeededNoise;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.family.Beginning;
import org.canbridge.runtime.objective.Respacing;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Drawing from CaTs whose generators are not zero, so that conditions matter. */
class CatSamplingTest {
  private static final CatCondition CLASSES = new CatCondition.Label(3);
  private static final int NULL_CLASS = 3;
  private static final int TOKENS = 5;
  private static final int WIDTH = 6;
  private static final long SEED = 4;

  /** One step of DDIM is affine in the noise that the network predicts. */
  private static final SamplingSettings ONE_STEP =
      SamplingSettings.of(SolverName.DDIM, Respacing.even(1)).withSeed(SEED);

  private static final SamplingSettings STEPS =
      SamplingSettings.of(SolverName.UNIPC, Respacing.even(4)).withSeed(SEED);

  @TempDir private Path folder;

  private Model model(CatCondition condition) throws IOException {
    CatConfig config = new CatConfig(8, 4, 1, List.of(8, 16), List.of(1, 1), 4, 4, 12, condition);
    Path directory = folder.resolve("cat");
    Beginning start = RuntimeFamilies.of(config).beginning().orElseThrow();
    try (Model plain = Model.generated(start.begin(Optional.empty(), 3).checkpoint())) {
      CanConversion conversion =
          CanConversion.convert(
              plain,
              CanPreset.paper(plain.source(), CanTarget.PAPER, CanCondition.ALL),
              3,
              Target.F32);
      Map<String, TensorData> tensors = new LinkedHashMap<>(conversion.checkpoint().tensors());
      RandomTensors random = new RandomTensors(7);
      tensors.replaceAll(
          (name, tensor) ->
              name.startsWith("can.")
                  ? random.normal(0.1, sizes(tensor))
                  : name.startsWith("y_embedder.") ? random.normal(1, sizes(tensor)) : tensor);
      ModelDirectory.write(
          directory, conversion.checkpoint().withTensors(tensors), WriteOptions.defaults());
    }
    return Model.open(directory, ImportOptions.defaults());
  }

  private static long[] sizes(TensorData tensor) {
    return tensor.type().shape().stream().mapToLong(Long::longValue).toArray();
  }

  @Test
  void classesAreDrawnAndGuidedAwayFromTheNullClass() throws IOException {
    try (Model model = model(CLASSES);
        Session session = model.session(Target.F32)) {
      ModelSampler sampler = ModelSampler.of(model, session);
      assertEquals(3, sampler.classes());
      assertEquals(1.4, sampler.usualGuidance().scale());
      assertGuided(sampler, 1, NULL_CLASS);
      double[] drawn = draw(sampler, STEPS.withGuidance(2), 1);
      assertArrayEquals(drawn, draw(sampler, STEPS.withGuidance(2), 1));
      assertTrue(distance(drawn, draw(sampler, STEPS.withGuidance(2), 2)) > 1e-3);
      assertTrue(distance(drawn, draw(sampler, STEPS.withGuidance(2).withSeed(5), 1)) > 0.1);
      assertThrows(IllegalArgumentException.class, () -> draw(sampler, STEPS, NULL_CLASS + 1));
      assertThrows(
          IllegalArgumentException.class,
          () -> ModelSampler.of(model, session, texts(1, 1)),
          "a model of classes takes no text");
    }
  }

  /**
   * Against the formula: the only step of DDIM is at timestep 1 of Stable Diffusion's betas, the
   * first of which is 0.00085, and gives {@code (x - sqrt(1 - a) e) / sqrt(a)}.
   */
  @Test
  void theScheduleIsThatOfLatentUvits() throws IOException {
    try (Model model = model(CLASSES);
        Session session = model.session(Target.F32)) {
      ModelSampler sampler = ModelSampler.of(model, session);
      double[] x = SeededNoise.ofRange(SEED, 0, 1).next(sampler.shape()).values();
      Map<String, TensorData> inputs =
          Map.of(
              "x",
              MemoryTensor.of(x, 1, 4, 8, 8),
              "t",
              MemoryTensor.of(new float[] {1}, 1),
              "y",
              MemoryTensor.of(new long[] {2}, 1));
      double[] noise = Tensors.doubles(session.run(inputs, List.of("output")).get("output"));
      double kept = 1 - 0.00085;
      double[] expected = new double[x.length];
      Arrays.setAll(expected, i -> (x[i] - Math.sqrt(1 - kept) * noise[i]) / Math.sqrt(kept));
      assertArrayEquals(expected, draw(sampler, ONE_STEP, 2), 1e-6);
    }
  }

  @Test
  void textsAreDrawnAndGuidedAwayFromTheNegativeOne() throws IOException {
    try (Model model = model(new CatCondition.Text(WIDTH, TOKENS));
        Session session = model.session(Target.F32)) {
      ModelSampler sampler = ModelSampler.of(model, session, texts(2, 1));
      assertEquals(2, sampler.classes());
      assertEquals(2, sampler.usualGuidance().scale());
      assertGuided(sampler, 0, 2);
      double[] drawn = draw(sampler, STEPS.withGuidance(2), 0);
      assertArrayEquals(drawn, draw(sampler, STEPS.withGuidance(2), 0));
      assertTrue(distance(drawn, draw(sampler, STEPS.withGuidance(2), 1)) > 1e-3);
      ModelSampler away = ModelSampler.of(model, session, texts(2, 9));
      assertTrue(distance(drawn, draw(away, STEPS.withGuidance(2), 0)) > 1e-3, "another negative");
      assertArrayEquals(draw(sampler, STEPS, 0), draw(away, STEPS, 0), "no guidance, no negative");
      assertThrows(IllegalArgumentException.class, () -> ModelSampler.of(model, session));
      assertThrows(
          IllegalArgumentException.class,
          () -> ModelSampler.of(model, session, new TextConditions(new float[20], 2, 5)));
    }
  }

  /** Texts that stay the same, and a negative one from a seed. */
  private static TextConditions texts(int count, long negative) {
    int size = TOKENS * WIDTH;
    float[] features = new float[(count + 1) * size];
    Random random = new Random(3);
    for (int i = 0; i < features.length; i++) {
      random = i == count * size ? new Random(negative) : random;
      features[i] = (float) random.nextGaussian();
    }
    return new TextConditions(features, TOKENS, WIDTH);
  }

  /** {@code null + s (conditional - null)}, of two runs without guidance. */
  private static void assertGuided(ModelSampler sampler, long label, long nullLabel) {
    double[] conditional = draw(sampler, ONE_STEP, label);
    double[] unconditional = draw(sampler, ONE_STEP, nullLabel);
    assertTrue(distance(conditional, unconditional) > 1e-3, "the condition matters");
    double scale = 3.5;
    double[] expected = new double[conditional.length];
    Arrays.setAll(expected, i -> unconditional[i] + scale * (conditional[i] - unconditional[i]));
    assertArrayEquals(expected, draw(sampler, ONE_STEP.withGuidance(scale), label), 1e-6);
  }

  private static double[] draw(ModelSampler sampler, SamplingSettings settings, long label) {
    return sampler.draw(settings, label).values();
  }

  private static double distance(double[] a, double[] b) {
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
    }
    return largest;
  }
}
