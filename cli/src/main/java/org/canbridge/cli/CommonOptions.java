package org.canbridge.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import org.canbridge.runtime.engine.Precision;

/** Options that mean the same wherever they stand. */
final class CommonOptions {
  static final Opt<Boolean> HELP = Opt.flag("help").alias("h").help("this page");
  static final Opt<Boolean> DEBUG = Opt.flag("debug").help("log more, and show stack traces");
  static final Opt<Boolean> VERSION = Opt.flag("version").help("the version of the program");
  static final Opt<Boolean> JSON = Opt.flag("json").help("the same as JSON, for machines");

  private CommonOptions() {}

  /** Where the result goes. */
  static Opt.Draft<Path, Optional<Path>> out(String metavar) {
    return Opt.path("out", metavar).alias("o", "output");
  }

  /** The seed of what is random in a command. */
  static Opt<Long> seed(String of) {
    return Opt.whole("seed", 0, Long.MAX_VALUE).defaultsTo(0L).help("seed of " + of);
  }

  /** A number that may be missing, as other modules take it. */
  static OptionalInt number(Optional<Integer> value) {
    return value.map(OptionalInt::of).orElse(OptionalInt.empty());
  }

  /** The arithmetic of a command. */
  static Opt<Precision> precision(String help, Precision... precisions) {
    return Opt.word("precision", List.of(precisions), each -> each.name().toLowerCase(Locale.ROOT))
        .defaultsTo(Precision.F32)
        .help(help);
  }
}
