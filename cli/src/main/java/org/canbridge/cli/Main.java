package org.canbridge.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.canbridge.tensors.files.Suggestion;

/**
 * The program {@code canbridge}: finds the command, reads its options, runs it, and turns whatever
 * happens into a message on stderr and an {@link ExitStatus}. Results go to stdout and nothing else
 * does.
 */
public final class Main {
  /** By name and in the order of the help. */
  private static final List<Line> COMMANDS =
      List.of(
          new Line("inspect", InspectCommand::new, "info", "show", "list", "describe"),
          new Line("import", ImportCommand::new, "load", "read"),
          new Line("convert", ConvertCommand::new),
          new Line("bake", BakeCommand::new, "freeze"),
          new Line("finetune", FinetuneCommand::new, "train"),
          new Line("sample", SampleCommand::new, "generate", "draw"),
          new Line("profile", ProfileCommand::new, "flops", "macs", "count"),
          new Line("verify", VerifyCommand::new, "check", "compare", "test"),
          new Line("export", ExportCommand::new, "save", "write"),
          new Line("doctor", DoctorCommand::new),
          new Line("quickstart", QuickstartCommand::new, "demo", "start"),
          new Line("completion", CompletionCommand::new));

  /**
   * A command, made when it is needed: the declaration of options costs time.
   *
   * @param elsewhere what other programs call it: answered with its name
   */
  private record Line(String name, Supplier<Command> make, List<String> elsewhere) {
    Line(String name, Supplier<Command> make, String... elsewhere) {
      this(name, make, List.of(elsewhere));
    }
  }

  private final Map<String, Command> commands = new LinkedHashMap<>();

  Main(Collection<Command> commands) {
    commands.forEach(command -> this.commands.put(command.about().name(), command));
  }

  /** All commands, or only the one of this name if there is one. */
  static List<Command> commands(String name) {
    List<Line> named = COMMANDS.stream().filter(line -> line.name().equals(name)).toList();
    return (named.isEmpty() ? COMMANDS : named).stream().map(line -> line.make().get()).toList();
  }

  /** Runs the program and ends the JVM with its exit status. */
  public static void main(String[] args) {
    try {
      System.exit(Interruption.during(() -> start(args)));
    } catch (Throwable e) {
      // A class that cannot be loaded, for want of descriptors or memory; the JVM would end with 1.
      System.err.println("canbridge: internal error\n  actual: " + e);
      Runtime.getRuntime().halt(4);
    }
  }

  private static int start(String[] args) {
    OutputStream err = new FileOutputStream(FileDescriptor.err);
    Optional<String> garbled = garbled(args, System.getProperty("sun.jnu.encoding", ""));
    if (garbled.isPresent()) {
      new PrintStream(err, true, StandardCharsets.UTF_8).println("canbridge: " + garbled.get());
      return ExitStatus.USAGE.code();
    }
    return run(args, new FileOutputStream(FileDescriptor.out), err);
  }

  /**
   * Java decodes the bytes of arguments by the locale, and passes on what came of it; the launcher
   * sets a locale of UTF-8, but the program may be started otherwise.
   *
   * @param encoding the one by which arguments were decoded
   */
  static Optional<String> garbled(String[] args, String encoding) {
    // Windows hands over text, not bytes.
    boolean utf8 =
        encoding.equalsIgnoreCase("UTF-8") || System.getProperty("os.name").startsWith("Windows");
    for (int i = 0; i < args.length; i++) {
      if (args[i].indexOf('\uFFFD') >= 0 || (!utf8 && args[i].chars().anyMatch(c -> c > 0x7F))) {
        return Optional.of(
            "argument "
                + (i + 1)
                + " is not the text that was typed\n  expected: UTF-8\n  actual: bytes read as "
                + encoding
                + "\n  next: "
                + (utf8
                    ? "give the argument in UTF-8"
                    : "start ./canbridge, or set LC_ALL=C.UTF-8 (or another locale of UTF-8)"));
      }
    }
    return Optional.empty();
  }

