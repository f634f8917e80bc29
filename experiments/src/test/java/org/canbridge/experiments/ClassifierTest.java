package org.canbridge.experiments;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.training.data.ExampleRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

@ResourceLock("ai.djl.training.GradientCollector") // DJL has one for all threads
class ClassifierTest {
  @TempDir Path folder;

  @Test
  void learnsAndIsTheSameAfterItWasSaved() throws Exception {
    try (Data data = Data.open(Fixtures.data("fashion-mnist"));
        Classifier classifier = Classifier.train(data.train(), 1)) {
      double accuracy = Judge.with(classifier).addAll(data.test(), 1000);
      assertTrue(accuracy > 0.7, "right on " + accuracy + "; one in ten is chance");
      Path file = folder.resolve("classifier.safetensors");
      classifier.save(file);
      float[] image = image(data);
      try (Classifier again = Classifier.load(file, new ImageShape(1, 28, 28), 10)) {
        Classifier.Seen seen = classifier.see(image);
        assertEquals(Classifier.FEATURES, seen.features().get(0).length);
        assertArrayEquals(seen.features().get(0), again.see(image).features().get(0));
        assertEquals(seen.classes(), again.see(image).classes());
      }
    }
  }

  private static float[] image(Data data) throws IOException {
    return data.test().read(0, new ExampleRandom(0, 0, 0)).values();
  }
}
