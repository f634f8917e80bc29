package org.canbridge.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.export.Export;
import org.canbridge.runtime.export.ExportCheck;
import org.canbridge.runtime.export.ExportDiffersException;
import org.canbridge.runtime.export.ExportOption;
import org.canbridge.runtime.export.ExportOptions;
import org.canbridge.runtime.export.Exporter;
import org.canbridge.runtime.export.Exporters;
import org.canbridge.tensors.NonFinite;

/** {@code canbridge export}: a model in a form that other programs read. */
final class ExportCommand implements Command {
  private static final Opt<Path> OUT =
      CommonOptions.out("PATH").required().help("the file or folder to make");
  private static final Opt<Boolean> NO_VERIFY =
      Opt.flag("no-verify").help("what is written is not run again to see that it is the model");

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
        "MODEL --format " + names("|") + " --out PATH [--no-verify] [--allow-nonfinite]",
        forms
            + "Where the form means the same weights otherwise, that is said. What is written is run"
            + " again from there on random inputs before it has its name; a difference is exit"
            + " status 1, and nothing is left.",
        List.of(
            new Example(
                "export dit-xl-2 --format published --out dit.safetensors", "back as it came"),
            new Example(
                "export run/model --format diffusers --pipeline facebook/DiT-XL-2-256 --out mine",
                "a fine-tuned network in the pipeline that it came from"),
            new Example(
                "export efficientvit --format timm --out classifier --model-card",
                "for timm, with a page about it")));
  }

  @Override
  public List<OptionGroup> options() {
    return Stream.of(
            Stream.of(OptionGroup.own(format, OUT, NO_VERIFY, CommonOptions.ALLOW_NONFINITE)),
            FormOptions.groups(exporters).stream(),
            Stream.of(ModelOptions.GROUP))
        .flatMap(groups -> groups)
        .toList();
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    Path source = ModelOptions.path(invocation, "MODEL");
    Path target = invocation.vacant(OUT);
    Optional<Exporter> exporter = invocation.get(format);
    if (exporter.isEmpty()) {
      throw new UsageException(format + " is missing: " + names(" or "));
    }
    ExportOptions options = options(invocation, exporter.get(), source);
    FileNames.check(OUT.toString(), target, exporter.get().ending(options));
    boolean verified = !invocation.get(NO_VERIFY);
    try (Model model = Model.open(source, ModelOptions.read(invocation))) {
      NonFinite.Watch watch = CommonOptions.watch(invocation, model.checkpoint().tensors(), source);
      try (Export export = prepare(exporter.get(), model.withTensors(watch.tensors()), options)) {
        ModelOptions.say(model, context);
        export.remarks().forEach(remark -> context.err().println("canbridge: " + remark));
        List<ExportCheck> checks =
            export.write(
                target,
                () -> {
                  model.checkpoint().origin().requireUnwritten();
                  // A network whose weights are not finite gives no outputs that could be compared.
                  return verified && watch.found().isEmpty();
                });
        CommonOptions.warn(watch, context);
        if (verified && !watch.found().isEmpty()) {
          context.err().println("canbridge: not run again, since its weights are not finite");
        }
        context.out().println(target + ": " + export.contents());
        checks.forEach(check -> context.out().println("checked by " + check));
      }
    } catch (ExportDiffersException e) {
      context.err().println("canbridge: " + e.getMessage());
      return ExitStatus.DIFFERENCE;
    }
    return ExitStatus.OK;
  }

  /** A pipeline stays one where the form holds such. */
  private ExportOptions options(Invocation invocation, Exporter exporter, Path source)
      throws UsageException {
    ExportOptions options = FormOptions.read(exporters, invocation);
    return options.pipeline().isEmpty() && exporter.options().contains(ExportOption.PIPELINE)
        ? PipelineFolder.at(source).map(options::withPipeline).orElse(options)
        : options;
  }

  private String names(String separator) {
    return exporters.stream().map(Exporter::name).collect(Collectors.joining(separator));
  }

  private static Export prepare(Exporter exporter, Model model, ExportOptions options)
      throws UsageException {
    try {
      return exporter.prepare(model, options);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }
}
