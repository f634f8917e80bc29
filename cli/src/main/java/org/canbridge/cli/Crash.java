package org.canbridge.cli;

import com.sun.jna.NativeLibrary;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.canbridge.tensors.files.FileSource;
import org.canbridge.tensors.files.InputFileException;

/**
 * The end of a JVM in whose native code a fault occurred. By itself it aborts with a trace, status
 * 134. The launcher has it write its log first and then stop this process by SIGTERM; what that
 * starts comes here, where it can be said what happened, most often that the file of a mapped model
 * was cut while its weights were read.
 */
final class Crash {
  private final Path log;

  private Crash(Path log) {
    this.log = log;
  }

  /** What has happened to this process, if the launcher said where its log would be. */
  static Optional<Crash> happened() {
    return Optional.ofNullable(System.getProperty("canbridge.crashes"))
        .map(folder -> Path.of(folder, "canbridge-crash-" + ProcessHandle.current().pid() + ".log"))
        .filter(Files::exists)
        .map(Crash::new);
  }

  /** Says what it means and ends the process, which the JVM itself no longer can. */
  void end() {
    Optional<InputFileException> cut = FileSource.shrunk();
    Failure failure =
        cut.map(Failure::of)
            .orElse(
                new Failure(
                    ExitStatus.FAILURE,
                    "the Java virtual machine crashed\n  actual: a fault in native code\n  file: "
                        + log
                        + "\n  next: report it with this file"));
    System.err.println("canbridge: " + failure.message());
    if (cut.isPresent() && !log.toFile().delete()) {
      System.err.println("canbridge: what Java says of it is in " + log);
    }
    NativeLibrary.getProcess()
        .getFunction("_exit")
        .invokeVoid(new Object[] {failure.status().code()});
  }
}
