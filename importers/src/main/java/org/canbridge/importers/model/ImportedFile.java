package org.canbridge.importers.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.canbridge.importers.keys.KeyFate;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.files.Checksum;
import org.canbridge.tensors.files.Digests;
import org.canbridge.tensors.files.FileState;

/** The origin of a model that lies in a published file; what it tells takes reading all of that. */
public final class ImportedFile implements Origin {
  private final TensorFile file;
  private final List<FileState> opened;
  private final String layout;
  private final String weights;
  private final List<KeyFate> fates;
  private Contents contents;

  /** What reading it all told. */
  private record Contents(Provenance provenance, List<String> damages) {}

  /**
   * An opened file.
   *
   * @param opened its files as they were when it was opened
   * @param weights the set of weights that was taken; empty where the file has one
   * @param fates what became of its tensors
   */
  public ImportedFile(
      TensorFile file, List<FileState> opened, String layout, String weights, List<KeyFate> fates) {
    this.file = file;
    this.opened = opened;
    this.layout = layout;
    this.weights = weights;
    this.fates = fates;
  }

  @Override
  public Provenance provenance() {
    return contents().provenance();
  }

  @Override
  public List<String> damages() {
    return contents().damages();
  }

  /** Reads every file once, whoever asks first. */
  private synchronized Contents contents() {
    if (contents == null) {
      List<Checksum> checksums = file.checksums();
      List<Provenance.Source> sources = new ArrayList<>();
      List<String> damages = new ArrayList<>();
      for (Path path : file.files()) {
        Digests.Of digest =
            Digests.file(path, checksums.stream().filter(sum -> sum.file().equals(path)).toList());
        sources.add(
            new Provenance.Source(
                String.valueOf(path.getFileName()), digest.bytes(), digest.sha256()));
        damages.addAll(digest.damages());
      }
      // Else the digest need not be that of the bytes that were used.
      opened.forEach(FileState::requireUnchanged);
      contents =
          new Contents(
              Provenance.imported(file.format(), sources, layout, weights, fates),
              List.copyOf(damages));
    }
    return contents;
  }

  @Override
  public void requireUnwritten() {
    opened.forEach(FileState::requireUnwritten);
  }

  @Override
  public void close() {
    file.close();
  }
}
