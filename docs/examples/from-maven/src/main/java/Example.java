import java.nio.file.Path;
import java.util.Map;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.CanConversion;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.ModelSampler;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPlan;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.image.PngGrid;
import org.canbridge.runtime.objective.Respacing;
import org.canbridge.verifiers.ParityOptions;
import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.model.ModelSubject;
import org.canbridge.verifiers.report.TextReport;

/**
 * Arguments: a published DiT, its number of heads, its reference bundle, a folder for the results.
 */
public final class Example {
  public static void main(String[] args) throws Exception {
    Path imported = Path.of(args[3], "imported");
    Path converted = Path.of(args[3], "converted");
    ImportOptions none = ImportOptions.defaults();

    ImportOptions told = none.withHeads(Integer.parseInt(args[1]));
    try (Checkpoint checkpoint = Checkpoints.open(Path.of(args[0]), told)) {
      ModelDirectory.write(imported, checkpoint, WriteOptions.defaults());
    }

    CanPlan plan = CanPlan.paper(CanTarget.PAPER, CanCondition.ALL);
    try (Model model = Model.open(imported, none)) {
      CanConversion conversion =
          CanConversion.convert(model, CanConversion.estimate(model, plan).spec(), 0, Target.F32);
      ModelDirectory.write(converted, conversion.checkpoint(), WriteOptions.defaults());
      System.out.println("converted, largest difference " + conversion.check().largest());
    }

    try (Model model = Model.open(converted, none);
        Session session = model.session(Target.F32)) {
      SamplingSettings settings = SamplingSettings.of(SolverName.UNIPC, Respacing.even(20));
      Latents images = ModelSampler.of(model, session).draw(settings.withGuidance(2), 0, 1, 2);
      PngGrid.ofColumns(3).write(images, Path.of(args[3], "images.png"), Map.of());
    }

    try (ReferenceBundle bundle = ReferenceBundle.open(Path.of(args[2]));
        ModelSubject subject = ModelSubject.open(converted, none, bundle)) {
      ParityReport report = subject.check(ParityOptions.NONE);
      System.out.print(TextReport.of(report));
      if (!report.passed()) {
        throw new AssertionError("this is not the published model");
      }
    }
  }
}
