package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.ParseException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class InvocationTest {
  private static final GreetCommand COMMAND =
      new GreetCommand((invocation, context) -> ExitStatus.OK);

  private static Invocation of(String... args) throws ParseException {
    CommandLine line = new DefaultParser().parse(COMMAND.options(), args);
    return new Invocation(COMMAND, line);
  }

  private static void assertUsage(String message, Executable reading) {
    assertEquals(message, assertThrows(UsageException.class, reading).getMessage());
  }

  @Test
  void operandsAndFlags() throws Exception {
    assertEquals(Path.of("a b"), of("a b", "--loud").pathOperand("NAME"));
    assertTrue(of("a", "--loud").flag("loud"));
    assertFalse(of("a").flag("loud"));
    of().noOperand();
    assertUsage("takes no operand, but got: a b", () -> of("a", "b").noOperand());
    assertUsage("NAME is empty", () -> of("").pathOperand("NAME"));
    assertEquals("--odd", of("--", "--odd").operand("NAME"));
  }

  @Test
  void paths() throws Exception {
    assertEquals(Path.of("x"), of("--out", "x").requiredPath("out"));
    assertEquals(Optional.empty(), of().path("out"));
    assertUsage("needs --out; synopsis: NAME [--times N]", () -> of("a").requiredPath("out"));
    assertUsage("--out is empty", () -> of("--out=").path("out"));
    assertUsage(
        "--out is not a path: Nul character not allowed: a\0b",
        () -> of("--out", "a\0b").path("out"));
  }

  @Test
  void numbers() throws Exception {
    assertEquals(-5L, of("--times", "-5").integer("times", -9L, 9L).getAsLong());
    assertEquals(OptionalDouble.of(-1.5), of("--times", "-1.5").number("times", -2, 2));
    assertEquals(List.of(3, 0), of("--times", "3,0").integers("times", 0, 9).orElseThrow());
    assertUsage(
        "--times is 'NaN', but must be a number, 0.0 or more",
        () -> of("--times", "NaN").number("times", 0, Double.MAX_VALUE));
    assertUsage(
        "--times is 'Infinity', but must be a number",
        () -> of("--times", "Infinity").number("times", -Double.MAX_VALUE, Double.MAX_VALUE));
    assertUsage(
        "--times is '3', but must be a number from 0.0 to 1.0",
        () -> of("--times", "3").number("times", 0, 1));
    assertUsage(
        "--times is '', but must be a whole number from 0 to 9",
        () -> of("--times", "1,").integers("times", 0, 9));
    assertUsage(
        "--times is '99999999999999999999', but must be a whole number, 1 or more",
        () -> of("--times", "99999999999999999999").integer("times", 1, Integer.MAX_VALUE));
  }

  @Test
  void choices() throws Exception {
    Map<String, Boolean> moods = new LinkedHashMap<>();
    moods.put("glad", true);
    moods.put("sad", false);

    assertEquals(Optional.of(false), of("--mood", "sad").choice("mood", moods));
    assertEquals(Optional.empty(), of().choice("mood", moods));
    assertUsage(
        "--mood is 'gald', but must be one of glad, sad; did you mean glad?",
        () -> of("--mood", "gald").choice("mood", moods));
  }
}
