package org.canbridge.tensors.formats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Problem;
import org.junit.jupiter.api.function.Executable;

/** Assertions on refused files: the problem and the whole message, line by line. */
public final class Refusals {
  private Refusals() {}

  /**
   * Checks the message.
   *
   * @param lines the message's lines without indentation; {@code FILE} stands for the path
   */
  public static void assertRefused(Problem problem, Path file, Executable action, String... lines) {
    InputFileException e = assertThrows(InputFileException.class, action);
    String expected = String.join("\n  ", lines).replace("FILE", file.toString());
    assertEquals(expected, e.getMessage());
    assertEquals(problem, e.problem());
  }
}
