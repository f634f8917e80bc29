package org.canbridge.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A small command that uses everything the frame offers. */
final class GreetCommand implements Command {

  /** What happens after the greeting. */
  interface Work {
    ExitStatus run(Invocation invocation, Context context) throws Exception;
  }

  static final Opt<Integer> TIMES = Opt.integer("times", 1, 9).defaultsTo(1).help("how often");
  static final Opt<Optional<Path>> OUT = CommonOptions.out("DIR").help("where the greeting goes");
  static final Opt<Optional<Boolean>> GLAD =
      Opt.word("mood", "glad", true, "sad", false).help("how");
  static final Opt<Boolean> LOUD = Opt.flag("loud").help("in capitals");

  private final Work work;
  private final List<OptionGroup> options;

  GreetCommand(Work work) {
    this(work, List.of(OptionGroup.own(TIMES, OUT, GLAD, LOUD)));
  }

  private GreetCommand(Work work, List<OptionGroup> options) {
    this.work = work;
    this.options = options;
  }

  /** The same command with another option in place of its own. */
  GreetCommand with(Opt<?> option) {
    return new GreetCommand(work, List.of(OptionGroup.own(option)));
  }

  @Override
  public About about() {
    return new About(
        "greet",
        "greets somebody",
        "NAME [--times N]",
        "Greets NAME once, or as often as it is told to.",
        List.of(new Example("greet Ada --times 2", "two greetings")));
  }

  @Override
  public List<OptionGroup> options() {
    return options;
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    return work.run(invocation, context);
  }
}
