package org.canbridge.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.canbridge.runtime.engine.EngineName;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.engine.TorchDevice;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.NonFinite;
import org.canbridge.tensors.TensorData;

/** Options that mean the same wherever they stand. */
final class CommonOptions {
  static final Opt<Boolean> HELP = Opt.flag("help").alias("h").help("this page");
  static final Opt<Boolean> DEBUG =
      Opt.flag("debug").elsewhere("verbose", "trace").help("log more, and show stack traces");
  static final Opt<Boolean> VERSION = Opt.flag("version").help("the version of the program");
  static final Opt<Boolean> JSON = Opt.flag("json").help("the same as JSON, for machines");

  static final Opt<Boolean> ALLOW_NONFINITE =
      Opt.flag("allow-nonfinite")
          .help("weights that are not finite are named, and moved as they are");

  static final Opt<Optional<DType>> DTYPE =
      Opt.word(
              "dtype",
              List.of(DType.F32, DType.BF16, DType.F16),
              type -> type.name().toLowerCase(Locale.ROOT))
          .usually("each tensor's own")
          .help("element type of the weights");

  static final Opt<Optional<TorchDevice>> DEVICE =
      Opt.of(
              "device",
              "cpu|cuda[:N]|mps",
              Value.parsed(TorchDevice::parse, () -> List.of("cpu", "cuda", "mps")))
          .elsewhere("gpu", "accelerator")
          .usually("a GPU if PyTorch's library has one, else cpu")
          .help("where networks run");

  static final Opt<EngineName> ENGINE =
      Opt.word("engine", List.of(EngineName.values()), EngineName::toString)
          .elsewhere("backend", "runtime")
          .defaultsTo(EngineName.PYTORCH)
          .help("what runs networks; onnxruntime in f32 on cpu, or on cuda where it is named");

  private CommonOptions() {}

  /** What {@code --device} says, with these numbers, in PyTorch. */
  static Target target(Invocation invocation, Precision precision) throws UsageException {
    return target(invocation, EngineName.PYTORCH, precision);
  }

  /**
   * What {@code --device} says, on this engine, with these numbers.
   *
   * @throws UsageException if this machine does not have it
   */
  static Target target(Invocation invocation, EngineName engine, Precision precision)
      throws UsageException {
    Optional<TorchDevice> device = invocation.get(DEVICE);
    try {
      return new Target(engine, device, precision).present();
    } catch (IllegalArgumentException e) {
      throw new UsageException((device.isPresent() ? DEVICE : ENGINE) + ": " + e.getMessage());
    }
  }

  /** Where the result goes. */
  static Opt.Draft<Path, Optional<Path>> out(String metavar) {
    return named(Opt.path("out", metavar));
  }

  /** Where the result goes: a folder, which may not have the name of a file. */
  static Opt.Draft<Path, Optional<Path>> outFolder() {
    return named(Opt.folder("out", "DIR"));
  }

  private static Opt.Draft<Path, Optional<Path>> named(Opt.Draft<Path, Optional<Path>> out) {
    return out.alias("o", "output").elsewhere("save-dir", "results-dir", "target", "to");
  }

  /** The seed of what is random in a command. */
  static Opt<Long> seed(String of) {
    return Opt.whole("seed", 0, Long.MAX_VALUE)
        .elsewhere("global-seed", "random-seed")
        .defaultsTo(0L)
        .help("seed of " + of);
  }

  /** A number that may be missing, as other modules take it. */
  static OptionalInt number(Optional<Integer> value) {
    return value.map(OptionalInt::of).orElse(OptionalInt.empty());
  }

  /** The arithmetic of a command. */
  static Opt<Precision> precision(String help, Precision... precisions) {
    return Opt.word("precision", List.of(precisions), each -> each.name().toLowerCase(Locale.ROOT))
        .elsewhere("mixed-precision", "fp16", "bf16", "half", "dtype")
        .defaultsTo(Precision.F32)
        .help(help);
  }

  /** Looks at weights while they are moved; those that are not finite stop it, unless allowed. */
  static NonFinite.Watch watch(Invocation invocation, Map<String, TensorData> tensors, Path source)
      throws UsageException {
    return new NonFinite.Watch(
        tensors, invocation.get(ALLOW_NONFINITE) ? Optional.empty() : Optional.of(source));
  }

  /** Says what was found where it did not stop anything. */
  static void warn(NonFinite.Watch watch, Context context) {
    watch
        .found()
        .forEach(
            (name, what) -> context.err().println("canbridge: warning: " + name + ": " + what));
  }
}
