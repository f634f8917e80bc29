package org.canbridge.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.BufferedOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.canbridge.tensors.files.Printable;

/** Where a command writes, and how it learns that it should stop. */
final class Context {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final ResultStream results;
  private final PrintStream out;
  private final PrintStream err;
  private final PrintStream terminal; // what redraws lines
  private final int columns;

  /**
   * A context on two streams, both UTF-8.
   *
   * @param columns width of the terminal behind {@code err}; 0 if there is none
   */
  Context(OutputStream out, OutputStream err, int columns) {
    this.results = new ResultStream(out);
    this.out = new SafePrintStream(new BufferedOutputStream(results), false);
    this.err = new SafePrintStream(err, true);
    this.terminal = new PrintStream(err, true, StandardCharsets.UTF_8);
    this.columns = columns;
  }

  /** Results, and nothing but results; flushed when the command is done. */
  PrintStream out() {
    return out;
  }

  /** Progress and messages. */
  PrintStream err() {
    return err;
  }

  /** Writes one JSON document to {@link #out()}. */
  void json(JsonNode document) {
    try {
      out.println(Printable.lines(JSON.writeValueAsString(document)));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of JSON nodes cannot be written", e);
    }
  }

  /**
   * Begins to show a long job: a bar on a terminal, lines elsewhere.
   *
   * @param total units in the whole job, at least 1
   * @param unit what is counted, in the plural
   */
  Progress progress(String task, long total, String unit) {
    return columns > 0
        ? new ProgressTerminal(terminal, columns, task, total, unit)
        : new ProgressLines(err, task, total, unit, System::nanoTime);
  }

  /** Whether the user wants the command to stop; to be asked between the steps of a long job. */
  boolean interrupted() {
    return Thread.currentThread().isInterrupted();
  }

  /** Writes out what {@link #out()} still holds; what became of it all is in the answer. */
  ResultStream flush() {
    out.flush();
    err.flush();
    return results;
  }
}
