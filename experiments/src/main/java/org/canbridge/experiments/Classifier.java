package org.canbridge.experiments;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Blocks;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.pooling.Pool;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.Trainer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.training.data.BatchLoader;
import org.canbridge.runtime.training.data.LoaderOptions;
import org.canbridge.runtime.training.data.TrainingBatch;
import org.canbridge.runtime.training.data.TrainingSet;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.safetensors.SafetensorsFile;
import org.canbridge.tensors.safetensors.SafetensorsWriter;

/**
 * The network whose eyes the drawn images are seen with: two convolutions with pooling, a layer of
 * 128, and one of the classes. Its layer of 128, after the activation, gives the features of the
 * Frechet distance, which so is not the ImageNet FID.
 */
final class Classifier implements AutoCloseable {
  /** Width of the features. */
  static final int FEATURES = 128;

  private static final int BATCH = 100;
  private static final long SEED = 1;
  private static final float LEARNING_RATE = 1e-3f;
  private static final String PYTORCH = "PyTorch";

  private final Model model;
  private final SequentialBlock trunk;
  private final SequentialBlock whole;
  private final ImageShape shape;
  private final int classes;

  private Classifier(ImageShape shape, int classes) {
    this.shape = shape;
    this.classes = classes;
    Shape window = new Shape(2, 2);
    this.trunk =
        new SequentialBlock()
            .add(convolution(32))
            .add(Activation.reluBlock())
            .add(Pool.maxPool2dBlock(window, window))
            .add(convolution(64))
            .add(Activation.reluBlock())
            .add(Pool.maxPool2dBlock(window, window))
            .add(Blocks.batchFlattenBlock())
            .add(Linear.builder().setUnits(FEATURES).build())
            .add(Activation.reluBlock());
    this.whole = new SequentialBlock().add(trunk).add(Linear.builder().setUnits(classes).build());
    this.model = Model.newInstance("classifier", PYTORCH);
    model.setBlock(whole);
  }

  private static Conv2d convolution(int channels) {
    return Conv2d.builder()
        .setKernelShape(new Shape(3, 3))
        .optPadding(new Shape(1, 1))
        .setFilters(channels)
        .build();
  }

  /**
   * Trains one with Adam at a rate that falls to zero along a cosine, always with the same seed.
   *
   * @param epochs passes over the set
   * @throws IOException if an image cannot be read
   * @throws InterruptedException if the thread is interrupted
   */
  static Classifier train(TrainingSet set, int epochs) throws IOException, InterruptedException {
    Engine.getEngine(PYTORCH).setRandomSeed(Math.toIntExact(SEED));
    Classifier classifier = new Classifier(set.shape(), set.classes().orElseThrow());
    int steps = Math.toIntExact(set.size() / BATCH * epochs);
    DefaultTrainingConfig config =
        new DefaultTrainingConfig(Loss.softmaxCrossEntropyLoss())
            .optOptimizer(
                Optimizer.adam()
                    .optLearningRateTracker(
                        Tracker.cosine()
                            .setBaseValue(LEARNING_RATE)
                            .optFinalValue(0)
                            .setMaxUpdates(steps)
                            .build())
                    .build());
    try (Trainer trainer = classifier.model.newTrainer(config);
        BatchLoader loader = new BatchLoader(set, BATCH, SEED, 0, LoaderOptions.defaults())) {
      trainer.initialize(classifier.batch(BATCH));
      for (int step = 0; step < steps; step++) {
        classifier.step(trainer, loader.next());
      }
    }
    return classifier;
  }

  private void step(Trainer trainer, TrainingBatch examples) {
    try (NDManager scope = trainer.getManager().newSubManager()) {
      NDArray images = scope.create(examples.values(), batch(examples.labels().length));
      NDArray labels = scope.create(examples.labels());
      try (GradientCollector collector = trainer.newGradientCollector()) {
        NDList scores = trainer.forward(new NDList(images));
        collector.backward(trainer.getLoss().evaluate(new NDList(labels), scores));
      }
      trainer.step();
    }
  }

  private Shape batch(int count) {
    return new Shape(count, shape.channels(), shape.height(), shape.width());
  }

  /**
   * Writes the weights as safetensors.
   *
   * @throws IOException if the file cannot be written
   */
  void save(Path file) throws IOException {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    arrays()
        .forEach(
            (name, array) ->
                tensors.put(
                    name, MemoryTensor.of(array.toFloatArray(), array.getShape().getShape())));
    SafetensorsWriter.write(file, tensors, Map.of());
  }

  /** Reads what {@link #save} wrote. */
  static Classifier load(Path file, ImageShape shape, int classes) {
    Classifier classifier = new Classifier(shape, classes);
    NDManager manager = classifier.model.getNDManager();
    classifier.whole.initialize(manager, DataType.FLOAT32, classifier.batch(BATCH));
    try (SafetensorsFile weights = SafetensorsFile.open(file);
        NDManager scope = manager.newSubManager()) {
      classifier
          .arrays()
          .forEach(
              (name, array) ->
                  scope
                      .create(Tensors.floats(weights.tensors().get(name)), array.getShape())
                      .copyTo(array));
    }
    return classifier;
  }

  private Map<String, NDArray> arrays() {
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    whole.getParameters().forEach(entry -> arrays.put(entry.getKey(), entry.getValue().getArray()));
    return arrays;
  }

  /**
   * What the classifier makes of some images.
   *
   * @param features one row of {@link #FEATURES} for each
   * @param classes the most likely class of each
   */
  record Seen(List<float[]> features, List<Integer> classes) {
    /** Keeps its own copies. */
    Seen {
      features = List.copyOf(features);
      classes = List.copyOf(classes);
    }
  }

  /**
   * Looks at images.
   *
   * @param images {@code (B, C, H, W)}, values in -1..1
   */
  Seen see(float[] images) {
    int count = images.length / shape.size();
    try (NDManager scope = model.getNDManager().newSubManager()) {
      ParameterStore store = new ParameterStore(scope, false);
      NDList features = trunk.forward(store, new NDList(scope.create(images, batch(count))), false);
      NDList scores =
          whole.getChildren().get(1).getValue().forward(store, new NDList(features), false);
      float[] flat = features.singletonOrThrow().toFloatArray();
      float[] flatScores = scores.singletonOrThrow().toFloatArray();
      List<float[]> rows = new ArrayList<>();
      List<Integer> best = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        rows.add(Arrays.copyOfRange(flat, i * FEATURES, (i + 1) * FEATURES));
        best.add(largest(flatScores, i * classes, classes));
      }
      return new Seen(rows, best);
    }
  }

  private static int largest(float[] scores, int from, int count) {
    int best = 0;
    for (int k = 1; k < count; k++) {
      if (scores[from + k] > scores[from + best]) {
        best = k;
      }
    }
    return best;
  }

  @Override
  public void close() {
    model.close();
  }
}
