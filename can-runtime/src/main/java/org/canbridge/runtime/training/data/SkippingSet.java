package org.canbridge.runtime.training.data;

import java.io.IOException;
import java.util.List;
import org.canbridge.tensors.files.InputFileException;

/**
 * A set whose broken files are left out. What could be seen when it was opened is left out of the
 * indices; where a file turns out to be broken only when it is read, the next index that can be
 * read stands in for it. That depends on the files alone, so a resumed run sees the same examples.
 */
final class SkippingSet extends SetView {
  private final BrokenFiles broken;

  SkippingSet(TrainingSet set, BrokenFiles broken) {
    super(set);
    this.broken = broken;
  }

  @Override
  public Example read(long index, ExampleRandom random) throws IOException {
    InputFileException first = null;
    for (long step = 0; step < set.size(); step++) {
      try {
        return set.read((index + step) % set.size(), random);
      } catch (InputFileException e) {
        first = first == null ? e : first;
        broken.skip(e);
      }
    }
    throw first.toBuilder().addWhat("; so it is with all other files").build();
  }

  @Override
  public List<SkippedFile> skipped() {
    return broken.skipped();
  }
}
