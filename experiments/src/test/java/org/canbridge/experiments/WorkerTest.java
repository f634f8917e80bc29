package org.canbridge.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.training.data.TrainingSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

@ResourceLock("ai.djl.training.GradientCollector") // DJL has one for all threads
class WorkerTest {
  private static final Scale TINY = new Scale("tiny", 6, 6, 4, 1, 1, 2, 1, 1, 10, 2, 80);
  private static final Job JOB = new Job(Start.TRAINED, Row.CAN_DWCONV, 1);

  @TempDir Path folder;

  /** The same set, which cannot be read any more after so many examples. */
  private static TrainingSet dying(TrainingSet set, int reads) {
    AtomicInteger left = new AtomicInteger(reads);
    return (TrainingSet)
        Proxy.newProxyInstance(
            WorkerTest.class.getClassLoader(),
            new Class<?>[] {TrainingSet.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("read") && left.getAndDecrement() <= 0) {
                throw new IOException("the disk is gone");
              }
              try {
                return method.invoke(set, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static String run(Data data, Eyes eyes, Path work) throws IOException {
    try (Classifier classifier = eyes.classifier(data)) {
      Worker worker =
          new Worker(
              TINY,
              data,
              new Networks(
                  Fixtures.of("dit-fmnist").resolve("checkpoint.pt"), work.resolve("networks")),
              new Evaluation(TINY, data.test(), eyes.reference(), classifier),
              work);
      ObjectNode result = (ObjectNode) new ObjectMapper().readTree(Results.format(worker.run(JOB)));
      result.remove("train_seconds");
      return result.toString();
    }
  }

  @Test
  void aRunThatDiedInTheMiddleEndsWithTheNumbersOfAnUndisturbedOne() throws Exception {
    try (Data data = Data.open(Fixtures.data("fashion-mnist"))) {
      Eyes eyes = new Eyes(folder.resolve("eyes"));
      eyes.make(data, TINY, folder.resolve("classifier.json"));
      String whole = run(data, eyes, folder.resolve("whole"));

      Path work = folder.resolve("died");
      Data dying = new Data(dying(data.train(), 5 * TINY.batch()), data.mirrored(), data.test());
      assertThrows(IOException.class, () -> run(dying, eyes, work));
      Path run = work.resolve("runs").resolve(JOB.fileName());
      assertTrue(Files.exists(run.resolve("checkpoints/step-00000004")), "stands in the middle");
      assertEquals(whole, run(data, eyes, work));
    }
  }
}
