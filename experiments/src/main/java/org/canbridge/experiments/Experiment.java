package org.canbridge.experiments;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.runtime.Model;

/** Does a CAN learn better than what it was made from? Started by {@code experiments/run}. */
public final class Experiment {
  private static final String HOME = "canbridge.home";
  private static final String CHECKPOINT = "fixtures/cases/dit-fmnist/checkpoint.pt";
  private static final String QUICK = "quick";
  private static final String DATA = "data";
  private static final String WORK = "work";
  private static final String JOBS = "jobs";
  private static final String ONLY = "only";
  private static final String REPORT = "report";
  private static final String CONDITIONS = "conditions";
  private static final String JOB = "job";

  private final CommandLine line;
  private final Path home = Path.of(System.getProperty(HOME, "."));
  private final Scale scale;
  private final Path folder;

  private Experiment(CommandLine line) {
    this.line = line;
    this.scale = line.hasOption(QUICK) ? Scale.QUICK : Scale.FULL;
    // Results that mean nothing stay out of the committed ones.
    this.folder =
        home.resolve(line.hasOption(QUICK) ? "experiments/target/quick" : "experiments/results");
  }

  /**
   * Runs what is missing in the results, then writes tables and pictures.
   *
   * @param arguments see {@code experiments/README.md}
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Experiment experiment;
    try {
      experiment = new Experiment(new DefaultParser().parse(options(), arguments));
    } catch (ParseException e) {
      System.err.println("experiments: " + e.getMessage() + "; see experiments/README.md");
      System.exit(2);
      return;
    }
    experiment.run();
  }

  private static Options options() {
    return new Options()
        .addOption(Option.builder().longOpt(QUICK).get())
        .addOption(Option.builder().longOpt(DATA).hasArg().get())
        .addOption(Option.builder().longOpt(WORK).hasArg().get())
        .addOption(Option.builder().longOpt(JOBS).hasArg().type(Integer.class).get())
        .addOption(Option.builder().longOpt(ONLY).hasArg().get())
        .addOption(Option.builder().longOpt(REPORT).get())
        .addOption(Option.builder().longOpt(CONDITIONS).get())
        .addOption(Option.builder().longOpt(JOB).hasArg().get());
  }

  private void run() throws IOException, InterruptedException {
    if (line.hasOption(CONDITIONS)) {
      conditions();
      return;
    }
    Results results = new Results(folder.resolve("runs"));
    if (!line.hasOption(REPORT)) {
      try (Data data = Data.open(dataFolder())) {
        Path work = workFolder().resolve(scale.name() + "-" + data.train().size());
        Eyes eyes = new Eyes(work);
        if (line.hasOption(JOB)) {
          System.out.println(
              Results.format(worker(data, eyes, work).run(Job.of(line.getOptionValue(JOB)))));
          return;
        }
        eyes.make(data, scale, facts());
        workers(results).run(missing(results.read()));
      }
    }
    report(results.read());
  }

  private void report(List<RunResult> results) throws IOException {
    Page page =
        new Page(
            line.hasOption(QUICK)
                ? folder.resolve("README.md")
                : home.resolve("experiments/README.md"));
    page.write(new Report(results, Eyes.Facts.read(facts())).markdown());
    new Curves(results).write(folder);
  }

  /** What generators are given, of the fixtures' networks and of one with random weights. */
  private void conditions() throws IOException {
    System.out.println("| network " + Anatomy.HEADS);
    System.out.println("|---".repeat(9) + "|");
    for (String name :
        List.of(
            "dit-fmnist/checkpoint.pt",
            "dit-tiny/checkpoint.pt",
            "sit-tiny/checkpoint.pt",
            "uvit-tiny/nnet_ema.pth")) {
      Path file = home.resolve("fixtures/cases").resolve(name);
      try (Model model = Model.open(file, ImportOptions.defaults().withHeads(Networks.HEADS))) {
        System.out.println("| " + name + " " + Anatomy.of(model).cells());
      }
    }
    Networks networks = new Networks(home.resolve(CHECKPOINT), folder);
    for (Start start : List.of(Start.SCRATCH, Start.UVIT)) {
      try (Model model = networks.open(new Job(start, start.base(), 1))) {
        System.out.println("| " + start.label() + ", random weights " + Anatomy.of(model).cells());
      }
    }
  }

  private Path dataFolder() {
    String given = line.getOptionValue(DATA);
    return given == null ? home.resolve("fixtures/data/fashion-mnist") : Path.of(given);
  }

  private Path workFolder() {
    String given = line.getOptionValue(WORK);
    return given == null ? home.resolve("experiments/target/work") : Path.of(given);
  }

  private Path facts() {
    return folder.resolve("classifier.json");
  }

  private Worker worker(Data data, Eyes eyes, Path work) {
    return new Worker(
        scale,
        data,
        new Networks(home.resolve(CHECKPOINT), work.resolve("networks")),
        new Evaluation(scale, data.test(), eyes.reference(), eyes.classifier(data)),
        work);
  }

  private Workers workers(Results results) {
    List<String> arguments =
        new ArrayList<>(
            List.of("--" + DATA, dataFolder().toString(), "--" + WORK, workFolder().toString()));
    if (line.hasOption(QUICK)) {
      arguments.add("--" + QUICK);
    }
    int processes = Integer.parseInt(line.getOptionValue(JOBS, "1"));
    return new Workers(processes, arguments, results, System.out);
  }

  private List<Job> missing(List<RunResult> done) {
    Set<Job> there = done.stream().map(RunResult::job).collect(Collectors.toSet());
    Pattern only = Pattern.compile(line.getOptionValue(ONLY, ".*"));
    return Job.all(scale.seeds()).stream()
        .filter(job -> only.matcher(job.toString()).matches() && !there.contains(job))
        .toList();
  }
}
