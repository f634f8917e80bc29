package org.canbridge.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.canbridge.runtime.engine.OnnxRuntimeException;
import org.canbridge.runtime.engine.kernels.KernelException;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;

/**
 * What an exception means to the user.
 *
 * @param status the exit status
 * @param message complete, without the leading program name
 */
record Failure(ExitStatus status, String message) {

  static Failure of(Throwable thrown) {
    if (interrupted(thrown)) {
      return new Failure(ExitStatus.INTERRUPTED, "interrupted");
    }
    if (thrown instanceof InputFileException) {
      return new Failure(ExitStatus.BAD_INPUT, thrown.getMessage());
    }
    if (thrown instanceof UncheckedIOException unchecked) {
      return of(unchecked.getCause());
    }
    if (thrown instanceof IOException failed) {
      return new Failure(ExitStatus.FAILURE, inputOutput(failed));
    }
    if (thrown instanceof KernelException || thrown instanceof OnnxRuntimeException) {
      return new Failure(ExitStatus.FAILURE, thrown.getMessage());
    }
    if (thrown instanceof InternalError && FileSource.shrunk().isPresent()) {
      return of(FileSource.shrunk().get());
    }
    if (thrown instanceof OutOfMemoryError) {
      return new Failure(
          ExitStatus.FAILURE,
          "out of memory\n  actual: "
              + thrown.getMessage()
              + "; the heap may grow to "
              + (Runtime.getRuntime().maxMemory() >> 20)
              + " MiB\n"
              + "  next: free memory, use a smaller batch, or set CANBRIDGE_JAVA_OPTS=-Xmx...");
    }
    if (written(thrown) != null) {
      return new Failure(ExitStatus.FAILURE, nativeFiles(written(thrown)));
    }
    return new Failure(
        ExitStatus.FAILURE,
        "internal error\n  actual: "
            + thrown
            + "\n  next: run it again with --debug and report the stack trace");
  }

  /** An interrupt closes the channel it meets, and whoever read from it takes the file for bad. */
  private static boolean interrupted(Throwable thrown) {
    for (Throwable at = thrown; at != null; at = at.getCause()) {
      if (at instanceof CancellationException
          || at instanceof InterruptedException
          || at instanceof ClosedByInterruptException) {
        return true;
      }
    }
    return false;
  }

  /**
   * What could not be written by a library that wraps such exceptions in its own; null if nothing.
   */
  private static IOException written(Throwable thrown) {
    Throwable at = thrown;
    while (at != null && !(at instanceof IOException)) {
      at = at.getCause();
    }
    return (IOException) at;
  }

  /** DJL unpacks the library once, into its cache, and hands it programs as temporary files. */
  private static String nativeFiles(IOException e) {
    StringBuilder text = new StringBuilder("the native library's files cannot be written");
    text.append("\n  actual: ").append(reason(e));
    if (e instanceof FileSystemException named) {
      text.append("\n  file: ").append(named.getFile());
    }
    return text.append(
            "\n  next: set DJL_CACHE_DIR (the library itself), or CANBRIDGE_JAVA_OPTS to"
                + " -Djava.io.tmpdir=DIR (temporary files), to a folder that can be written to; now"
                + " they are ")
        .append(Objects.requireNonNullElse(System.getenv("DJL_CACHE_DIR"), "~/.djl.ai"))
        .append(" and ")
        .append(System.getProperty("java.io.tmpdir"))
        .toString();
  }

  /** Files that are read are reported as {@link InputFileException}, so this is about writing. */
  private static String inputOutput(IOException e) {
    String reason = reason(e);
    StringBuilder text = new StringBuilder("cannot write\n  actual: ").append(reason);
    if (e instanceof FileSystemException named) {
      text.append("\n  file: ").append(named.getFile());
      if (named.getOtherFile() != null) {
        text.append(" -> ").append(named.getOtherFile());
      }
    }
    return text.append("\n  next: ").append(next(e, reason)).toString();
  }

  private static String reason(IOException e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof FileSystemException named && named.getReason() != null) {
      return named.getReason();
    }
    if (e instanceof FileAlreadyExistsException) {
      return "it exists already";
    }
    if (e instanceof DirectoryNotEmptyException) {
      return "the folder exists already and is not empty";
    }
    if (e instanceof NoSuchFileException) {
      return "no such file or folder";
    }
    if (e instanceof NotDirectoryException) {
      return "it is no folder";
    }
    return e.getMessage() == null ? e.getClass().getName() : e.getMessage();
  }

  private static String next(IOException e, String reason) {
    if (e instanceof OccupiedException occupied) {
      return occupied.next();
    }
    if (reason.contains("No space left") || reason.contains("quota")) {
      return "free some space, or write to another place; nothing half-written is left";
    }
    if (reason.startsWith("in use by ")) {
      return "let it finish, or choose another name";
    }
    if (reason.contains("no part of the model")) {
      return "move them elsewhere, or choose another name";
    }
    if (e instanceof FileAlreadyExistsException || e instanceof DirectoryNotEmptyException) {
      return "choose another name, or remove what is there";
    }
    return "choose a place that can be written to";
  }
}
