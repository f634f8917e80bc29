package org.canbridge.runtime.training.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.canbridge.runtime.diffusion.ImageShape;
import org.junit.jupiter.api.Test;

class HoldoutTest {
  /** Whose labels are the indices. */
  private record Numbers(long size) implements TrainingSet {
    @Override
    public Path path() {
      return Path.of("numbers");
    }

    @Override
    public String kind() {
      return "numbers";
    }

    @Override
    public ImageShape shape() {
      return new ImageShape(1, 1, 1);
    }

    @Override
    public boolean flipped() {
      return false;
    }

    @Override
    public Example read(long index, ExampleRandom random) {
      return new Example(new float[1], index);
    }

    @Override
    public void close() {
      throw new IllegalStateException("not theirs to close");
    }
  }

  private static List<Long> labels(TrainingSet set) throws IOException {
    List<Long> labels = new ArrayList<>();
    for (long i = 0; i < set.size(); i++) {
      labels.add(set.read(i, new ExampleRandom(0, 0, i)).label());
    }
    set.close();
    return labels;
  }

  @Test
  void everyExampleIsInOnePartAndThoseHeldOutAreSpreadEvenly() throws IOException {
    Holdout parts = Holdout.of(new Numbers(10), 3);
    assertEquals(List.of(1L, 5L, 8L), labels(parts.heldOut()));
    assertEquals(List.of(0L, 2L, 3L, 4L, 6L, 7L, 9L), labels(parts.training()));
    assertEquals(List.of(0L), labels(Holdout.of(new Numbers(2), 1).training()));
  }

  @Test
  void bothPartsHaveExamples() {
    assertThrows(IllegalArgumentException.class, () -> Holdout.of(new Numbers(4), 4));
    assertThrows(IllegalArgumentException.class, () -> Holdout.of(new Numbers(4), 0));
  }
}
