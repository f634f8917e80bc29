package org.canbridge.runtime.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.FileState;

/**
 * The files that weights come from, while native code has them.
 *
 * <p>It is given the mapped weights of model directories, and copies of all others: who cuts a file
 * takes the mapped pages away, and the process that reads them dies. Model directories are replaced
 * as a whole; training programs write their checkpoints anew in place.
 */
final class WeightFiles {
  /** Weights that lie over no file. */
  static final WeightFiles NONE = new WeightFiles(Map.of());

  private final Map<Path, FileState> states;
  private final List<FileState> mapped;

  private WeightFiles(Map<Path, FileState> states) {
    this.states = states;
    this.mapped =
        states.values().stream().filter(state -> ModelDirectory.holds(state.path())).toList();
  }

  /** The files of tensors, as they are now, before these are read. */
  static WeightFiles of(Collection<TensorData> tensors) {
    Map<Path, FileState> states = new HashMap<>();
    for (TensorData tensor : tensors) {
      tensor.file().ifPresent(file -> states.computeIfAbsent(file, FileState::of));
    }
    return new WeightFiles(states);
  }

  /** A tensor of them as native code may have it. */
  TensorData steady(TensorData tensor) {
    Optional<FileState> state = tensor.file().map(states::get);
    return state.isEmpty() || mapped.contains(state.get()) ? tensor : new Copied(tensor);
  }

  /**
   * Checks that what was read is of one piece.
   *
   * @throws org.canbridge.tensors.files.InputFileException if somebody has written into a file
   */
  void requireUnwritten() {
    states.values().forEach(FileState::requireUnwritten);
  }

  /**
   * The same, for files whose mappings are still read.
   *
   * @throws org.canbridge.tensors.files.InputFileException if somebody has written into one
   */
  void requireMappedUnwritten() {
    mapped.forEach(FileState::requireUnwritten);
  }

  /** A tensor whose bytes are read into memory. */
  record Copied(TensorData source) implements TensorData {
    @Override
    public TensorType type() {
      return source.type();
    }

    @Override
    public Optional<Path> file() {
      return source.file();
    }

    @Override
    public ByteBuffer bytes(long offset, int length) {
      ByteBuffer copy = ByteBuffer.allocateDirect(length).order(ByteOrder.LITTLE_ENDIAN);
      source.read(offset, copy);
      return copy.flip();
    }
  }
}
