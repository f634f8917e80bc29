package org.canbridge.cli;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.canbridge.tensors.files.Printable;

/**
 * Text in UTF-8 for a terminal. Names of tensors and files are anybody's: what is no line break and
 * no tab and would steer the terminal, or show as something else, is escaped.
 */
final class SafePrintStream extends PrintStream {
  SafePrintStream(OutputStream out, boolean autoFlush) {
    super(out, autoFlush, StandardCharsets.UTF_8);
  }

  @Override
  public void print(String text) {
    String all = String.valueOf(text).replace(System.lineSeparator(), "\n");
    super.print(
        String.join("\t", List.of(all.split("\t", -1)).stream().map(Printable::lines).toList()));
  }

  @Override
  public void print(Object value) {
    print(String.valueOf(value));
  }

  @Override
  public PrintStream printf(Locale locale, String format, Object... values) {
    print(String.format(locale, format, values));
    return this;
  }

  @Override
  public PrintStream printf(String format, Object... values) {
    return printf(Locale.ROOT, format, values);
  }
}
