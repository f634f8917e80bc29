package org.canbridge.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.canbridge.importers.Checkpoints;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.runtime.CanConversion;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.ModelSampler;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.SamplingSettings;
import org.canbridge.runtime.diffusion.SolverName;
import org.canbridge.runtime.engine.Precision;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.engine.Target;
import org.canbridge.runtime.export.ExportDiffersException;
import org.canbridge.runtime.image.PngGrid;
import org.canbridge.runtime.objective.Respacing;
import org.canbridge.runtime.page.Page;
import org.canbridge.runtime.training.watch.TrainingPage;
import org.canbridge.tensors.files.AtomicDirectory;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.verifiers.ParityOptions;
import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.ReferenceBundle;
import org.canbridge.verifiers.model.ModelSubject;
import org.canbridge.verifiers.report.HtmlReport;
import org.canbridge.verifiers.report.ReportWriter;

/** {@code canbridge quickstart}: the main job on the bundled checkpoint, from file to pictures. */
final class QuickstartCommand implements Command {
  private static final String FIXTURE = "fixtures/cases/dit-fmnist";
  private static final String IMAGES = "fixtures/data/fashion-mnist";

  /** Lies in a folder that a quickstart has made. */
  private static final String MARK = ".canbridge-quickstart";

  /** The folder of the export. */
  private static final String EXPORTED = "dit-fmnist-onnx";

  private static final String ENGINES = "engines.png";

  private static final int HEADS = 4;
  private static final int CLASSES = 10;
  private static final int IMAGES_OF_A_CLASS = 4;
  private static final Opt<Path> OUT =
      CommonOptions.outFolder()
          .defaultsTo(Path.of("canbridge-quickstart"))
          .help("where everything is written");
  private static final SamplingSettings SETTINGS =
      SamplingSettings.of(SolverName.DDIM, Respacing.even(50)).withGuidance(2).withSeed(1);

  /** From the other pages to the main one. */
  private static final List<Page.Link> HOME = List.of(new Page.Link("Quickstart", "../index.html"));

  /** Of values in -1..1: a step of an 8-bit grey value is 0.0078. */
  private static final double SAME_PICTURE = 0.0078;

  @Override
  public About about() {
    return new About(
        "quickstart",
        "imports, verifies, converts, fine-tunes, samples and exports the bundled checkpoint",
        "[--out DIR] [--device NAME]",
        "The main job on a bundled DiT that was trained on Fashion-MNIST: import it, verify it"
            + " layer by layer against PyTorch's numbers, make it condition-aware, verify that,"
            + " draw all ten classes from both with the same seed, train the condition-aware"
            + " model on for some steps, for images of another kind, export it to ONNX, which ONNX"
            + " Runtime checks and draws an image from, and write a page that shows it all.",
        List.of(
            new Example("quickstart --out demo", "everything under ./demo; open demo/index.html")));
  }

  @Override
  public List<OptionGroup> options() {
    return List.of(OptionGroup.own(OUT, CommonOptions.DEVICE));
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    invocation.noOperand();
    Path out = invocation.get(OUT);
    Target target = CommonOptions.target(invocation, Precision.F32);
    claim(out);
    try {
      return new Run(bundled(FIXTURE), bundled(IMAGES), out, target, context).all();
    } catch (ExportDiffersException e) {
      context.err().println("canbridge: " + e.getMessage());
      return ExitStatus.DIFFERENCE;
    }
  }

  /** Takes a new folder, an empty one, or one that an earlier quickstart has made. */
  private static void claim(Path out) throws IOException {
    Path mark = out.resolve(MARK);
    if (Files.exists(out, LinkOption.NOFOLLOW_LINKS) && !Files.exists(mark)) {
      try (Stream<Path> entries = Files.list(out)) {
        if (entries.findAny().isPresent()) {
          throw new OccupiedException(
              out,
              "it is not empty, and no quickstart has made it",
              "choose another folder with " + OUT);
        }
      }
    }
    Deque<Path> made = new ArrayDeque<>();
    try {
      AtomicDirectory.makeFolders(out, made);
      Files.writeString(mark, "canbridge quickstart replaces what it wrote into this folder.\n");
    } catch (IOException e) {
      AtomicDirectory.removeEmpty(made);
      throw e;
    }
  }

  private static Path bundled(String name) {
    Path bundle = Path.of(System.getProperty("canbridge.home", ".")).resolve(name);
    if (!Files.isDirectory(bundle)) {
      throw InputFileException.of(FileProblem.MISSING, bundle)
          .what("what the quickstart works on is not there")
          .expected("a complete checkout")
          .next("start ./canbridge of the checkout")
          .build();
    }
    return bundle;
  }

  /** One run: the steps in order, each telling what it found. */
  private static final class Run {
    private final Path bundle;
    private final Path data;
    private final Path out;
    private final Target target;
    private final Context context;
    private final Path imported;
    private final Path converted;

