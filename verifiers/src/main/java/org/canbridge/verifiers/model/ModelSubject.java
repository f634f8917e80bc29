package org.canbridge.verifiers.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.detection.DetectionProblem;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.dit.DitConfig;
import org.canbridge.importers.efficientvit.EfficientVitConfig;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.Weights;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.Provenance;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.importers.uvit.UvitConfig;
import org.canbridge.runtime.LatentDecoder;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.can.CanRewriter;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.family.dit.Dit;
import org.canbridge.runtime.family.efficientvit.EfficientVit;
import org.canbridge.runtime.graph.Graph;
import org.canbridge.runtime.objective.NoiseSchedule;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.verifiers.CallPlans;
import org.canbridge.verifiers.CallRunner;
import org.canbridge.verifiers.ParityCheck;
import org.canbridge.verifiers.ParityOptions;
import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.Subject;

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
public final class ModelSubject implements AutoCloseable {
  private static final String MODEL_WEIGHTS = "model_weights";
  private static final int DIT_STEPS = 1000;

  /** {@code (B, C, H, W)}. */
  private static final int IMAGE_RANK = 4;

  private final Path path;
  private final ImportOptions options;
  private final ReferenceBundle bundle;
  private final Optional<Path> vae;
  private final List<Runnable> closers = new ArrayList<>();
  private final Map<String, CallRunner> runners = new LinkedHashMap<>();
  private final Map<String, String> notChecked = new LinkedHashMap<>();
  private Optional<String> decodedWith = Optional.empty();
  private Model model;

