package org.canbridge.tensors.files;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Objects;
import org.apiguardian.api.API;

/**
 * An input file cannot be used as what it was given for. The command line turns this into exit
 * status 3 and prints the message as it stands, so the message is complete: what is wrong, what was
 * expected, what was found, where (file and key), and what to do next.
 */
@API(status = API.Status.STABLE)
public final class InputFileException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Problem problem;
  private final transient Builder parts;

  private InputFileException(Builder builder, String message) {
    super(message, builder.cause);
    this.problem = builder.problem;
    this.parts = builder;
  }

  /** The way in which the file is wrong; one constant for each way. */
  public Problem problem() {
    return problem;
  }

  /** The file that the message names. */
  public Path file() {
    return Path.of(parts.file);
  }

  /**
   * Starts the same message again, for callers that know more: which other files are concerned,
   * what else can be done. This exception is the cause of the new one.
   */
  public Builder toBuilder() {
    Builder copy = new Builder(problem, parts.file);
    copy.also = parts.also;
    copy.key = parts.key;
    copy.what = parts.what;
    copy.expected = parts.expected;
    copy.actual = parts.actual;
    copy.next = parts.next;
    copy.cause = this;
    return copy;
  }

  /** Starts a message about {@code file}. */
  public static Builder of(Problem problem, Path file) {
    return new Builder(problem, Objects.requireNonNull(file).toString());
  }

  /** The operating system refuses to read a file. */
  public static InputFileException unreadable(Path file, IOException e) {
    String reason = e.toString();
    if (e instanceof AccessDeniedException) {
      reason = "permission denied";
    } else if (e instanceof FileSystemException system && system.getReason() != null) {
      reason = system.getReason();
    }
    return of(FileProblem.UNREADABLE, file)
        .what("the file cannot be read")
        .actual(reason)
        .next("check its permissions and the disk")
        .cause(e)
        .build();
  }

  /** Collects the parts of the message; only {@code what} must be given. */
  public static final class Builder {
    /** Longer parts of a message are cut: a file may say as much as it likes. */
    private static final int MAX_PART = 10_000;

    private final Problem problem;
    private final String file;
    private String also;
    private String key;
    private String what;
    private String expected;
    private String actual;
    private String next;
    private Throwable cause;

    private Builder(Problem problem, String file) {
      this.problem = Objects.requireNonNull(problem);
      this.file = file;
    }

    /** The tensor, header field or byte offset in question. */
    public Builder key(String value) {
      this.key = value;
      return this;
    }

    /** One sentence without a full stop: what is wrong. */
    public Builder what(String value) {
      this.what = value;
      return this;
    }

    /** Goes on with the sentence that says what is wrong. */
    public Builder addWhat(String more) {
      this.what += more;
      return this;
    }

    /** Other files, on a line of their own. */
    public Builder also(String value) {
      this.also = value;
      return this;
    }

    /** What a good file would have here. */
    public Builder expected(Object value) {
      this.expected = String.valueOf(value);
      return this;
    }

    /** What this file has. */
    public Builder actual(Object value) {
      this.actual = String.valueOf(value);
      return this;
    }

    /** What the user can do. */
    public Builder next(String value) {
      this.next = value;
      return this;
    }

    /** The exception underneath, shown with {@code --debug}. */
    public Builder cause(Throwable value) {
      this.cause = value;
      return this;
    }

    /** The exception, ready to be thrown. */
    public InputFileException build() {
      StringBuilder text = new StringBuilder(Objects.requireNonNull(what, "what"));
      line(text, "expected", expected);
      line(text, "actual", actual);
      line(text, "file", file);
      line(text, "also", also);
      line(text, "key", key);
      line(text, "next", next);
      return new InputFileException(this, Printable.lines(text.toString()));
    }

    private static void line(StringBuilder text, String label, String value) {
      if (value != null) {
        text.append("\n  ")
            .append(label)
            .append(": ")
            .append(value, 0, Math.min(MAX_PART, value.length()));
        if (value.length() > MAX_PART) {
          text.append(" ... (").append(value.length() - MAX_PART).append(" more characters)");
        }
      }
    }
  }
}
