package org.canbridge.runtime.training.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.canbridge.runtime.diffusion.ImageShape;

/** Another set's examples, some of them or otherwise read. Closing it closes that set. */
abstract class SetView implements TrainingSet {
  final TrainingSet set;

  SetView(TrainingSet set) {
    this.set = set;
  }

  @Override
  public Example read(long index, ExampleRandom random) throws IOException {
    return set.read(index, random);
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
  public List<SkippedFile> skipped() {
    return set.skipped();
  }

  @Override
  public void close() {
    set.close();
  }
}
