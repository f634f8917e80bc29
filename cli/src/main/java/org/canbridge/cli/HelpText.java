package org.canbridge.cli;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/** The help pages, for terminals of 80 columns. */
final class HelpText {
  private static final int WIDTH = 80;
  private static final int LEFT = 26;
  private static final String INDENT = "  ";

  /** No-break space. */
  private static final char GLUE = '\u00a0';

  private final List<String> lines = new ArrayList<>();

  private HelpText() {}

  /** The page of the whole program. */
  static String of(Collection<Command> commands) {
    HelpText help = new HelpText();
    help.paragraph("usage: canbridge COMMAND [ARGUMENTS]");
    help.paragraph(
        "Published diffusion-transformer checkpoints into Condition-Aware Neural Networks, on the"
            + " JVM, with proof.");
    help.table(
        "commands",
        commands.stream()
            .map(command -> new Row(command.about().name(), command.about().summary()))
            .toList());
    help.table("options", rows(OptionGroup.own(CommonOptions.HELP, CommonOptions.VERSION)));
    help.paragraph("canbridge help COMMAND tells more about one command; so does COMMAND --help.");
    help.table(
        "exit status",
        List.of(
            new Row("0", "done; all that was compared is equal"),
            new Row("1", "a difference"),
            new Row("2", "the command line is wrong"),
            new Row("3", "an input file is bad"),
            new Row("4", "anything else")));
    return help.finished();
  }

  /** The page of one command. */
  static String of(Command command, OptionSet options) {
    HelpText help = new HelpText();
    help.lines.addAll(
        wrapped(
            glued("usage: canbridge " + command.about().name() + " " + command.about().synopsis()),
            INDENT,
            ""));
    help.lines.add("");
    help.paragraph(command.about().description());
    int width = width(options.groups().stream().flatMap(group -> rows(group).stream()));
    options.groups().forEach(group -> help.table(group.title(), rows(group), width));
    help.lines.add("examples");
    for (Command.Example example : command.about().examples()) {
      help.lines.addAll(wrapped(INDENT + "# " + example.what(), INDENT + "# ", ""));
      help.lines.addAll(
          wrapped(glued(INDENT + "canbridge " + example.line()), INDENT + INDENT + INDENT, " \\"));
    }
    return help.finished();
  }

  private void paragraph(String text) {
    lines.addAll(wrapped(text, "", ""));
    lines.add("");
  }

  private static List<Row> rows(OptionGroup group) {
    return group.options().stream().map(option -> new Row(option.usage(), option.help())).toList();
  }

  /** A line of a table, if it is not wrapped. */
  private record Row(String left, String right) {
    boolean isWide() {
      return left.length() > LEFT;
    }
  }

  /** Width of the first column, but for rows that are too wide for it. */
  private static int width(Stream<Row> rows) {
    return rows.filter(row -> !row.isWide()).mapToInt(row -> row.left().length()).max().orElse(0);
  }

  private void table(String title, List<Row> rows) {
    table(title, rows, width(rows.stream()));
  }

  /** Two columns; what is too wide for the first has a line of its own. */
  private void table(String title, List<Row> rows, int width) {
    String indent = " ".repeat(2 * INDENT.length() + width);
    lines.add(title);
    for (Row row : rows) {
      String first = INDENT + row.left();
      if (row.isWide()) {
        lines.addAll(wrapped(first, indent, ""));
        first = indent;
      } else {
        first += indent.substring(first.length());
      }
      lines.addAll(wrapped(first + row.right(), indent, ""));
    }
    lines.add("");
  }

  /** A command line whose options stay on one line with their values. */
  private static String glued(String line) {
    return line.replaceAll("(-[a-z-]+) (?![-\\[])", "$1" + GLUE);
  }

  /**
   * Breaks text between words so that no line is wider than a page, if the words allow it.
   *
   * @param text its own indentation stays
   * @param indent in front of every further line
   * @param more at the end of all lines but the last
   */
  private static List<String> wrapped(String text, String indent, String more) {
    List<String> lines = new ArrayList<>();
    String rest = text;
    while (rest.length() > WIDTH) {
      int start = rest.length() - rest.stripLeading().length();
      int end = rest.lastIndexOf(' ', WIDTH - more.length());
      if (end <= start) {
        break;
      }
      lines.add(rest.substring(0, end).stripTrailing() + more);
      rest = indent + rest.substring(end + 1);
    }
    lines.add(rest);
    return lines;
  }

  private String finished() {
    return String.join("\n", lines).replace(GLUE, ' ').strip();
  }
}
