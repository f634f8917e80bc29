package org.canbridge.cli;

import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.commons.cli.CommandLine;

/**
 * The arguments of one command, read as what they are meant to be. Every method throws {@link
 * UsageException} where the text cannot be read so, and where an option that takes one value was
 * given more than once.
 */
final class Invocation {
  private final Command command;
  private final OptionSet options;
  private final CommandLine line;

  /** What was typed after the command's name. */
  Invocation(Command command, OptionSet options, List<String> args) throws UsageException {
    this.command = command;
    this.options = options;
    this.line = options.parse(args);
  }

  /** The one operand; {@code name} is what the synopsis calls it. */
  String operand(String name) throws UsageException {
    List<String> operands = line.getArgList();
    if (operands.size() != 1) {
      throw new UsageException(
          "takes one "
              + name
              + ", but got "
              + (operands.isEmpty()
                  ? "none"
                  : operands.size() + ": " + String.join(" ", operands)));
    }
    return operands.get(0);
  }

  /** Whether there is any operand. */
  boolean hasOperand() {
    return !line.getArgList().isEmpty();
  }

  /** The one operand, as a path. */
  Path pathOperand(String name) throws UsageException {
    return Value.path(name, operand(name));
  }

  /** Refuses operands. */
  void noOperand() throws UsageException {
    if (hasOperand()) {
      throw new UsageException("takes no operand, but got: " + String.join(" ", line.getArgList()));
    }
  }

  /**
   * What an option says.
   *
   * @throws IllegalStateException if the command does not declare it: a mistake in the command
   */
  <T> T get(Opt<T> option) throws UsageException {
    List<Opt.Typed> typed = typed(option);
    if (typed.size() > 1 && option.takesValue()) {
      throw new UsageException(option + " is given " + typed.size() + " times");
    }
    return option.read(typed.stream().findFirst(), () -> missing(option));
  }

  /** Whether an option was given. */
  boolean has(Opt<?> option) {
    return !typed(option).isEmpty();
  }

  /**
   * Refuses everything else than these options.
   *
   * @param first the option that leaves no room for others
   */
  void only(Opt<?> first, Opt<?>... others) throws UsageException {
    noOperand();
    List<Opt<?>> allowed = new ArrayList<>(List.of(others));
    allowed.add(first);
    for (Opt<?> option : options.all()) {
      if (!allowed.contains(option) && option != CommonOptions.DEBUG && has(option)) {
        throw new UsageException(option + " does not go with " + first);
      }
    }
  }

  /** The option must be given, but was not. */
  UsageException missing(Opt<?> option) {
    return new UsageException("needs " + option + "; synopsis: " + command.about().synopsis());
  }

  /**
   * A path at which nothing may be yet.
   *
   * @throws FileAlreadyExistsException if something is
   */
  Path vacant(Opt<Path> option) throws UsageException, FileAlreadyExistsException {
    Path path = get(option);
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(path.toString());
    }
    return path;
  }

  private List<Opt.Typed> typed(Opt<?> option) {
    if (!options.declares(option)) {
      throw new IllegalStateException(
          command.about().name() + " reads " + option + ", which it does not declare");
    }
    List<Opt.Typed> typed = new ArrayList<>();
    for (String name : option.typedNames()) {
      if (!line.hasOption(name)) {
        continue;
      }
      String[] texts = line.getOptionValues(name);
      for (String text : Optional.ofNullable(texts).orElse(new String[] {""})) {
        typed.add(new Opt.Typed(name, text));
      }
    }
    return typed;
  }
}
