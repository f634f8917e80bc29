package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class InvocationTest {
  private static final GreetCommand COMMAND =
      new GreetCommand((invocation, context) -> ExitStatus.OK);

  private static Invocation of(String... args) throws UsageException {
    return new Invocation(COMMAND, new OptionSet(COMMAND), List.of(args));
  }

  private static void assertUsage(String message, Executable reading) {
    assertEquals(message, assertThrows(UsageException.class, reading).getMessage());
  }

  /** A command with this option alone. */
  private static <T> T read(Opt<T> option, String... args) throws UsageException {
    Command command = COMMAND.with(option);
    return new Invocation(command, new OptionSet(command), List.of(args)).get(option);
  }

  private static <V> V value(Value<V> value, String text) throws UsageException {
    return value.read("--times", text);
  }

  @Test
  void operandsAndFlags() throws Exception {
    assertEquals(Path.of("a b"), of("a b", "--loud").pathOperand("NAME"));
    assertTrue(of("a", "--loud").get(GreetCommand.LOUD));
    assertFalse(of("a").get(GreetCommand.LOUD));
    of().noOperand();
    assertUsage("takes no operand, but got: a b", () -> of("a", "b").noOperand());
    assertUsage("NAME is empty", () -> of("").pathOperand("NAME"));
    assertEquals("--odd", of("--", "--odd").operand("NAME"));
  }

  @Test
  void paths(@TempDir Path folder) throws Exception {
    Opt<Path> needed = CommonOptions.out("DIR").required().help("where");
    assertEquals(Path.of("x"), read(needed, "--out", "x"));
    assertEquals(Optional.empty(), of().get(GreetCommand.OUT));
    assertUsage("needs --out; synopsis: NAME [--times N]", () -> read(needed, "a"));
    assertUsage("--out is empty", () -> of("--out=").get(GreetCommand.OUT));
    assertUsage(
        "--out is not a path: Nul character not allowed: a\0b",
        () -> of("--out", "a\0b").get(GreetCommand.OUT));
    Command command = COMMAND.with(needed);
    Invocation taken =
        new Invocation(command, new OptionSet(command), List.of("-o", folder.toString()));
    assertThrows(FileAlreadyExistsException.class, () -> taken.vacant(needed));
  }

  @Test
  void namesThatPromiseSomethingElse(@TempDir Path folder) throws Exception {
    Value<Path> made = Value.folder();
    Value<Path> written = Value.file("png");
    for (String name : List.of("run", "run.v2", "2024.01", ".hidden", "a.b/run")) {
      assertEquals(Path.of(name), value(made, name));
      assertEquals(Path.of(name), value(written, name));
    }
    assertEquals(Path.of("x.PNG"), value(written, "x.PNG"));
    assertUsage(
        "--times is 'a/x.safetensors', but what is written is a folder; give a/x",
        () -> value(made, "a/x.safetensors"));
    assertUsage(
        "--times is 'x.JPG', but what is written is a .png file; give x.png",
        () -> value(written, "x.JPG"));
    Path there = Files.createDirectory(folder.resolve("old.pt"));
    assertEquals(there, value(made, there.toString()));
  }

  @Test
  void numbers() throws Exception {
    assertEquals(-5L, value(Value.whole(-9, 9), "-5"));
    assertEquals(-1.5, value(Value.number(-2, 2), "-1.5"));
    assertEquals(List.of(3, 0), value(Value.list(Value.integer(0, 9)), "3,0"));
    assertUsage(
        "--times is 'NaN', but must be a number, 0.0 or more",
        () -> value(Value.number(0, Double.MAX_VALUE), "NaN"));
    assertUsage(
        "--times is 'Infinity', but must be a number",
        () -> value(Value.number(-Double.MAX_VALUE, Double.MAX_VALUE), "Infinity"));
    assertUsage(
        "--times is '3', but must be a number from 0.0 to 1.0",
        () -> value(Value.number(0, 1), "3"));
    assertUsage(
        "--times is '0', but must be a number above 0, at most 1.0",
        () -> value(Value.number(Double.MIN_NORMAL, 1), "0"));
    assertUsage(
        "--times is '0', but must be a number above 0",
        () -> value(Value.number(Double.MIN_NORMAL, Double.MAX_VALUE), "0"));
    assertUsage(
        "--times is '', but must be a whole number from 0 to 9",
        () -> value(Value.list(Value.integer(0, 9)), "1,"));
    assertUsage(
        "--times is '99999999999999999999', but must be a whole number, 1 or more",
        () -> value(Value.integer(1, Integer.MAX_VALUE), "99999999999999999999"));
  }

  @Test
  void choices() throws Exception {
    assertEquals(Optional.of(false), of("--mood", "sad").get(GreetCommand.GLAD));
    assertEquals(Optional.empty(), of().get(GreetCommand.GLAD));
    assertUsage(
        "--mood is 'gald', but must be one of glad, sad; did you mean glad?",
        () -> of("--mood", "gald").get(GreetCommand.GLAD));
  }

  @Test
  void whatIsNotGivenHasTheDefault() throws Exception {
    Opt<Double> rate = Opt.number("rate", 0, 1).defaultsTo(0.5).help("how fast");

    assertEquals(0.5, read(rate));
    assertEquals(0.25, read(rate, "--rate", "0.25"));
    assertEquals("how fast (default: 0.5)", rate.help());
    assertEquals(1, of().get(GreetCommand.TIMES));
  }

  @Test
  void aliasesAreTheSameOption() throws Exception {
    for (String name : List.of("--out", "-o", "--output")) {
      assertEquals(Optional.of(Path.of("x")), of(name, "x").get(GreetCommand.OUT));
      assertTrue(of(name, "x").has(GreetCommand.OUT));
      assertUsage(name + " is empty", () -> of(name, "").get(GreetCommand.OUT));
    }
    assertFalse(of().has(GreetCommand.OUT));
    assertUsage(
        "--out is given 2 times", () -> of("--output", "x", "-o", "y").get(GreetCommand.OUT));
  }

  @Test
  void anOptionThatIsNotDeclaredIsAMistakeOfTheCommand() throws Exception {
    Opt<Boolean> stranger = Opt.flag("loud").help("of another command");
    Invocation invocation = of("--loud");

    IllegalStateException mistake =
        assertThrows(IllegalStateException.class, () -> invocation.get(stranger));
    assertEquals("greet reads --loud, which it does not declare", mistake.getMessage());
    assertThrows(IllegalStateException.class, () -> invocation.has(stranger));
    assertThrows(
        IllegalStateException.class, () -> new OptionSet(COMMAND.with(CommonOptions.HELP)));
  }
}