    Run(Path bundle, Path data, Path out, Target target, Context context) {
      this.bundle = bundle;
      this.data = data;
      this.out = out;
      this.target = target;
      this.context = context;
      this.imported = out.resolve("dit-fmnist");
      this.converted = out.resolve("dit-fmnist-can");
    }

    ExitStatus all() throws IOException {
      long start = System.nanoTime();
      importCheckpoint();
      ParityReport before = verify(imported, "parity-imported");
      CanConversion conversion = convert();
      ParityReport after = verify(converted, "parity-converted");
      Latents source = sample(imported, "imported.png");
      Latents can = sample(converted, "converted.png");
      double apart = ShortExport.largestDifference(source, can);
      boolean good =
          before.passed() && conversion.passed() && after.passed() && apart <= SAME_PICTURE;
      say("pictures: largest difference between both, of values in -1..1: %.2g", apart);
      ShortTraining.brighten(data, out.resolve("grey"));
      ShortTraining trained =
          ShortTraining.run(
              converted, out.resolve("grey"), out.resolve("finetune"), HOME, target, context);
      good &= trained.isSound();
      Latents finetuned = sample(trained.model(), "finetuned.png");
      ShortExport export = export(trained.model(), finetuned.rows(0, 1));
      good &= export.apart() <= SAME_PICTURE;
      page(before, conversion, after, apart, trained, export, good);
      context
          .out()
          .printf(
              Locale.ROOT,
              "%s in %.0f s: open %s%n",
              good ? "done" : "FAILED",
              (System.nanoTime() - start) / 1e9,
              out.resolve("index.html"));
      return good ? ExitStatus.OK : ExitStatus.DIFFERENCE;
    }

    private void importCheckpoint() throws IOException {
      Path file = bundle.resolve("checkpoint.pt");
      try (Checkpoint checkpoint =
          Checkpoints.open(file, ImportOptions.defaults().withHeads(HEADS))) {
        ModelDirectory.write(imported, checkpoint, WriteOptions.defaults().overwriting());
        say(
            "import: %s, %d tensors -> %s",
            file.getFileName(), checkpoint.tensors().size(), imported);
      }
    }

    private ParityReport verify(Path model, String name) throws IOException {
      try (ReferenceBundle reference = ReferenceBundle.open(bundle);
          ModelSubject subject =
              ModelSubject.open(
                  model, ImportOptions.defaults(), reference, Optional.empty(), target)) {
        ParityReport report = subject.check(ParityOptions.NONE);
        ReportWriter.write(report, out.resolve(name), HOME);
        say(
            "verify: %s: %d equal, %d different -> %s",
            model.getFileName(), report.equal(), report.failures(), out.resolve(name));
        return report;
      }
    }

    private CanConversion convert() throws IOException {
      try (Model model = Model.open(imported, ImportOptions.defaults())) {
        CanConversion conversion =
            CanConversion.convert(
                model,
                CanPreset.paper(model.source(), CanTarget.PAPER, CanCondition.ALL),
                0,
                target);
        ModelDirectory.write(
            converted, conversion.checkpoint(), WriteOptions.defaults().overwriting());
        say(
            "convert: %d layers condition-aware, %,d -> %,d parameters, largest difference %.2g ->"
                + " %s",
            conversion.changes().size(),
            conversion.before().parameters(),
            conversion.after().parameters(),
            conversion.check().largest(),
            converted);
        return conversion;
      }
    }

    private Latents sample(Path directory, String name) throws IOException {
      try (Model model = Model.open(directory, ImportOptions.defaults());
          Session session = model.session(target)) {
        long[] labels = new long[CLASSES * IMAGES_OF_A_CLASS];
        for (int i = 0; i < labels.length; i++) {
          labels[i] = i % CLASSES;
        }
        Latents images =
            SampleCommand.draw(
                ModelSampler.of(model, session), SETTINGS, labels, labels.length, context);
        Map<String, String> text = new LinkedHashMap<>(SETTINGS.describe());
        text.put("model", directory.getFileName().toString());
        PngGrid.ofColumns(CLASSES).write(images, out.resolve(name), text);
        say("sample: %d images -> %s", labels.length, out.resolve(name));
        return images;
      }
    }

    private ShortExport export(Path model, Latents first) throws IOException {
      Path exported = out.resolve(EXPORTED);
      ShortExport export = ShortExport.run(model, exported, out.resolve(ENGINES), first, SETTINGS);
      say("export: checked by %s -> %s", export.check(), exported);
      say(
          "pictures: largest difference between PyTorch's and ONNX Runtime's: %.2g",
          export.apart());
      return export;
    }

