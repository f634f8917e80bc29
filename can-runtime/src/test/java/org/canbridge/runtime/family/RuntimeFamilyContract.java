package org.canbridge.runtime.family;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.ModelSampler;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.RuntimeFamilies;
import org.canbridge.runtime.TextConditions;
import org.canbridge.runtime.can.CanCombinations;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanSpec;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.can.TinyNetworks;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.engine.SameInDjl;
import org.canbridge.runtime.engine.ScriptsInPython;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.graph.Initializer;
import org.canbridge.runtime.objective.Respacing;
import org.canbridge.runtime.onnx.OnnxChecker;
import org.canbridge.runtime.onnx.SameInOnnx;
import org.canbridge.runtime.training.Ema;
import org.canbridge.runtime.training.LearningRate;
import org.canbridge.runtime.training.Trainer;
import org.canbridge.runtime.training.TrainingSettings;
import org.canbridge.runtime.training.data.TrainingBatch;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.function.ThrowingConsumer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * What every family must do when it is run: its graph holds the tensors of its key map; conversion
 * preserves it, and the batched form is the naive one; it is drawn from and trained, or refuses
 * with the reason. A family's test extends this class, names a few small networks and inherits the
 * tests; what a form of export must keep of every family is asked for here, too.
 */
@Execution(ExecutionMode.CONCURRENT) // many small networks, each of which has its own sessions
public abstract class RuntimeFamilyContract {
  private static final int BATCH = 2;

  @TempDir Path folder;

  /**
   * Small networks; every optional part of the family in at least one. The first one has every kind
   * of layer and is made condition-aware in every way.
   */
  protected abstract List<RuntimeFamily> examples();

  /** All graphs over one state dict. */
  protected List<Graph> graphs(RuntimeFamily network) {
    return List.of(network.graph());
  }

  /** Whether a tensor of the state dict is stored and used by no graph. */
  protected boolean carriedAlong(String tensor) {
    return false;
  }

  /** What it must be given to be condition-aware, if it knows no condition. */
  protected Optional<CanSpec.Embedder> embedder() {
    return Optional.empty();
  }

  /** Why it cannot be made condition-aware; empty if it can. */
  protected Optional<String> conversionRefused() {
    return Optional.empty();
  }

  /** Whether no other family has the same network, made condition-aware in every way there. */
  protected boolean ownNetwork() {
    return true;
  }

  private Family family() {
    return Families.byName(examples().get(0).config().architecture()).orElseThrow();
  }

  @Test
  void isInTheList() {
    for (RuntimeFamily example : examples()) {
      assertEquals(example.getClass(), RuntimeFamilies.of(example.config()).getClass());
    }
  }

