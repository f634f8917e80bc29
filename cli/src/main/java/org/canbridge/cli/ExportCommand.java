package org.canbridge.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.published.PublishedExport;

/** {@code canbridge export}: a model in a form that other programs read. */
final class ExportCommand implements Command {
  private static final String DIFFUSERS = "diffusers";

  private static final Opt<Optional<Boolean>> FORMAT =
      Opt.word("format", "published", false, DIFFUSERS, true).help("the form of what is written");
  private static final Opt<Path> OUT =
      CommonOptions.out("PATH").required().help("the file or folder to make");

  @Override
  public String name() {
    return "export";
  }

  @Override
  public String summary() {
    return "writes a model in a form that other programs read";
  }

  @Override
  public String synopsis() {
    return "MODEL --format published|diffusers --out PATH";
  }

  @Override
  public String description() {
    return "published: one safetensors file with the tensors under the names of the layout that the"
        + " model was imported from, byte for byte those of the source. diffusers: a folder with"
        + " config.json and weights as that library has them. Where the layout means the same"
        + " weights otherwise, that is said.";
  }

  @Override
  public List<OptionGroup> options() {
    return List.of(OptionGroup.own(FORMAT, OUT), ModelOptions.GROUP);
  }

  @Override
  public List<Example> examples() {
    return List.of(
        new Example("export dit-xl-2 --format published --out dit.safetensors", "back as it came"),
        new Example(
            "export dit-xl-2 --format diffusers --out transformer", "for diffusers' pipelines"));
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    Path source = ModelOptions.path(invocation, "MODEL");
    Path target = invocation.vacant(OUT);
    boolean folder =
        invocation
            .get(FORMAT)
            .orElseThrow(() -> new UsageException("--format is missing: published or diffusers"));
    try (Checkpoint checkpoint = Checkpoints.open(source, ModelOptions.read(invocation))) {
      PublishedExport export = export(checkpoint, folder);
      export.changes().forEach(change -> context.err().println("canbridge: " + change));
      write(export, target, folder);
      context
          .out()
          .println(target + ": " + export.tensors().size() + " tensors, layout " + export.layout());
    }
    return ExitStatus.OK;
  }

  private static PublishedExport export(Checkpoint checkpoint, boolean diffusers)
      throws UsageException {
    try {
      return diffusers ? PublishedExport.of(checkpoint, DIFFUSERS) : PublishedExport.of(checkpoint);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private static void write(PublishedExport export, Path target, boolean folder)
      throws IOException {
    if (folder) {
      export.writeFolder(target);
    } else {
      export.writeFile(target);
    }
  }
}
