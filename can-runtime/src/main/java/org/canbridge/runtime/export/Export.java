package org.canbridge.runtime.export;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.canbridge.tensors.files.AtomicDirectory;

/** A model in the form in which it leaves, about to be written. */
public interface Export {

  /** What it consists of, for people: {@code 63 tensors, layout diffusers}. */
  String contents();

  /** What programs that read it do otherwise than this model does, one sentence each. */
  List<String> remarks();

  /**
   * Writes a file or a folder; called by {@link #write} with a temporary name.
   *
   * @param path where nothing is yet
   * @throws IOException if it cannot be written; what is there then is removed
   */
  void writeTo(Path path) throws IOException;

  /**
   * Writes the export; it appears complete or not at all.
   *
   * @param target the file or folder to make
   * @throws FileAlreadyExistsException if there is something of that name
   * @throws IOException if it cannot be written
   */
  default void write(Path target) throws IOException {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(target.toString());
    }
    try (AtomicDirectory beside = AtomicDirectory.create(target)) {
      Path complete = beside.path().resolve(target.getFileName());
      writeTo(complete);
      if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
        throw new FileAlreadyExistsException(target.toString());
      }
      Files.move(complete, target, StandardCopyOption.ATOMIC_MOVE);
      beside.taken();
    }
  }
}