  @TestFactory
  Stream<DynamicTest> graphsHoldTheTensorsOfTheKeyMap() {
    Map<String, RuntimeFamily> networks = new TreeMap<>();
    family()
        .published()
        .forEach(
            model ->
                networks.put(model.name(), RuntimeFamilies.of(family().config(model.arguments()))));
    examples().forEach(example -> networks.put(example.config().toString(), example));
    return networks.entrySet().stream()
        .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> checkTensors(e.getValue())));
  }

  private void checkTensors(RuntimeFamily network) {
    ModelConfig config = network.config();
    Map<String, List<Long>> expected =
        new TreeMap<>(family().canonical().keyMap(config.arguments()).targets());
    expected.keySet().removeIf(this::carriedAlong);
    Map<String, List<Long>> actual = new TreeMap<>();
    for (Graph graph : graphs(network)) {
      graph
          .parameters()
          .forEach(p -> actual.put(p.name(), Arrays.stream(p.shape().resolve(1)).boxed().toList()));
    }
    assertEquals(expected, actual);
  }

  @TestFactory
  Stream<DynamicTest> batchedFormEqualsNaiveLoop() {
    return combinations(CanCombinations::batchedFormEqualsNaiveLoop);
  }

  @TestFactory
  Stream<DynamicTest> conversionPreservesTheFunction() {
    return combinations(CanCombinations::conversionPreservesTheFunction);
  }

  @TestFactory
  Stream<DynamicTest> onnxEqualsTorchScript() {
    return examples().stream()
        .flatMap(example -> graphs(example).stream())
        .map(graph -> DynamicTest.dynamicTest(graph.inputs().toString(), () -> compare(graph)));
  }

  private static void compare(Graph graph) {
    SameInOnnx.check(graph, TinyNetworks.weights(graph, 11));
  }

  /** With {@code -Ppython}: ONNX's own checker, with strict inference of shapes. */
  @Test
  @EnabledIfSystemProperty(named = OnnxChecker.PYTHON, matches = ".+")
  void onnxIsAcceptedByItsChecker(@TempDir Path folder) throws Exception {
    OnnxChecker.accepts(everyGraph(CanCombinations::all), folder);
  }

  /** With {@code -Ppython}: the same numbers in PyTorch, in training too. */
  @Test
  @EnabledIfSystemProperty(named = OnnxChecker.PYTHON, matches = ".+")
  void pythonEqualsTheSession(@TempDir Path folder) throws Exception {
    ScriptsInPython.areTheNetworks(
        everyGraph(CanCombinations::ofAllTargets), folder, System.getProperty(OnnxChecker.PYTHON));
  }

  private List<Graph> everyGraph(
      BiFunction<RuntimeFamily, Optional<CanSpec.Embedder>, List<CanCombinations>> many) {
    List<Graph> all = new ArrayList<>();
    examples().forEach(example -> all.addAll(graphs(example)));
    if (conversionRefused().isEmpty()) {
      combinations(many).forEach(each -> all.add(each.graph()));
    }
    return all;
  }

  /** With {@code -Ppython} in every way. */
  @TestFactory
  Stream<DynamicTest> onnxOfTheConvertedEqualsTorchScript() {
    return combinations(
        CanCombinations::onnxEqualsTorchScript,
        System.getProperty(OnnxChecker.PYTHON) == null
            ? CanCombinations::ofEachTarget
            : CanCombinations::all);
  }

  @TestFactory
  Stream<DynamicTest> theDescriptionSurvivesTheFile() {
    return combinations(CanCombinations::theDescriptionSurvivesTheFile);
  }

  @TestFactory
  Stream<DynamicTest> djlEqualsTheSession() {
    return examples().stream()
        .flatMap(example -> graphs(example).stream())
        .map(graph -> DynamicTest.dynamicTest(graph.inputs().toString(), () -> open(graph)));
  }

  private void open(Graph graph) throws IOException {
    SameInDjl.check(graph, TinyNetworks.weights(graph, 11), script());
  }

  @TestFactory
  Stream<DynamicTest> djlEqualsTheSessionOfTheConverted() {
    return combinations(each -> each.djlEqualsTheSession(script()), CanCombinations::ofAllTargets);
  }

  private Path script() throws IOException {
    return Files.createTempDirectory(folder, "script").resolve("network.pt");
  }

  private Stream<DynamicTest> combinations(ThrowingConsumer<CanCombinations> test) {
    return combinations(test, CanCombinations::all);
  }

  /**
   * Tests of combinations.
   *
   * @param many of the first network
   */
  private Stream<DynamicTest> combinations(
      ThrowingConsumer<CanCombinations> test,
      BiFunction<RuntimeFamily, Optional<CanSpec.Embedder>, List<CanCombinations>> many) {
    if (conversionRefused().isPresent()) {
      return Stream.of(DynamicTest.dynamicTest("refused", this::checkRefusal));
    }
    return combinations(many)
        .map(
            each ->
                DynamicTest.dynamicTest(
                    each + " of " + each.network().config(), () -> test.accept(each)));
  }

  /** The first example in many ways where no other family does that, the others in some. */
  private Stream<CanCombinations> combinations(
      BiFunction<RuntimeFamily, Optional<CanSpec.Embedder>, List<CanCombinations>> many) {
    List<RuntimeFamily> networks = examples();
    RuntimeFamily first = networks.get(0);
    return networks.stream()
        .flatMap(
            network ->
                (network == first && ownNetwork()
                        ? many.apply(network, embedder())
                        : CanCombinations.some(network, embedder()))
                    .stream());
  }

  private void checkRefusal() {
    Graph graph = examples().get(0).graph();
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> CanPreset.paper(graph, CanTarget.PAPER, CanCondition.ALL));
    assertEquals(conversionRefused().get(), refused.getMessage());
  }

  @TestFactory
  Stream<DynamicTest> oneSamplingStepRunsOrIsRefused() {
    return examples().stream()
        .map(e -> DynamicTest.dynamicTest(e.config().toString(), () -> sample(e)));
  }

  private void sample(RuntimeFamily network) {
    ImageShape image;
    try {
      image = network.image();
    } catch (IllegalArgumentException e) {
      assertEquals(
          "there is no sampling for the architecture '" + network.config().architecture() + "'",
          e.getMessage());
      return;
    }
    try (Model model = model(network);
        Session session = model.session(Target.F32)) {
      ModelSampler sampler =
          network
              .text()
              .map(text -> ModelSampler.of(model, session, texts(text)))
              .orElseGet(() -> ModelSampler.of(model, session));
      Latents drawn = sampler.draw(settings(model.diffusion()), 0, 0);
      assertEquals(image, drawn.shape());
      assertTrue(Arrays.stream(drawn.values()).allMatch(Double::isFinite));
    }
  }

  /** One step; DDIM asks for a schedule's steps, which one in continuous time does not have. */
  private static SamplingSettings settings(Diffusion diffusion) {
    boolean steps = diffusion.schedule().discrete().isPresent();
    return SamplingSettings.of(steps ? SolverName.DDIM : SolverName.EULER, Respacing.even(1));
  }

  @TestFactory
  Stream<DynamicTest> oneTrainingStepRunsOrIsRefused() {
    return examples().stream()
        .map(e -> DynamicTest.dynamicTest(e.config().toString(), () -> train(e)));
  }

  private void train(RuntimeFamily network) {
    TrainingRecipe recipe;
    try {
      recipe = network.training();
    } catch (IllegalArgumentException e) {
      assertEquals(
          "there is no training for the architecture '" + network.config().architecture() + "'",
          e.getMessage());
      return;
    }
    TrainingSettings settings =
        new TrainingSettings(
            BATCH,
            1,
            new LearningRate(recipe.learningRate(), 0, 0),
            recipe.optimizer(),
            new Ema(0, 0),
            recipe.drop(),
            Target.F32,
            7,
            List.of(Trainer.ALL));
    int text = network.text().map(t -> t.tokens() * t.width()).orElse(0);
    try (Model model = model(network);
        Trainer trainer = Trainer.open(model, settings, new float[text])) {
      Diffusion diffusion = model.diffusion();
      boolean labelled = network.text().isEmpty() && diffusion.labels().classes() > 0;
      long values = (long) BATCH * diffusion.shape().size();
      Trainer.StepResult result =
          trainer.step(
              new TrainingBatch(
                  0,
                  Tensors.floats(new RandomTensors(3).normal(1, values)),
                  new long[labelled ? BATCH : 0],
                  new float[BATCH * text]));
      assertTrue(result.moved());
      assertTrue(result.loss() > 0 && Double.isFinite(result.loss()), result.toString());
    }
  }

  /** The network as training from the beginning finds it. */
  private static Model model(RuntimeFamily network) {
    return Model.generated(
        Checkpoint.generated(network.config(), Initializer.draw(network.graph().parameters(), 1)));
  }

  private static TextConditions texts(TextInput text) {
    return new TextConditions(
        new float[2 * text.tokens() * text.width()], text.tokens(), text.width());
  }
}