  private ModelSubject(
      Path path, ImportOptions options, ReferenceBundle bundle, Optional<Path> vae) {
    this.path = path;
    this.options = options;
    this.bundle = bundle;
    this.vae = vae;
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
        path, options, bundle, PipelineFolder.at(path).flatMap(PipelineFolder::autoencoder));
  }

  /**
   * Opens a published file or a model directory for a bundle, which stays the caller's.
   *
   * @param vae decodes the images of a pipeline's runs; without one they are not checked
   * @throws InputFileException if it is not a model that can be run, or contradicts the bundle's
   *     {@code config}
   * @throws IllegalArgumentException if {@code options} contradict it
   */
  public static ModelSubject open(
      Path path, ImportOptions options, ReferenceBundle bundle, Optional<Path> vae) {
    ImportOptions told = options;
    if (bundle.config() instanceof ObjectNode config) {
      told =
          told.withArguments(
              config, bundle.directory().resolve("reference.json").getFileName().toString());
    }
    ModelSubject subject = new ModelSubject(path, told, bundle, vae);
    try {
      subject.start();
      return subject;
    } catch (RuntimeException e) {
      subject.close();
      throw e;
    }
  }

  private void start() {
    model = opened(options);
    if (model.checkpoint().config() instanceof EfficientVitConfig efficientVit) {
      addEfficientVit(efficientVit);
      if (efficientVit.batchNormFolded()) {
        notChecked.putAll(FoldedNorms.notChecked(efficientVit, layout()));
      }
      return;
    }
    Map<String, Graph> sized = SizedCalls.graphs(model.checkpoint().config(), bundle);
    if (!sized.isEmpty()) {
      sized.forEach((call, graph) -> runners.put(call, runner(session(graph))));
      return;
    }
    Session session = session(model);
    runners.put(CallPlans.FORWARD, runner(session));
    if (model.checkpoint().config() instanceof DitConfig dit) {
      addDit(dit, session);
    } else if (model.checkpoint().config() instanceof UvitConfig uvit) {
      bundle
          .cfgScale()
          .ifPresent(scale -> runners.put(CallPlans.CFG, new UvitGuidance(session, uvit, scale)));
    }
  }

  /**
   * The size of the image is part of the graph: one for each size in the bundle. A condition-aware
   * network takes the condition that the bundle holds, or timestep 0 and class 0: a classifier was
   * recorded without any, and conversion preserves what it computes under every condition.
   */
  private void addEfficientVit(EfficientVitConfig config) {
    Map<String, String> calls = Map.of("x", CallPlans.FORWARD, "x.wide", CallPlans.WIDE);
    calls.forEach(
        (input, call) -> {
          TensorData image = bundle.inputs().get(input);
          if (image != null && image.type().shape().size() == IMAGE_RANK) {
            List<Long> shape = image.type().shape();
            Graph plain =
                EfficientVit.graph(
                    config, Math.toIntExact(shape.get(2)), Math.toIntExact(shape.get(3)));
            Graph graph = model.can().map(spec -> CanRewriter.rewrite(plain, spec)).orElse(plain);
            runners.put(call, new Conditioned(runner(session(graph)), graph));
          }
        });
  }

  private NetworkRunner runner(Session session) {
    return new NetworkRunner(session, moduleNames(session.graph()));
  }

  /** The names that the bundle may use for the network's values, to those of the graph. */
  private Map<String, String> moduleNames(Graph graph) {
    Map<String, String> names = new LinkedHashMap<>();
    Layout layout = layout();
    for (String module : graph.modules().keySet()) {
      names.put(layout.publishedModule(module, model.checkpoint().config().arguments()), module);
      names.put(module, module);
    }
    graph.outputs().keySet().forEach(output -> names.put(output, output));
    return names;
  }

  /** The layout that the weights came in; a bundle names modules as its producer did. */
  private Layout layout() {
    Family family = Families.byName(model.checkpoint().config().architecture()).orElseThrow();
    String name = model.checkpoint().provenance().layout();
    return family.layouts().stream()
        .filter(layout -> layout.name().equals(name))
        .findFirst()
        .orElse(family.canonical());
  }

  private void addDit(DitConfig dit, Session session) {
    bundle
        .cfgScale()
        .ifPresent(scale -> runners.put(CallPlans.CFG, new PublishedGuidance(session, scale)));
    String prefix = "output.sample.";
    List<String> runs =
        bundle.outputs().keySet().stream()
            .filter(n -> n.startsWith(prefix))
            .map(n -> n.substring(prefix.length()))
            .toList();
    runners.put(
        "sample",
        new RecordedSampling(
            session,
            NoiseSchedule.linear(DIT_STEPS),
            dit.numClasses(),
            RecordedSampling.known(runs)));
    if (bundle.outputs().containsKey("output." + MODEL_WEIGHTS)) {
      addModelWeights();
    }
    runners.put("at_t0", runner(session));
    addArithmetic(dit.withOfficialArithmetic(), "official", "official_at_t0");
    addArithmetic(dit.withArithmetic(0, dit.normEps()), "frequency_shift_0");
    addPipelineRuns(dit, session);
  }

  /** The runs of a pipeline whose latents or images the bundle holds. */
  private void addPipelineRuns(DitConfig dit, Session session) {
    List<String> runs =
        bundle.runs().stream()
            .filter(
                run -> bundle.outputs().keySet().stream().anyMatch(n -> n.startsWith(prefix(run))))
            .toList();
    if (runs.isEmpty()) {
      return;
    }
    Optional<LatentDecoder> decoder = vae.map(this::decoder);
    for (String run : runs) {
      runners.put(
          CallPlans.PIPELINE + run,
          PipelineRun.of(bundle, run, session, dit.numClasses(), decoder));
      if (decoder.isEmpty()) {
        notChecked.put(
            prefix(run) + "image",
            "there is no autoencoder beside this model to decode with; --vae names one");
      }
    }
  }

  private static String prefix(String run) {
    return "output." + run + ".";
  }

  private LatentDecoder decoder(Path folder) {
    LatentDecoder decoder = LatentDecoder.open(folder, ImportOptions.defaults(), Precision.F32);
    closers.add(decoder::close);
    decodedWith = Optional.of(folder.toAbsolutePath().getFileName().toString());
    return decoder;
  }

  /** The same weights under the arithmetic of other code, if the bundle has results of that. */
  private void addArithmetic(DitConfig dit, String... calls) {
    for (String call : calls) {
      if (bundle.outputs().containsKey("output." + call)) {
        runners.put(call, runner(session(Dit.graph(dit))));
      }
    }
  }

  /** The other set of weights of a training checkpoint. */
  private void addModelWeights() {
    if (Files.isDirectory(path)) {
      notChecked.put("output." + MODEL_WEIGHTS, "a model directory holds one set of weights");
      return;
    }
    try {
      runners.put(MODEL_WEIGHTS, runner(session(opened(options.withWeights(Weights.MODEL)))));
    } catch (InputFileException e) {
      if (e.problem() != DetectionProblem.NO_SUCH_WEIGHTS) {
        throw e;
      }
      notChecked.put("output." + MODEL_WEIGHTS, "this file holds no 'model' weights");
    }
  }

  private Model opened(ImportOptions with) {
    Model opened = Model.open(path, with);
    closers.add(opened::close);
    return opened;
  }

  /** Another graph over the model's weights. */
  private Session session(Graph graph) {
    Session session = Session.open(graph, model.checkpoint().tensors(), Precision.F32);
    closers.add(session::close);
    return session;
  }

  private Session session(Model of) {
    Session session = of.session(Precision.F32);
    closers.add(session::close);
    return session;
  }

  /** The model that is checked. */
  public Model model() {
    return model;
  }

  /** Runs the check. */
  public ParityReport check(ParityOptions parityOptions) {
    ParityOptions all = parityOptions;
    for (Map.Entry<String, String> entry : notChecked.entrySet()) {
      all = all.without(entry.getKey(), entry.getValue());
    }
    return ParityCheck.run(bundle, CallPlans.of(bundle), subject(), all);
  }

  private Subject subject() {
    Map<String, String> environment = Subject.here();
    environment.put("engine", "PyTorch through DJL, float32");
    decodedWith.ifPresent(folder -> environment.put("autoencoder", folder));
    Optional<String> sha256 =
        model.checkpoint().provenance().sources().stream()
            .findFirst()
            .map(Provenance.Source::sha256);
    return new Subject(path.getFileName().toString(), sha256, environment, runners);
  }

  @Override
  public void close() {
    for (int i = closers.size() - 1; i >= 0; i--) {
      closers.get(i).run();
    }
  }
}
