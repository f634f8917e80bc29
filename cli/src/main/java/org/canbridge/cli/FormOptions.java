package org.canbridge.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.runtime.export.ExportOption;
import org.canbridge.runtime.export.ExportOptions;
import org.canbridge.runtime.export.Exporter;

/** The options that only some forms take; the help names these above them. */
final class FormOptions {
  /** All of them, in the order of the help; a new one is a line here. */
  private static final List<Line> ALL =
      List.of(
          Line.value(
              ExportOption.OPSET,
              Opt.integer("opset", 17, 21)
                  .elsewhere("opset-version")
                  .usually("17")
                  .help("the version of ONNX's operators"),
              ExportOptions::withOpset),
          Line.flag(
              ExportOption.GUIDED,
              Opt.flag("guided")
                  .help("one graph that does classifier-free guidance, its scale an input"),
              ExportOptions::withGuidance),
          Line.flag(
              ExportOption.INLINE,
              Opt.flag("inline").help("the weights inside the file"),
              ExportOptions::inlined),
          Line.flag(
              ExportOption.NO_LOOPS,
              Opt.flag("no-loops")
                  .help(
                      "without the loop over the images of a batch in which ONNX Runtime is fastest"
                          + " with condition-aware networks; for TensorRT"),
              ExportOptions::withoutLoops),
          Line.value(ExportOption.DTYPE, CommonOptions.DTYPE, ExportOptions::withDtype),
          Line.value(
              ExportOption.MAX_SHARD_SIZE,
              Opt.of("max-shard-size", "SIZE", Value.size())
                  .usually("one file")
                  .help(
                      "the largest file of weights, e.g. 5GB or 200MB; more are listed in an index"),
              ExportOptions::withMaxShardSize),
          Line.value(
              ExportOption.PIPELINE,
              Opt.of("pipeline", "DIR", FormOptions::pipeline)
                  .usually("MODEL, if it is one")
                  .help("a pipeline of diffusers: its other parts go with the model"),
              ExportOptions::withPipeline),
          Line.flag(
              ExportOption.MODEL_CARD,
              Opt.flag("model-card").help("a README.md about the model, as hubs show one"),
              ExportOptions::withModelCard));

  private FormOptions() {}

  /** Those that one of these forms takes, by the forms that take them. */
  static List<OptionGroup> groups(List<Exporter> exporters) {
    Map<String, List<Opt<?>>> options = new LinkedHashMap<>();
    for (Line line : taken(exporters)) {
      String names =
          exporters.stream()
              .filter(exporter -> exporter.options().contains(line.option()))
              .map(Exporter::name)
              .collect(Collectors.joining(", "));
      options.computeIfAbsent("of --format " + names, each -> new ArrayList<>()).add(line.opt());
    }
    return options.entrySet().stream()
        .map(entry -> new OptionGroup(entry.getKey(), entry.getValue()))
        .toList();
  }

  private static PipelineFolder pipeline(String name, String text) throws UsageException {
    Path path = ModelOptions.located(Value.path(name, text));
    return PipelineFolder.at(path)
        .orElseThrow(
            () ->
                new UsageException(
                    name + " is '" + text + "', which is no pipeline: it has no model_index.json"));
  }

  /** What they say. */
  static ExportOptions read(List<Exporter> exporters, Invocation invocation) throws UsageException {
    ExportOptions options = ExportOptions.defaults();
    for (Line line : taken(exporters)) {
      options = line.reader().read(invocation, options);
    }
    return options;
  }

  private static List<Line> taken(List<Exporter> exporters) {
    return ALL.stream()
        .filter(line -> exporters.stream().anyMatch(e -> e.options().contains(line.option())))
        .toList();
  }

  /** An option on the command line. */
  private record Line(ExportOption option, Opt<?> opt, Reader reader) {

    /** Adds what was typed. */
    private interface Reader {
      ExportOptions read(Invocation invocation, ExportOptions options) throws UsageException;
    }

    static <V> Line value(
        ExportOption option,
        Opt<Optional<V>> opt,
        BiFunction<ExportOptions, V, ExportOptions> with) {
      return new Line(
          option,
          opt,
          (invocation, options) ->
              invocation.get(opt).map(value -> with.apply(options, value)).orElse(options));
    }

    static Line flag(ExportOption option, Opt<Boolean> opt, UnaryOperator<ExportOptions> with) {
      return new Line(
          option,
          opt,
          (invocation, options) -> invocation.get(opt) ? with.apply(options) : options);
    }
  }
}
