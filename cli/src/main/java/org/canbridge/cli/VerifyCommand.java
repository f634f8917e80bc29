package org.canbridge.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Target;
import org.canbridge.verifiers.ParityOptions;
import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.model.ModelSubject;
import org.canbridge.verifiers.report.ReportWriter;
import org.canbridge.verifiers.report.TextReport;

/** {@code canbridge verify}: a model against what a trusted implementation computed. */
final class VerifyCommand implements Command {
  private static final Opt<Path> REFERENCE =
      Opt.path("reference", "DIR")
          .elsewhere("golden", "bundle")
          .required()
          .help("the reference bundle");
  private static final Opt<Optional<Path>> VAE =
      Opt.path("vae", "DIR")
          .usually("the pipeline's own if MODEL is its folder")
          .help("the autoencoder for the images of a pipeline's runs");
  private static final Opt<Optional<Double>> RTOL =
      Opt.number("rtol", 0, Double.MAX_VALUE)
          .usually("the table's")
          .help("relative tolerance: |actual - expected| <= atol + rtol * |expected|");
  private static final Opt<Optional<Double>> ATOL =
      Opt.number("atol", 0, Double.MAX_VALUE).usually("the table's").help("absolute tolerance");
  private static final Opt<String> WHY =
      Opt.text("why", "TEXT")
          .defaultsTo("given on the command line")
          .help("the reason for another tolerance, for the report");
  private static final Opt<Optional<Path>> REPORT =
      Opt.folder("report", "DIR").help("write report.json, junit.xml and report.html there");

  @Override
  public About about() {
    return new About(
        "verify",
        "compares a model with a reference, layer by layer",
        "MODEL --reference DIR [--vae DIR] [--rtol X] [--atol X] [--why TEXT] [--report DIR]"
            + " [--engine NAME]",
        "Runs the model on the inputs of a reference bundle (reference.safetensors,"
            + " reference.json) and compares every recorded activation in execution order, then"
            + " the outputs, in float32. What a file cannot tell, such as the number of heads,"
            + " is taken from reference.json. Exit status 0: all equal; 1: a difference, and the"
            + " first layer that differs is named. The runs of a diffusers pipeline are sampled"
            + " anew by the scheduler settings in reference.json, and decoded with the"
            + " pipeline's own autoencoder or that of --vae; without one the images are reported"
            + " as not checked.",
        List.of(
            new Example("verify checkpoint.pt --reference reference/dit-tiny", "a published file"),
            new Example(
                "verify my-model --reference bundle --report target/parity",
                "in CI: fails on a difference, leaves a JUnit report"),
            new Example(
                "verify imported --reference pipeline --vae pipeline/vae",
                "what was imported from a pipeline, down to the images")));
  }

  @Override
  public List<OptionGroup> options() {
    return List.of(
        OptionGroup.own(
            REFERENCE, VAE, RTOL, ATOL, WHY, REPORT, CommonOptions.ENGINE, CommonOptions.DEVICE),
        ModelOptions.GROUP);
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    Path path = ModelOptions.path(invocation, "MODEL");
    Path reference = invocation.get(REFERENCE);
    ParityOptions options = options(invocation);
    ImportOptions opening = ModelOptions.read(invocation);
    Optional<Path> vae = ModelOptions.part(invocation, VAE, "vae");
    Target target =
        CommonOptions.target(invocation, invocation.get(CommonOptions.ENGINE), Precision.F32);
    ParityReport report;
    try (ReferenceBundle bundle = ReferenceBundle.open(reference);
        ModelSubject subject = open(path, opening, bundle, vae, target)) {
      subject.assumption().ifPresent(what -> context.err().println("canbridge: " + what));
      report = subject.check(options);
    }
    context.out().print(TextReport.of(report));
    Optional<Path> directory = invocation.get(REPORT);
    if (directory.isPresent()) {
      ReportWriter.write(report, directory.get());
      context.out().println("report: " + directory.get());
    }
    return report.passed() ? ExitStatus.OK : ExitStatus.DIFFERENCE;
  }

  private static ModelSubject open(
      Path path, ImportOptions options, ReferenceBundle bundle, Optional<Path> vae, Target target)
      throws UsageException {
    if (vae.isPresent() && bundle.runs().isEmpty()) {
      throw new UsageException(
          "--vae decodes the images of a pipeline's runs, of which this reference has none");
    }
    try {
      Optional<Path> decoder =
          vae.or(() -> PipelineFolder.at(path).flatMap(PipelineFolder::autoencoder));
      return ModelSubject.open(path, options, bundle, decoder, target);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private static ParityOptions options(Invocation invocation) throws UsageException {
    Optional<Double> rtol = invocation.get(RTOL);
    Optional<Double> atol = invocation.get(ATOL);
    return rtol.isEmpty() && atol.isEmpty()
        ? ParityOptions.NONE
        : ParityOptions.NONE.with(new ParityOptions.Departure(rtol, atol, invocation.get(WHY)));
  }
}
