package org.canbridge.runtime.training.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.tensors.files.InputFileException;

/**
 * A set whose broken files are left out. What could be seen when it was opened is left out of the
 * indices; where a file turns out to be broken only when it is read, the next index that can be
 * read stands in for it. That depends on the files alone, so a resumed run sees the same examples.
 */
final class SkippingSet implements TrainingSet {
  private final TrainingSet set;
  private final BrokenFiles broken;

  SkippingSet(TrainingSet set, BrokenFiles broken) {
    this.set = set;
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

  @Override
  public Path path() {
    return set.path();
  }

  @Override
  public String kind() {
    return set.kind();
  }

  @Override
  public ImageShape shape() {
    return set.shape();
  }

  @Override
  public long size() {
    return set.size();
  }

  @Override
  public OptionalInt classes() {
    return set.classes();
  }

  @Override
  public List<String> classNames() {
    return set.classNames();
  }

  @Override
  public Optional<TextShape> text() {
    return set.text();
  }

  @Override
  public float[] emptyText() {
    return set.emptyText();
  }

  @Override
  public boolean flipped() {
    return set.flipped();
  }

  @Override
  public void close() {
    set.close();
  }
}
