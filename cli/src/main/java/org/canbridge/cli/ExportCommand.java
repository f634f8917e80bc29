package org.canbridge.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.export.Export;
import org.canbridge.runtime.export.Exporter;
import org.canbridge.runtime.export.Exporters;
import org.canbridge.tensors.NonFinite;

/** {@code canbridge export}: a model in a form that other programs read. */
final class ExportCommand implements Command {
  private static final Opt<Path> OUT =
      CommonOptions.out("PATH").required().help("the file or folder to make");

  private final List<Exporter> exporters;
  private final Opt<Optional<Exporter>> format;

  ExportCommand() {
    this(Exporters.all());
  }

  /** With other forms than those of the program. */
  ExportCommand(List<Exporter> exporters) {
    this.exporters = exporters;
    this.format = Opt.word("format", exporters, Exporter::name).help("the form of what is written");
  }

  @Override
  public About about() {
    String forms =
        exporters.stream()
            .map(each -> each.name() + ": " + each.holds() + ". ")
            .collect(Collectors.joining());
    return new About(
        "export",
        "writes a model in a form that other programs read",
        "MODEL --format " + names("|") + " --out PATH [--allow-nonfinite]",
        forms + "Where the form means the same weights otherwise, that is said.",
        List.of(
            new Example(
                "export dit-xl-2 --format published --out dit.safetensors", "back as it came"),
            new Example(
                "export dit-xl-2 --format diffusers --out transformer",
                "for diffusers' pipelines")));
  }

  @Override
  public List<OptionGroup> options() {
    return List.of(OptionGroup.own(format, OUT, CommonOptions.ALLOW_NONFINITE), ModelOptions.GROUP);
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    Path source = ModelOptions.path(invocation, "MODEL");
    Path target = invocation.vacant(OUT);
    Optional<Exporter> exporter = invocation.get(format);
    if (exporter.isEmpty()) {
      throw new UsageException(format + " is missing: " + names(" or "));
    }
    FileNames.check(OUT.toString(), target, exporter.get().ending());
    try (Model model = Model.open(source, ModelOptions.read(invocation))) {
      NonFinite.Watch watch = CommonOptions.watch(invocation, model.checkpoint().tensors(), source);
      Export export = prepare(exporter.get(), model.withTensors(watch.tensors()));
      ModelOptions.say(model, context);
      export.remarks().forEach(remark -> context.err().println("canbridge: " + remark));
      export.write(target);
      CommonOptions.warn(watch, context);
      context.out().println(target + ": " + export.contents());
    }
    return ExitStatus.OK;
  }

  private String names(String separator) {
    return exporters.stream().map(Exporter::name).collect(Collectors.joining(separator));
  }

  private static Export prepare(Exporter exporter, Model model) throws UsageException {
    try {
      return exporter.prepare(model);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }
}