    private void page(
        ParityReport before,
        CanConversion conversion,
        ParityReport after,
        double apart,
        ShortTraining trained,
        ShortExport export,
        boolean good)
        throws IOException {
      Page page =
          new Page(
              "CAN Bridge quickstart",
              "A DiT trained on Fashion-MNIST, read from its published file, checked against"
                  + " PyTorch, made condition-aware, sampled, trained on for other images, and"
                  + " exported to ONNX.");
      page.links(
          List.of(
              new Page.Link("Parity of the imported model", "parity-imported/report.html"),
              new Page.Link("Parity of the converted model", "parity-converted/report.html"),
              new Page.Link("Training", "finetune/" + TrainingPage.NAME)));
      page.verdict(
          good ? Page.Mood.GOOD : Page.Mood.BAD,
          good ? "Every check passed." : "A check failed; the pages linked above say which.");
      page.facts(
          List.of(
              new Page.Fact(
                  "parity, imported", before.equal() + " equal", before.failures() + " different"),
              new Page.Fact(
                  "parity, converted", after.equal() + " equal", after.failures() + " different"),
              new Page.Fact(
                  "largest change by conversion",
                  String.format(Locale.ROOT, "%.2g", conversion.check().largest()),
                  "of an output, random inputs"),
              new Page.Fact(
                  "parameters",
                  String.format(Locale.ROOT, "%.1f M", conversion.after().parameters() / 1e6),
                  String.format(
                      Locale.ROOT, "%.1f M before", conversion.before().parameters() / 1e6)),
              new Page.Fact(
                  "MACs an image",
                  String.format(Locale.ROOT, "%.1f M", conversion.after().macs() / 1e6),
                  String.format(Locale.ROOT, "%.1f M before", conversion.before().macs() / 1e6)),
              new Page.Fact(
                  "loss on images held out",
                  String.format(Locale.ROOT, "%.4f", trained.after()),
                  String.format(
                      Locale.ROOT,
                      "%.4f before %d steps on grey ground",
                      trained.before(),
                      ShortTraining.STEPS)),
              new Page.Fact(
                  "ONNX Runtime",
                  String.format(Locale.ROOT, "%.2g", export.check().difference().largest()),
                  "largest difference of an output, random inputs")));
      page.section("Samples");
      page.text(
          "Ten classes from left to right: T-shirt, trouser, pullover, dress, coat, sandal, shirt,"
              + " sneaker, bag, ankle boot. "
              + String.format(
                  Locale.ROOT,
                  "50 steps of DDIM, guidance 2, seed 1. Largest difference between the two: %.2g"
                      + " of values in -1..1.",
                  apart));
      page.figures(
          List.of(
              new Page.Figure(
                  out.resolve("imported.png"), "forty pieces of clothing", "the imported model"),
              new Page.Figure(
                  out.resolve("converted.png"),
                  "the same pieces of clothing",
                  "the condition-aware model"),
              new Page.Figure(
                  out.resolve("finetuned.png"),
                  "pieces of clothing from the same noise, on grey ground",
                  "after "
                      + ShortTraining.STEPS
                      + " steps on images with grey ground, which the model had never seen")));
      page.section("In ONNX Runtime");
      page.text(
          String.format(
              Locale.ROOT,
              "The fine-tuned model, exported to ONNX, and the first of its pictures again: left"
                  + " PyTorch, right ONNX Runtime. Largest difference: %.2g of values in -1..1.",
              export.apart()));
      page.figures(
          List.of(
              new Page.Figure(
                  out.resolve(ENGINES),
                  "the same T-shirt twice",
                  "by PyTorch from the model, by ONNX Runtime from the export")));
      page.section("Parity of the imported model");
      page.charts(before.calls().stream().map(HtmlReport::errors).toList());
      page.section("Parity of the condition-aware model");
      page.charts(after.calls().stream().map(HtmlReport::errors).toList());
      page.section("Go on");
      page.commands(
          List.of(
              new Page.CommandLine(
                  "inspect " + bundle.resolve("checkpoint.pt"),
                  "every tensor of the file and what becomes of it"),
              new Page.CommandLine(
                  "sample "
                      + converted
                      + " --out more.png --classes 7,9 --count 20 --sampler ddpm --steps 250",
                  "more pictures"),
              new Page.CommandLine(
                  "finetune "
                      + converted
                      + " --data "
                      + out.resolve("grey")
                      + " --out run --steps 500",
                  "train on; ends with run/model"),
              new Page.CommandLine(
                  "sample " + out.resolve(EXPORTED) + " --engine onnxruntime --out onnx.png",
                  "more pictures by ONNX Runtime, from the export"),
              new Page.CommandLine(
                  "profile --arch DiT-XL/2 --image-size 512",
                  "parameters and MACs of a published model")));
      page.writeTo(out.resolve("index.html"));
    }

    private void say(String format, Object... values) {
      context.err().printf(Locale.ROOT, format + "%n", values);
    }
  }
}
