package org.canbridge.importers.model;

import java.util.ArrayList;
import java.util.List;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.files.FileState;
import org.canbridge.tensors.files.InputFileException;

/** The files that a checkpoint was read from, or that there are none. */
public interface Origin extends AutoCloseable {
  /**
   * Where the tensors come from. Of an imported file the first call, or that of {@link #damages},
   * reads all of it for its digest.
   *
   * @throws InputFileException if it can no longer be read, or is another one by now
   */
  Provenance provenance();

  /** What does not fit the checksums that the files' format has; reads as {@link #provenance}. */
  default List<String> damages() {
    return List.of();
  }

  /**
   * Checks that what was read is of one piece.
   *
   * @throws InputFileException if somebody has written into the files since they were opened
   */
  default void requireUnwritten() {}

  @Override
  default void close() {}

  /** This one, and behind it another file that weights came from later. */
  default Origin and(Origin later) {
    Origin first = this;
    return new Origin() {
      @Override
      public Provenance provenance() {
        return first.provenance().withSources(later.provenance().sources());
      }

      @Override
      public List<String> damages() {
        List<String> all = new ArrayList<>(first.damages());
        all.addAll(later.damages());
        return all;
      }

      @Override
      public void requireUnwritten() {
        first.requireUnwritten();
        later.requireUnwritten();
      }

      @Override
      public void close() {
        later.close();
        first.close();
      }
    };
  }

  /** Of a model whose weights were made here. */
  static Origin made(Provenance provenance) {
    return () -> provenance;
  }

  /**
   * Of a model directory.
   *
   * @param opened its files as they were when they were opened
   */
  static Origin stored(TensorFile file, List<FileState> opened, Provenance provenance) {
    return new Origin() {
      @Override
      public Provenance provenance() {
        return provenance;
      }

      @Override
      public void requireUnwritten() {
        opened.forEach(FileState::requireUnwritten);
      }

      @Override
      public void close() {
        file.close();
      }
    };
  }
}
