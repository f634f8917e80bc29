package org.canbridge.cli;

import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.canbridge.importers.model.WriteOptions;

/** The options of the commands that make a model directory. */
final class ModelOutput {
  static final Opt<Path> OUT =
      CommonOptions.outFolder().required().help("the model directory to make");
  static final Opt<Boolean> OVERWRITE =
      Opt.flag("overwrite")
          .elsewhere("force", "replace")
          .help("replace a model directory of that name");

  private ModelOutput() {}

  /**
   * Where the directory will be.
   *
   * @throws FileAlreadyExistsException if something is there that is not to be replaced
   */
  static Path target(Invocation invocation) throws UsageException, FileAlreadyExistsException {
    Path target = invocation.get(OUT);
    if (!invocation.get(OVERWRITE) && Files.isRegularFile(target.resolve("config.json"))) {
      throw new OccupiedException(
          target, "it exists already", "choose another name, or replace it: " + OVERWRITE);
    }
    return invocation.get(OVERWRITE) ? target : invocation.vacant(OUT);
  }

  /** How it is written. */
  static WriteOptions writing(Invocation invocation) throws UsageException {
    WriteOptions options = WriteOptions.defaults();
    return invocation.get(OVERWRITE) ? options.overwriting() : options;
  }
}
