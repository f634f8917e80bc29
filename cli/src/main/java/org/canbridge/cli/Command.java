package org.canbridge.cli;

import java.util.List;

/** One sub-command of {@code canbridge}. It has no state: a run's state lives in its arguments. */
interface Command {

  /** The word on the command line. */
  String name();

  /** One line for the list of commands, without a full stop. */
  String summary();

  /** Operands and the options that matter most, e.g. {@code SRC --out DIR}. */
  String synopsis();

  /** What it does in a few sentences, for its own help. */
  String description();

  /** Its options; {@code --help} and {@code --debug} are added to them. */
  List<OptionGroup> options();

  /** Complete command lines with what they do. */
  List<Example> examples();

  /**
   * Does the work: results to {@link Context#out()}, everything else to {@link Context#err()}.
   *
   * @throws UsageException if the arguments are wrong
   * @throws org.canbridge.tensors.files.InputFileException if an input file is bad
   * @throws Exception anything else; it becomes a message and {@link ExitStatus#FAILURE}
   */
  ExitStatus run(Invocation invocation, Context context) throws Exception;

  /**
   * A command line and what it does.
   *
   * @param line without the leading {@code canbridge}
   * @param what one line
   */
  record Example(String line, String what) {}
}
