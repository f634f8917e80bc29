package org.canbridge.runtime.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.RandomTensors;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.engine.AdamW;
import org.canbridge.runtime.engine.MachineKernels;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.training.data.BatchLoader;
import org.canbridge.runtime.training.data.Holdout;
import org.canbridge.runtime.training.data.LoaderOptions;
import org.canbridge.runtime.training.data.TrainingSet;
import org.canbridge.runtime.training.data.TrainingSetOptions;
import org.canbridge.runtime.training.data.TrainingSets;
import org.canbridge.runtime.training.watch.MetricsFile;
import org.canbridge.runtime.training.watch.StepMetrics;
import org.canbridge.runtime.training.watch.TrainingSummary;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingRunTest {
  private static final ImageShape SHAPE = new ImageShape(4, 8, 8);
  private static final int EXAMPLES = 14;
  private static final int BATCH = 3;

  @TempDir Path folder;
  private Path data;

  @BeforeEach
  void latents() throws IOException {
    long[] labels = new long[EXAMPLES];
    for (int i = 0; i < EXAMPLES; i++) {
      labels[i] = i % 10;
    }
    data = folder.resolve("latents.safetensors");
    SafetensorsWriter.write(
        data,
        Map.of(
            "latents",
            new RandomTensors(1).normal(1, EXAMPLES, 4, 8, 8),
            "labels",
            MemoryTensor.of(labels, EXAMPLES)),
        Map.of());
  }

  /** Twenty steps are ten steps, a stop and ten steps: every tensor, every byte. */
  @Test
  void aRunThatWasStoppedEndsLikeAnUndisturbedOne() throws IOException {
    TrainingRun.Plan plan = new TrainingRun.Plan(20, 7, 9, 0);
    TrainingRun.End whole = run("whole", plan, false, settings(1e-3), Integer.MAX_VALUE);
    assertEquals(TrainingSummary.State.FINISHED, whole.state());
    TrainingRun.End first = run("parts", plan, false, settings(1e-3), 10);
    assertEquals(TrainingSummary.State.INTERRUPTED, first.state());
    assertEquals(10, first.checkpoint().orElseThrow().step());
    TrainingRun.End second = run("parts", plan, true, settings(1e-3), Integer.MAX_VALUE);
    assertEquals(20, second.steps());
    for (String file :
        List.of(
            "model/model.safetensors",
            "checkpoints/step-00000020/model/model.safetensors",
            "checkpoints/step-00000020/ema/model.safetensors",
            "checkpoints/step-00000020/optimizer.safetensors")) {
      assertArrayEquals(bytes("whole", file), bytes("parts", file), file);
    }
    List<StepMetrics> a = metrics("whole");
    List<StepMetrics> b = metrics("parts");
    assertEquals(21, a.size(), "what was measured before the first step, and twenty steps");
    assertEquals(
        List.of(0L, 6L, 12L, 18L, 20L),
        a.stream().filter(m -> m.heldOut().isPresent()).map(StepMetrics::step).toList());
    assertEquals(
        a.stream()
            .map(m -> m.step() + " " + m.loss() + " " + m.gradientNorm() + " " + m.heldOut())
            .toList(),
        b.stream()
            .map(m -> m.step() + " " + m.loss() + " " + m.gradientNorm() + " " + m.heldOut())
            .toList());
  }

  /**
   * A killed run stands at its last checkpoint; later metrics and half a checkpoint are dropped.
   */
  @Test
  void aRunThatWasKilledGoesOnFromItsLastCheckpoint() throws IOException {
    TrainingRun.Plan plan = new TrainingRun.Plan(9, 4, 9, 0);
    run("whole", plan, false, settings(1e-3), Integer.MAX_VALUE);
    run("killed", plan, false, settings(1e-3), 6);
    // What a kill after step 6 leaves: no checkpoint of that step, but half of one.
    Path checkpoints = folder.resolve("killed/checkpoints");
    Files.move(
        checkpoints.resolve("step-00000006"), checkpoints.resolve(".step-00000006.1a2b.tmp"));
    assertEquals(7, metrics("killed").size());
    TrainingRun.End end = run("killed", plan, true, settings(1e-3), Integer.MAX_VALUE);
    assertEquals(TrainingSummary.State.FINISHED, end.state());
    assertArrayEquals(
        bytes("whole", "model/model.safetensors"), bytes("killed", "model/model.safetensors"));
    assertEquals(10, metrics("killed").size());
    assertFalse(Files.exists(checkpoints.resolve(".step-00000006.1a2b.tmp")));
  }

  @Test
  void theRecordSaysWhatWasKnownOfTheKernels() throws IOException {
    run("run", new TrainingRun.Plan(1, 1, 1, 0), false, settings(1e-3), Integer.MAX_VALUE);
    JsonNode record = Json.parse(Files.readAllBytes(folder.resolve("run/run.json")));
    assertEquals(
        MachineKernels.summary(settings(1e-3).target()),
        record.path("circumstances").path("kernels").textValue());
  }

  @Test
  void theNewestCheckpointsStay() throws IOException {
    run("run", new TrainingRun.Plan(7, 2, 2, 0), false, settings(1e-3), Integer.MAX_VALUE);
    assertEquals(
        List.of(6L, 7L),
        TrainingCheckpoint.all(folder.resolve("run/checkpoints")).stream()
            .map(TrainingCheckpoint::step)
            .toList());
  }

  @Test
  void divergenceNamesTheLastGoodCheckpoint() throws IOException {
    TrainingRun.End end =
        run("run", new TrainingRun.Plan(40, 1, 1, 0), false, settings(1e30), Integer.MAX_VALUE);
    assertEquals(TrainingSummary.State.DIVERGED, end.state());
    long good = end.checkpoint().orElseThrow().step();
    assertEquals(good, end.steps());
    assertEquals(
        "the loss or a gradient is not finite at step "
            + (good + 1)
            + "; the last good checkpoint is step-0000000"
            + good,
        end.remark());
    assertFalse(Files.exists(folder.resolve("run/model")));
    List<StepMetrics> metrics = metrics("run");
    assertFalse(Double.isFinite(metrics.get(metrics.size() - 1).loss()));
    assertTrue(Files.readString(folder.resolve("run/index.html")).contains("step-0000000" + good));
  }

  @Test
  void anInterruptOfTheThreadSavesTheRun() throws IOException {
    TrainingRun.Plan plan = new TrainingRun.Plan(50, 50, 1, 0);
    try {
      TrainingRun.End end =
          run(
              "run",
              plan,
              false,
              settings(1e-3),
              step -> {
                if (step == 3) {
                  Thread.currentThread().interrupt();
                }
                return Thread.currentThread().isInterrupted();
              });
      assertEquals(TrainingSummary.State.INTERRUPTED, end.state());
      assertTrue(Thread.currentThread().isInterrupted(), "whoever comes next must know");
      assertEquals(3, end.checkpoint().orElseThrow().step());
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  void anotherRunsDirectoryIsRefused() throws IOException {
    TrainingRun.Plan plan = new TrainingRun.Plan(2, 2, 1, 0);
    InputFileException none =
        assertThrows(
            InputFileException.class,
            () -> run("none", plan, true, settings(1e-3), Integer.MAX_VALUE));
    assertEquals(TrainingProblem.STATE, none.problem());
    run("run", plan, false, settings(1e-3), Integer.MAX_VALUE);
    assertThrows(
        FileAlreadyExistsException.class,
        () -> run("run", plan, false, settings(1e-3), Integer.MAX_VALUE));
    InputFileException other =
        assertThrows(
            InputFileException.class,
            () -> run("run", plan, true, settings(2e-3), Integer.MAX_VALUE));
    assertTrue(
        other.getMessage().contains("learning_rate was 0.001 and is now 0.002"),
        other.getMessage());
  }

  @Test
  void aDamagedCheckpointIsRefused() throws IOException {
    TrainingRun.Plan plan = new TrainingRun.Plan(4, 2, 9, 0);
    run("run", plan, false, settings(1e-3), 2);
    Path state = folder.resolve("run/checkpoints/step-00000002/state.json");
    Files.writeString(state, "{\"format\": \"canbridge-training/1\", \"step\": 3}");
    InputFileException refused =
        assertThrows(
            InputFileException.class,
            () -> run("run", plan, true, settings(1e-3), Integer.MAX_VALUE));
    assertTrue(refused.getMessage().contains("state.json"), refused.getMessage());
    assertTrue(refused.getMessage().contains("step 2"), refused.getMessage());
  }

  @Test
  void aTrainedModelSaysSoAndCanBeUsed() throws IOException {
    run("run", new TrainingRun.Plan(2, 2, 1, 0), false, settings(1e-3), Integer.MAX_VALUE);
    try (Model model = Model.open(folder.resolve("run/model"), ImportOptions.defaults())) {
      assertTrue(model.can().isPresent());
      List<String> changes = model.checkpoint().provenance().changes();
      assertEquals(
          "trained (all): 2 steps of 3 examples of 'latents'; moving average",
          changes.get(changes.size() - 1));
      assertEquals(Optional.empty(), model.checkpoint().publishedName());
    }
  }

  private TrainingRun.End run(
      String name, TrainingRun.Plan plan, boolean resume, TrainingSettings settings, int stopAfter)
      throws IOException {
    return run(name, plan, resume, settings, step -> step >= stopAfter);
  }

  private interface Stop {
    boolean after(long step);
  }

  private TrainingRun.End run(
      String name, TrainingRun.Plan plan, boolean resume, TrainingSettings settings, Stop stop)
      throws IOException {
    Map<String, String> record = settings.describe();
    record.put("data", "latents");
    TrainingRun.Watcher watcher =
        new TrainingRun.Watcher() {
          private long done;

          @Override
          public void started(long before) {
            done = before;
          }

          @Override
          public void stepped(StepMetrics metrics) {
            done = metrics.step();
          }

          @Override
          public boolean wantsStop() {
            return stop.after(done);
          }
        };
    Path directory = folder.resolve(name);
    try (Model model =
            Model.open(Fixtures.of("training-can").resolve("model"), ImportOptions.defaults());
        TrainingSet set = TrainingSets.open(data, TrainingSetOptions.of(SHAPE));
        Trainer trainer = Trainer.open(model, settings)) {
      TrainingRun.Setup setup =
          new TrainingRun.Setup(
              plan,
              model,
              trainer,
              record,
              Optional.empty(),
              Optional.of(new HeldOut(Holdout.of(set, 2).heldOut(), 6)),
              watcher);
      TrainingRun run =
          resume ? TrainingRun.resume(directory, setup) : TrainingRun.begin(directory, setup);
      try (BatchLoader loader =
          new BatchLoader(
              set,
              settings.examples(),
              settings.seed(),
              trainer.steps() * settings.examples(),
              LoaderOptions.defaults())) {
        return run.run(loader);
      }
    }
  }

  private static TrainingSettings settings(double rate) {
    return new TrainingSettings(
        BATCH,
        1,
        new LearningRate(rate, 0, 0),
        new AdamW(0.9, 0.999, 1e-8, 0, 0),
        new Ema(0.99, Ema.USUAL),
        0.1,
        Target.F32,
        5,
        List.of(Trainer.ALL));
  }

  private byte[] bytes(String run, String file) {
    try {
      return Files.readAllBytes(folder.resolve(run).resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<StepMetrics> metrics(String run) throws IOException {
    return MetricsFile.read(folder.resolve(run).resolve(MetricsFile.NAME));
  }
}
