package org.canbridge.runtime.export;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.canbridge.tensors.files.AtomicDirectory;

/** A model in the form in which it leaves, about to be written. */
public interface Export extends AutoCloseable {

  /** What it consists of, for people: {@code 63 tensors, layout diffusers}. */
  String contents();

  /** What programs that read it do otherwise than this model does, one sentence each. */
  List<String> remarks();

  /** Its networks, each of which is run again from what was written before that has its name. */
  List<ExportedNetwork> networks();

  /** Closes what it opened beside the model. */
  @Override
  default void close() {}

  /**
   * Writes a file or a folder; called by {@link #write} with a temporary name.
   *
   * @param path where nothing is yet
   * @throws IOException if it cannot be written; what is there then is removed
   */
  void writeTo(Path path) throws IOException;

  /**
   * Writes the export, and runs its networks again from there; it appears complete and checked or
   * not at all.
   *
   * @param target the file or folder to make
   * @return how far its networks are from this model's, in the order of {@link #networks()}
   * @throws ExportDiffersException if one computes something else
   * @throws FileAlreadyExistsException if there is something of that name
   * @throws IOException if it cannot be written
   */
  default List<ExportCheck> write(Path target) throws IOException {
    return write(target, () -> true);
  }

  /**
   * As {@link #write(Path)}.
   *
   * @param checked whether networks are run again; asked when all is written
   */
  default List<ExportCheck> write(Path target, BooleanSupplier checked) throws IOException {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(target.toString());
    }
    try (AtomicDirectory beside = AtomicDirectory.create(target)) {
      Path complete = beside.path().resolve(target.getFileName());
      writeTo(complete);
      List<ExportCheck> checks = new ArrayList<>();
      if (checked.getAsBoolean()) {
        for (ExportedNetwork network : networks()) {
          checks.addAll(ExportCheck.of(network, complete));
        }
      }
      if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
        throw new FileAlreadyExistsException(target.toString());
      }
      Files.move(complete, target, StandardCopyOption.ATOMIC_MOVE);
      beside.taken();
      return checks;
    }
  }
}
