package org.canbridge.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.commons.cli.Options;
import org.canbridge.importers.ImportOptions;
import org.canbridge.verifiers.ParityOptions;
import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.Tolerance;
import org.canbridge.verifiers.model.ModelSubject;
import org.canbridge.verifiers.report.ReportWriter;
import org.canbridge.verifiers.report.TextReport;

/** {@code canbridge verify}: a model against what a trusted implementation computed. */
final class VerifyCommand implements Command {

  @Override
  public String name() {
    return "verify";
  }

  @Override
  public String summary() {
    return "compares a model with a reference, layer by layer";
  }

  @Override
  public String synopsis() {
    return "MODEL --reference DIR [--vae DIR] [--rtol X --atol X --why TEXT] [--report DIR]";
  }

  @Override
  public String description() {
    return "Runs the model on the inputs of a reference bundle (reference.safetensors, reference.json) and"
        + " compares every recorded activation in execution order, then the outputs, in float32. What a"
        + " file cannot tell, such as the number of heads, is taken from reference.json. Exit status 0:"
        + " all equal; 1: a difference, and the first layer that differs is named. The runs of a"
        + " diffusers pipeline are sampled anew by the scheduler settings in reference.json, and"
        + " decoded with the pipeline's own autoencoder or that of --vae; without one the images"
        + " are reported as not checked.";
  }

  @Override
  public Options options() {
    return ModelOptions.addTo(new Options())
        .addOption(CommonOptions.value("reference", "DIR", "the reference bundle"))
        .addOption(
            CommonOptions.value(
                "vae",
                "DIR",
                "the autoencoder for the images of a pipeline's runs; the pipeline's own if MODEL"
                    + " is its folder"))
        .addOption(
            CommonOptions.value(
                "rtol", "X", "relative tolerance, with --atol; the table's if not given"))
        .addOption(CommonOptions.value("atol", "X", "absolute tolerance, with --rtol"))
        .addOption(
            CommonOptions.value("why", "TEXT", "the reason for another tolerance, for the report"))
        .addOption(
            CommonOptions.value(
                "report", "DIR", "write report.json, junit.xml and report.html there"));
  }

  @Override
  public List<Example> examples() {
    return List.of(
        new Example("verify checkpoint.pt --reference reference/dit-tiny", "a published file"),
        new Example(
            "verify my-model --reference bundle --report target/parity",
            "in CI: fails on a difference, leaves a JUnit report"),
        new Example(
            "verify imported --reference pipeline --vae pipeline/vae",
            "what was imported from a pipeline, down to the images"));
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    Path path = invocation.pathOperand("MODEL");
    Path reference = invocation.requiredPath("reference");
    ParityOptions options = options(invocation);
    ImportOptions opening = ModelOptions.read(invocation);
    Optional<Path> vae = invocation.path("vae");
    ParityReport report;
    try (ReferenceBundle bundle = ReferenceBundle.open(reference);
        ModelSubject subject = open(path, opening, bundle, vae)) {
      report = subject.check(options);
    }
    context.out().print(TextReport.of(report));
    Optional<Path> directory = invocation.path("report");
    if (directory.isPresent()) {
      ReportWriter.write(report, directory.get());
      context.out().println("report: " + directory.get());
    }
    return report.passed() ? ExitStatus.OK : ExitStatus.DIFFERENCE;
  }

  private static ModelSubject open(
      Path path, ImportOptions options, ReferenceBundle bundle, Optional<Path> vae)
      throws UsageException {
    if (vae.isPresent() && bundle.runs().isEmpty()) {
      throw new UsageException(
          "--vae decodes the images of a pipeline's runs, of which this reference has none");
    }
    try {
      return vae.isPresent()
          ? ModelSubject.open(path, options, bundle, vae)
          : ModelSubject.open(path, options, bundle);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private static ParityOptions options(Invocation invocation) throws UsageException {
    OptionalDouble rtol = invocation.number("rtol", 0, Double.MAX_VALUE);
    OptionalDouble atol = invocation.number("atol", 0, Double.MAX_VALUE);
    if (rtol.isPresent() != atol.isPresent()) {
      throw new UsageException(
          "--rtol and --atol are given together: |actual - expected| <= atol + rtol * |expected|");
    }
    if (rtol.isEmpty()) {
      return ParityOptions.NONE;
    }
    String why = invocation.text("why").orElse("given on the command line");
    return ParityOptions.NONE.with(new Tolerance(rtol.getAsDouble(), atol.getAsDouble(), why));
  }
}
