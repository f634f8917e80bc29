package org.canbridge.cli;

import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import org.canbridge.importers.model.WriteOptions;

/** The options of the commands that make a model directory. */
final class ModelOutput {
  static final Opt<Path> OUT =
      CommonOptions.out("DIR").required().help("the model directory to make");
  static final Opt<Boolean> OVERWRITE =
      Opt.flag("overwrite").help("replace a model directory of that name");

  private ModelOutput() {}

  /**
   * Where the directory will be.
   *
   * @throws FileAlreadyExistsException if something is there that is not to be replaced
   */
  static Path target(Invocation invocation) throws UsageException, FileAlreadyExistsException {
    return invocation.get(OVERWRITE) ? invocation.get(OUT) : invocation.vacant(OUT);
  }

  /** How it is written. */
  static WriteOptions writing(Invocation invocation) throws UsageException {
    WriteOptions options = WriteOptions.defaults();
    return invocation.get(OVERWRITE) ? options.overwriting() : options;
  }
}
