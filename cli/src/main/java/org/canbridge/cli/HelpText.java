package org.canbridge.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.help.HelpFormatter;
import org.apache.commons.cli.help.OptionFormatter;
import org.apache.commons.cli.help.TableDefinition;
import org.apache.commons.cli.help.TextHelpAppendable;

/** The help pages. */
final class HelpText {
  private static final int WIDTH = 90;

  private final StringBuilder text = new StringBuilder();
  private final TextHelpAppendable page = new TextHelpAppendable(text);

  private HelpText() {
    page.setMaxWidth(WIDTH);
    page.setLeftPad(0);
    page.setIndent(0);
  }

  /** The page of the whole program. */
  static String of(Collection<Command> commands) {
    HelpText help = new HelpText();
    help.paragraph("usage: canbridge COMMAND [ARGUMENTS]");
    help.paragraph(
        "Published diffusion-transformer checkpoints into Condition-Aware Neural Networks, on the"
            + " JVM, with proof.");
    help.table(
        "commands",
        commands.stream().map(command -> List.of(command.name(), command.summary())).toList(),
        new Options());
    help.table(
        "options",
        List.of(),
        new Options().addOption(CommonOptions.help()).addOption(CommonOptions.version()));
    help.paragraph("canbridge COMMAND --help tells more about one command.");
    help.table(
        "exit status",
        List.of(
            List.of("0", "done; all that was compared is equal"),
            List.of("1", "a difference"),
            List.of("2", "the command line is wrong"),
            List.of("3", "an input file is bad"),
            List.of("4", "anything else")),
        new Options());
    return help.finished();
  }

  /** The page of one command. */
  static String of(Command command, Options options) {
    HelpText help = new HelpText();
    help.paragraph("usage: canbridge " + command.name() + " " + command.synopsis());
    help.paragraph(command.description());
    help.table("options", List.of(), options);
    help.text.append("examples\n");
    for (Command.Example example : command.examples()) {
      help.text
          .append("  # ")
          .append(example.what())
          .append("\n  canbridge ")
          .append(example.line())
          .append('\n');
    }
    return help.finished();
  }

  private void paragraph(String paragraph) {
    try {
      page.appendParagraph(paragraph);
    } catch (IOException e) {
      throw new UncheckedIOException("a StringBuilder does not fail", e);
    }
  }

  /** Rows of two columns, then the options. */
  private void table(String title, List<List<String>> rows, Options options) {
    HelpFormatter formatter =
        HelpFormatter.builder()
            .setShowSince(false)
            .setOptionFormatBuilder(OptionFormatter.builder().setArgumentNameDelimiters("", ""))
            .get();
    TableDefinition styled = formatter.getTableDefinition(formatter.sort(options));
    List<List<String>> all = new ArrayList<>(rows);
    styled.rows().forEach(all::add);
    List<List<String>> indented =
        all.stream().map(row -> List.of("  " + row.get(0), row.get(1))).toList();
    text.append(title);
    try {
      page.appendTable(
          TableDefinition.from(null, styled.columnTextStyles(), List.of("", ""), indented));
    } catch (IOException e) {
      throw new UncheckedIOException("a StringBuilder does not fail", e);
    }
  }

  private String finished() {
    return text.toString()
        .lines()
        .map(String::stripTrailing)
        .collect(Collectors.joining("\n"))
        .strip();
  }
}
