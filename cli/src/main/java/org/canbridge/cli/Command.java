package org.canbridge.cli;

import java.util.List;

/** One sub-command of {@code canbridge}. It has no state: a run's state lives in its arguments. */
interface Command {

  /** Its name and its help. */
  About about();

  /** Its options; {@code --help} and {@code --debug} are added to them. */
  List<OptionGroup> options();

  /** The words that its operand can be, if it is no file: for completion in a shell. */
  default List<String> operands() {
    return List.of();
  }

  /**
   * Does the work: results to {@link Context#out()}, everything else to {@link Context#err()}.
   *
   * @throws UsageException if the arguments are wrong
   * @throws org.canbridge.tensors.files.InputFileException if an input file is bad
   * @throws Exception anything else; it becomes a message and {@link ExitStatus#FAILURE}
   */
  ExitStatus run(Invocation invocation, Context context) throws Exception;

  /**
   * What people read of a command.
   *
   * @param name the word on the command line
   * @param summary one line for the list of commands, without a full stop
   * @param synopsis operands and the options that matter most, e.g. {@code SRC --out DIR}
   * @param description what it does in a few sentences, for its own help
   * @param examples complete command lines with what they do
   */
  record About(
      String name, String summary, String synopsis, String description, List<Example> examples) {}

  /**
   * A command line and what it does.
   *
   * @param line without the leading {@code canbridge}
   * @param what one line
   */
  record Example(String line, String what) {}
}
