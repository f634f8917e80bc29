package org.canbridge.verifiers.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;
import org.canbridge.importers.Inspection;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.Provenance;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.engine.EngineName;
import org.canbridge.runtime.engine.MachineKernels;
import org.canbridge.runtime.engine.Target;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.verifiers.BundleProblem;
import org.canbridge.verifiers.ParityCheck;
import org.canbridge.verifiers.ParityOptions;
import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.Subject;
import org.canbridge.verifiers.family.ModelRuns;

/**
 * A model, opened to be held against a reference bundle:
 *
 * <pre>{@code
 * try (ReferenceBundle bundle = ReferenceBundle.open(reference);
 *     ModelSubject subject = ModelSubject.open(model, ImportOptions.defaults(), bundle)) {
 *   ParityReport report = subject.check(ParityOptions.NONE);
 * }
 * }</pre>
 *
 * <p>What the file cannot tell (the number of heads) is taken from the bundle's {@code config},
 * which is an assertion about everything that the file does tell.
 */
@API(status = API.Status.STABLE)
public final class ModelSubject implements AutoCloseable {
  private final ModelRuns runs;

  private ModelSubject(ModelRuns runs) {
    this.runs = runs;
  }

  /**
   * Opens a published file or a model directory for a bundle, which stays the caller's. The images
   * of a pipeline's runs are decoded with the autoencoder in the pipeline's folder.
   *
   * @throws InputFileException if it is not a model that can be run, or contradicts the bundle's
   *     {@code config}
   * @throws IllegalArgumentException if {@code options} contradict it
   */
  public static ModelSubject open(Path path, ImportOptions options, ReferenceBundle bundle) {
    return open(
        path,
        options,
        bundle,
        PipelineFolder.at(path).flatMap(PipelineFolder::autoencoder),
        Target.F32);
  }

  /**
   * Opens a published file or a model directory for a bundle, which stays the caller's.
   *
   * @param vae decodes the images of a pipeline's runs; without one they are not checked
   * @param target that networks run on
   * @throws InputFileException if it is not a model that can be run, is of another family than the
   *     bundle's, or contradicts its {@code config}
   * @throws IllegalArgumentException if {@code options} contradict it
   */
  public static ModelSubject open(
      Path path, ImportOptions options, ReferenceBundle bundle, Optional<Path> vae, Target target) {
    try {
      ModelRuns runs = new ModelRuns(path, told(options, bundle), bundle, vae, target);
      try {
        checkFamily(bundle, runs.model().checkpoint().config().architecture());
        CallPlans.addTo(runs);
        return new ModelSubject(runs);
      } catch (RuntimeException e) {
        runs.close();
        throw e;
      }
    } catch (InputFileException | IllegalArgumentException e) {
      // Whatever does not fit then follows from this.
      Inspection.of(path, options).family().ifPresent(family -> checkFamily(bundle, family));
      throw e;
    }
  }

  private static ImportOptions told(ImportOptions options, ReferenceBundle bundle) {
    ImportOptions told = options;
    if (bundle.config() instanceof ObjectNode config) {
      told =
          told.withArguments(
              config, bundle.directory().resolve("reference.json").getFileName().toString());
    }
    return bundle.family().flatMap(Families::byName).isPresent() && told.family().isEmpty()
        ? told.withFamily(bundle.family().get(), "reference.json")
        : told;
  }

  private static void checkFamily(ReferenceBundle bundle, String architecture) {
    Optional<Family> family = bundle.family().flatMap(Families::byName);
    Optional<String> twin = Families.byName(architecture).flatMap(Family::twin);
    if (family.isEmpty()
        || family.get().name().equals(architecture)
        || family.map(Family::name).equals(twin)) {
      return;
    }
    throw InputFileException.of(
            BundleProblem.OTHER_MODEL, bundle.directory().resolve("reference.json"))
        .what("the bundle was made from another family")
        .expected("a bundle of the family '" + architecture + "', which the model is of")
        .actual("the family '" + family.get().name() + "'")
        .next("give the bundle that was made from this model")
        .build();
  }

  /** The model that is checked. */
  public Model model() {
    return runs.model();
  }

  /**
   * What is assumed of it and may be wrong about the network that is run, one sentence: nothing if
   * the bundle or the user named the family, or its tensors are those of no other.
   */
  public Optional<String> assumption() {
    boolean named = runs.options().family().isPresent();
    return named || runs.family().twin().isEmpty() ? Optional.empty() : model().assumption();
  }

  /** Runs the check. */
  public ParityReport check(ParityOptions parityOptions) {
    ParityOptions all = parityOptions;
    for (Map.Entry<String, String> entry : runs.notChecked().entrySet()) {
      all = all.without(entry.getKey(), entry.getValue());
    }
    return ParityCheck.run(runs.bundle(), CallPlans.of(runs.bundle()), subject(), all);
  }

  private Subject subject() {
    Map<String, String> environment = Subject.here();
    environment.put("engine", runs.target().engine().title() + ", float32");
    if (runs.target().engine() == EngineName.PYTORCH) {
      environment.put("kernels", MachineKernels.summary(runs.target()));
    }
    runs.target().device().ifPresent(device -> environment.put("device", device.toString()));
    runs.decodedWith().ifPresent(folder -> environment.put("autoencoder", folder));
    Optional<String> sha256 =
        model().checkpoint().provenance().sources().stream()
            .findFirst()
            .map(Provenance.Source::sha256);
    return new Subject(runs.path().getFileName().toString(), sha256, environment, runs.runners());
  }

  @Override
  public void close() {
    runs.close();
  }
}
