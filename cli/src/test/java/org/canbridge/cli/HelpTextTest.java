package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The help of the program and of every command, on a terminal of 80 columns. */
class HelpTextTest {
  private static final int COLUMNS = 80;
  private static final int OPTION_COLUMN = 30;

  /** A line of a table that holds an option and the beginning of what it is for. */
  private static final Pattern OPTION = Pattern.compile("( {2}-.*? {2,})\\S.*");

  static Stream<String> commands() {
    return Main.commands("").stream().map(command -> command.about().name());
  }

  private static List<String> help(String... args) {
    Outcome outcome = Outcome.of(args);
    assertEquals(0, outcome.status());
    assertEquals("", outcome.err());
    return outcome.out().lines().toList();
  }

  private static void assertNarrow(List<String> lines) {
    for (String line : lines) {
      assertTrue(line.length() <= COLUMNS, line);
      assertEquals(line.stripTrailing(), line);
    }
  }

  @Test
  void theProgram() {
    List<String> lines = help("--help");
    assertNarrow(lines);
    commands().forEach(name -> assertTrue(lines.toString().contains(", " + "  " + name), name));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandFitsAndLeavesRoomForWhatOptionsAreFor(String name) {
    List<String> lines = help(name, "--help");
    assertNarrow(lines);
    for (String line : lines) {
      Matcher option = OPTION.matcher(line);
      if (option.matches()) {
        assertTrue(option.group(1).length() <= OPTION_COLUMN, line);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyOptionHasItsLine(String name) {
    String page = String.join("\n", help(name, "--help"));
    Command command =
        Main.commands("").stream()
            .filter(c -> c.about().name().equals(name))
            .findFirst()
            .orElseThrow();
    for (OptionGroup group : new OptionSet(command).groups()) {
      assertTrue(page.contains("\n" + group.title() + "\n"), group.title());
      for (Opt<?> option : group.options()) {
        assertTrue(page.contains("\n  " + option.usage()), option.usage());
        assertFalse(option.help().endsWith("."), option.help());
      }
    }
  }

  @Test
  void whatIsLongGoesOnInItsColumn() {
    Opt<String> wide =
        Opt.text("a-name-that-fills-the-column", "WORD")
            .defaultsTo("none")
            .help("an explanation that is longer than what is left of a line under such a name");
    Command command = new GreetCommand((invocation, context) -> ExitStatus.OK).with(wide);

    assertEquals(
        """
        usage: canbridge greet NAME [--times N]

        Greets NAME once, or as often as it is told to.

        options
          --a-name-that-fills-the-column WORD
                      an explanation that is longer than what is left of a line under
                      such a name (default: none)

        general
          -h, --help  this page
          --debug     log more, and show stack traces

        examples
          # two greetings
          canbridge greet Ada --times 2\
        """,
        HelpText.of(command, new OptionSet(command)));
  }

  /** A command is found by the name that its help says, without the others being made. */
  @ParameterizedTest
  @MethodSource("commands")
  void commandsBearTheirListedNames(String name) {
    assertEquals(
        List.of(name), Main.commands(name).stream().map(made -> made.about().name()).toList());
  }
}
