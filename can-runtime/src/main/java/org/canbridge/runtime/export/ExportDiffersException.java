package org.canbridge.runtime.export;

/**
 * What was written does not compute what the model computes. Nothing is left of it. The command
 * line prints the message as it stands, with exit status 1.
 */
public final class ExportDiffersException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * The message.
   *
   * @param expected what was to be there
   * @param actual what is there
   */
  public ExportDiffersException(String expected, String actual) {
    super(
        "the export is not the model; nothing is left of it\n  expected: "
            + expected
            + "\n  actual: "
            + actual
            + "\n  next: report it; --no-verify writes it all the same");
  }
}
