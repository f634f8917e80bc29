package org.canbridge.cli;

import java.nio.file.Path;
import java.util.List;
import org.canbridge.importers.Inspection;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;
import org.canbridge.tensors.files.InputFileException;

/** {@code canbridge inspect}: what a file holds and what import would do with it. */
final class InspectCommand implements Command {

  @Override
  public About about() {
    return new About(
        "inspect",
        "shows what a checkpoint holds and what import would do with it",
        "FILE|DIR [--json]",
        "Shows family, layout, arguments and parameters of a published checkpoint or a model"
            + " directory, and what becomes of every tensor (of the first 2,000; --json lists all)."
            + " Reads headers only, so the size of the file does not matter. The exit status is 3 if"
            + " import would refuse the file.",
        List.of(
            new Example("inspect DiT-XL-2-256x256.pt", "a published file"),
            new Example("inspect my-model --json", "a model directory, for a script")));
  }

  @Override
  public List<OptionGroup> options() {
    return List.of(OptionGroup.own(CommonOptions.JSON), ModelOptions.GROUP);
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws UsageException {
    Inspection inspection =
        inspect(ModelOptions.path(invocation, "FILE|DIR"), ModelOptions.read(invocation));
    if (invocation.get(CommonOptions.JSON)) {
      context.json(inspection.toJson());
    } else {
      context.out().print(inspection.toText());
    }
    if (inspection.importable() || onlyAsks(inspection)) {
      return ExitStatus.OK;
    }
    String first = inspection.problems().get(0).lines().findFirst().orElseThrow();
    context.out().flush();
    context.err().println("canbridge: import would refuse " + inspection.file() + ": " + first);
    return ExitStatus.BAD_INPUT;
  }

  /** Whether a {@code can} section makes a network is known to whoever builds it. */
  private static Inspection inspect(Path path, ImportOptions options) {
    Inspection inspection = Inspection.of(path, options);
    if (inspection.can().isPresent() && inspection.importable()) {
      try {
        Model.open(path, options).close();
      } catch (InputFileException e) {
        return inspection.refused(e);
      }
    }
    return inspection;
  }

  /** Whether the file is good and an option is all that import needs. */
  private static boolean onlyAsks(Inspection inspection) {
    return !inspection.open().isEmpty() && inspection.problems().size() == 1;
  }
}
