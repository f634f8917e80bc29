package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class MainTest {
  private static final String LIST = "\n  next: canbridge --help lists the commands\n";
  private static final String NEXT = "\n  next: canbridge greet --help\n";

  private static Command greeting() {
    return new GreetCommand(
        (invocation, context) -> {
          int times = invocation.get(GreetCommand.TIMES);
          for (int i = 0; i < times; i++) {
            context.out().println("Hello " + invocation.operand("NAME") + " ☼");
          }
          return ExitStatus.OK;
        });
  }

  private static Command failing(Throwable thrown) {
    return new GreetCommand(
        (invocation, context) -> {
          context.out().println("begun");
          if (thrown instanceof Error error) {
            throw error;
          }
          throw (Exception) thrown;
        });
  }

  @Test
  void resultsGoToStdoutInUtf8AndNothingElseDoes() {
    Outcome outcome = Outcome.of(greeting(), "greet", "Ada", "--times", "2");

    assertEquals(new Outcome(0, "Hello Ada ☼\nHello Ada ☼\n", ""), outcome);
  }

  @Test
  void aDifferenceIsOne() {
    Command different = new GreetCommand((invocation, context) -> ExitStatus.DIFFERENCE);

    assertEquals(new Outcome(1, "", ""), Outcome.of(different, "greet"));
  }

  static Stream<Arguments> wrongCommandLines() {
    return Stream.of(
        Arguments.of("gret Ada", "unknown command gret; did you mean greet?" + LIST),
        Arguments.of("quickly", "unknown command quickly" + LIST),
        Arguments.of("--greet", "unknown option --greet; did you mean greet?" + LIST),
        Arguments.of("gre Ada", "unknown command gre; did you mean greet?" + LIST),
        Arguments.of("help quickly", "unknown command quickly" + LIST),
        Arguments.of(
            "greet Ada --tims 2", "greet: unknown option --tims; did you mean --times?" + NEXT),
        Arguments.of(
            "greet Ada --time=2", "greet: unknown option --time; did you mean --times?" + NEXT),
        Arguments.of("greet Ada --xyz", "greet: unknown option --xyz" + NEXT),
        Arguments.of("greet Ada --lou", "greet: unknown option --lou; did you mean --loud?" + NEXT),
        Arguments.of(
            "greet Ada --output-dir x",
            "greet: unknown option --output-dir; did you mean --output?" + NEXT),
        Arguments.of(
            "greet Ada --results-dir x",
            "greet: unknown option --results-dir; did you mean --out?" + NEXT),
        Arguments.of("greet Ada -x", "greet: unknown option -x" + NEXT),
        Arguments.of("greet Ada --times", "greet: Missing argument for option: times" + NEXT),
        Arguments.of(
            "greet Ada --times two",
            "greet: --times is 'two', but must be a whole number from 1 to 9" + NEXT),
        Arguments.of(
            "greet Ada --times 10",
            "greet: --times is '10', but must be a whole number from 1 to 9" + NEXT),
        Arguments.of(
            "greet Ada --times -3",
            "greet: --times is '-3', but must be a whole number from 1 to 9" + NEXT),
        Arguments.of("greet Ada --times 2 --times 3", "greet: --times is given 2 times" + NEXT),
        Arguments.of("greet", "greet: takes one NAME, but got none" + NEXT),
        Arguments.of("greet Ada Grace", "greet: takes one NAME, but got 2: Ada Grace" + NEXT));
  }

  @ParameterizedTest
  @MethodSource("wrongCommandLines")
  void aWrongCommandLineIsTwoAndSaysWhatIsRight(String line, String message) {
    Outcome outcome = Outcome.of(greeting(), line.split(" "));

    assertEquals(new Outcome(2, "", "canbridge: " + message), outcome);
  }

  @Test
  void noCommandIsTwoWithTheHelpOnStderr() {
    Outcome outcome = Outcome.of(greeting());

    assertEquals(2, outcome.status());
    assertEquals("", outcome.out());
    assertEquals(Outcome.of(greeting(), "--help").out(), outcome.err());
  }

  @Test
  void helpListsTheCommands() {
    Outcome outcome = Outcome.of(greeting(), "--help");

    assertEquals(0, outcome.status());
    assertTrue(outcome.out().contains("\n  greet  greets somebody\n"), outcome.out());
    assertEquals(outcome, Outcome.of(greeting(), "help"));
  }

  @Test
  void helpOfACommandHasOptionsAndExamples() {
    String expected =
        """
        usage: canbridge greet NAME [--times N]

        Greets NAME once, or as often as it is told to.

        options
          --times N                how often (default: 1)
          -o, --out, --output DIR  where the greeting goes
          --mood glad|sad          how
          --loud                   in capitals

        general
          -h, --help               this page
          --debug                  log more, and show stack traces

        examples
          # two greetings
          canbridge greet Ada --times 2
        """;

    assertEquals(new Outcome(0, expected, ""), Outcome.of(greeting(), "greet", "--help"));
    assertEquals(new Outcome(0, expected, ""), Outcome.of(greeting(), "greet", "--tims", "-h"));
    assertEquals(new Outcome(0, expected, ""), Outcome.of(greeting(), "help", "greet"));
  }

  @Test
  void versionIsTheOneOfTheBuild() {
    Outcome outcome = Outcome.of(greeting(), "--version");

    assertEquals(0, outcome.status());
    assertTrue(
        outcome
            .out()
            .matches(
                "canbridge \\d+\\.\\d+\\.\\d+\\S* \\(Java .+, PyTorch \\d+\\.\\d+\\.\\d+,"
                    + " DJL \\d+\\.\\d+\\.\\d+, .+\\)\n"),
        outcome.out());
  }

  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of(
            InputFileException.of(FileProblem.MISSING, Path.of("a.pt"))
                .what("there is no such file")
                .next("check the name")
                .build(),
            3,
            "there is no such file\n  file: a.pt\n  next: check the name\n"),
        Arguments.of(
            new FileSystemException("out/m", null, "No space left on device"),
            4,
            """
            cannot write
              actual: No space left on device
              file: out/m
              next: free some space, or write to another place; nothing half-written is left
            """),
        Arguments.of(
            new UncheckedIOException(new IOException("No space left on device")),
            4,
            """
            cannot write
              actual: No space left on device
              next: free some space, or write to another place; nothing half-written is left
            """),
        Arguments.of(
            new AccessDeniedException("/out"),
            4,
            """
            cannot write
              actual: permission denied
              file: /out
              next: choose a place that can be written to
            """),
        Arguments.of(
            new NotDirectoryException("out"),
            4,
            """
            cannot write
              actual: it is no folder
              file: out
              next: choose a place that can be written to
            """),
        Arguments.of(
            new FileAlreadyExistsException("out"),
            4,
            """
            cannot write
              actual: it exists already
              file: out
              next: choose another name, or remove what is there
            """),
        Arguments.of(
            new IllegalStateException("boom"),
            4,
            """
            internal error
              actual: java.lang.IllegalStateException: boom
              next: run it again with --debug and report the stack trace
            """),
        Arguments.of(
            new UnsatisfiedLinkError("no torch"),
            4,
            """
            internal error
              actual: java.lang.UnsatisfiedLinkError: no torch
              next: run it again with --debug and report the stack trace
            """),
        Arguments.of(new CancellationException(), 130, "interrupted\n"),
        Arguments.of(
            InputFileException.of(FileProblem.UNREADABLE, Path.of("a.pt"))
                .what("the file can no longer be read")
                .cause(new ClosedByInterruptException())
                .build(),
            130,
            "interrupted\n"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void everyFailureHasAMessageAndAStatus(Throwable thrown, int status, String message) {
    assertEquals(
        new Outcome(status, "begun\n", "canbridge: " + message),
        Outcome.of(failing(thrown), "greet"));
  }

  @Test
  void outOfMemorySaysHowToGiveMore() {
    Outcome outcome = Outcome.of(failing(new OutOfMemoryError("Java heap space")), "greet");

    assertEquals(4, outcome.status());
    assertTrue(
        outcome.err().startsWith("canbridge: out of memory\n  actual: Java heap space; the heap"),
        outcome.err());
    assertTrue(outcome.err().contains("CANBRIDGE_JAVA_OPTS=-Xmx"), outcome.err());
  }

  @Test
  void theStackTraceIsForDebugOnly() {
    Command broken = failing(new IllegalStateException("boom"));

    Outcome quiet = Outcome.of(broken, "greet");
    Outcome loud = Outcome.of(broken, "--debug", "greet");
    Outcome after = Outcome.of(broken, "greet", "--debug");

    assertAll(
        () -> assertTrue(!quiet.err().contains("\tat "), quiet.err()),
        () -> assertTrue(loud.err().contains("\tat org.canbridge.cli.MainTest"), loud.err()),
        () -> assertTrue(after.err().contains("\tat org.canbridge.cli.MainTest"), after.err()));
  }

  @Test
  void resultsThatNobodyReadsEndQuietly() {
    assertEquals(new Outcome(141, "", ""), writing(new IOException("Broken pipe")));
  }

  @Test
  void resultsThatCannotBeWrittenAreAFailure() {
    String message =
        """
        canbridge: cannot write the results
          actual: No space left on device
          file: standard output
        """;

    assertEquals(new Outcome(4, "", message), writing(new IOException("No space left on device")));
  }

  /** Greets into a stream that fails. */
  private static Outcome writing(IOException failure) {
    OutputStream out =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw failure;
          }
        };
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    ExitStatus status =
        new Main(List.of(greeting())).run(List.of("greet", "Ada"), new Context(out, err, 0));
    return new Outcome(status.code(), "", err.toString(StandardCharsets.UTF_8));
  }
}
