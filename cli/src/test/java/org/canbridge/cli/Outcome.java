package org.canbridge.cli;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What a run of the program wrote and answered. */
record Outcome(int status, String out, String err) {

  /** Runs the program as it is shipped. */
  static Outcome of(String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status = Main.run(args, out, err);
    return new Outcome(status, text(out), text(err));
  }

  /** Runs a program that has one command. */
  static Outcome of(Command command, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    ExitStatus status = new Main(List.of(command)).run(List.of(args), new Context(out, err, 0));
    return new Outcome(status.code(), text(out), text(err));
  }

  private static String text(ByteArrayOutputStream stream) {
    return stream.toString(StandardCharsets.UTF_8).replace("\r\n", "\n");
  }
}