  /**
   * Runs the program inside this JVM.
   *
   * @param args what follows {@code canbridge} on the command line
   * @param out takes the results, UTF-8; left open
   * @param err takes progress and messages, UTF-8; left open
   * @return the exit status
   */
  public static int run(String[] args, OutputStream out, OutputStream err) {
    Context context = new Context(out, err, Integer.getInteger("canbridge.columns", 0));
    return new Main(commands(args.length == 0 ? "" : args[0]))
        .run(Arrays.asList(args), context)
        .code();
  }

  /** Runs the program; whatever a command throws ends here. */
  ExitStatus run(List<String> args, Context context) {
    ExitStatus status;
    boolean debug = args.contains("--debug");
    if (debug) {
      // Before the first logger is made: slf4j-simple reads it once.
      System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "debug");
      System.setProperty("org.slf4j.simpleLogger.log.ai.djl", "debug");
    }
    try {
      status = dispatch(args, context);
    } catch (UsageException e) {
      context.err().println("canbridge: " + e.getMessage());
      status = ExitStatus.USAGE;
    } catch (Throwable e) {
      Failure failure = Failure.of(e);
      context.err().println("canbridge: " + failure.message());
      status = failure.status();
      if (debug) {
        e.printStackTrace(context.err());
      }
    }
    return afterwards(status, context);
  }

  private ExitStatus dispatch(List<String> args, Context context) throws Exception {
    List<String> rest = new ArrayList<>(args);
    rest.remove("--debug");
    if (rest.isEmpty()) {
      context.err().println(HelpText.of(commands.values()));
      return ExitStatus.USAGE;
    }
    String first = rest.remove(0);
    switch (first) {
      case "-h", "--help", "help" -> {
        help(first, rest, context);
        return ExitStatus.OK;
      }
      case "--version" -> {
        context.out().println(Version.line());
        return ExitStatus.OK;
      }
      default -> {
        return command(first, rest, context);
      }
    }
  }

  /** {@code help COMMAND} is {@code COMMAND --help}. */
  private void help(String word, List<String> commandAsked, Context context) throws UsageException {
    if (commandAsked.isEmpty() || word.startsWith("-")) {
      context.out().println(HelpText.of(commands.values()));
      return;
    }
    Command command = command(commandAsked.get(0));
    context.out().println(HelpText.of(command, new OptionSet(command)));
  }

  private Command command(String name) throws UsageException {
    Command command = commands.get(name);
    if (command == null) {
      String kind = name.startsWith("-") ? "unknown option " : "unknown command ";
      Map<String, List<String>> known = new LinkedHashMap<>();
      commands.keySet().forEach(each -> known.put(each, List.of()));
      COMMANDS.forEach(line -> known.replace(line.name(), line.elsewhere()));
      throw new UsageException(
          kind
              + name
              + Suggestion.text(name, known)
              + "\n  next: canbridge --help lists the commands");
    }
    return command;
  }

  private ExitStatus command(String name, List<String> args, Context context) throws Exception {
    Command command = command(name);
    OptionSet options = new OptionSet(command);
    if (args.contains("--help") || args.contains("-h")) {
      context.out().println(HelpText.of(command, options));
      return ExitStatus.OK;
    }
    try {
      return command.run(new Invocation(command, options, args), context);
    } catch (UsageException e) {
      throw new UsageException(
          name + ": " + e.getMessage() + "\n  next: canbridge " + name + " --help");
    }
  }

  /** Results that did not arrive turn a success into a failure, a silent one if nobody reads. */
  private static ExitStatus afterwards(ExitStatus status, Context context) {
    ResultStream results = context.flush();
    if (status != ExitStatus.OK || results.failure().isEmpty()) {
      return status;
    }
    if (results.broken()) {
      return ExitStatus.BROKEN_PIPE;
    }
    IOException failure = results.failure().get();
    context
        .err()
        .println(
            "canbridge: cannot write the results\n  actual: "
                + failure.getMessage()
                + "\n  file: standard output");
    return ExitStatus.FAILURE;
  }
}
