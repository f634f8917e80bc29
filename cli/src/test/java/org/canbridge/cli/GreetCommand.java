package org.canbridge.cli;

import java.util.List;
import org.apache.commons.cli.Options;

/** A small command that uses everything the frame offers. */
final class GreetCommand implements Command {

  /** What happens after the greeting. */
  interface Work {
    ExitStatus run(Invocation invocation, Context context) throws Exception;
  }

  private final Work work;

  GreetCommand(Work work) {
    this.work = work;
  }

  @Override
  public String name() {
    return "greet";
  }

  @Override
  public String summary() {
    return "greets somebody";
  }

  @Override
  public String synopsis() {
    return "NAME [--times N]";
  }

  @Override
  public String description() {
    return "Greets NAME once, or as often as it is told to.";
  }

  @Override
  public Options options() {
    return new Options()
        .addOption(CommonOptions.value("times", "N", "how often; 1 if not given"))
        .addOption(CommonOptions.value("out", "DIR", "where the greeting goes"))
        .addOption(CommonOptions.value("mood", "glad|sad", "how"))
        .addOption(CommonOptions.flag("loud", "in capitals"));
  }

  @Override
  public List<Example> examples() {
    return List.of(new Example("greet Ada --times 2", "two greetings"));
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    return work.run(invocation, context);
  }
}
