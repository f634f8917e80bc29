package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.export.Export;
import org.canbridge.runtime.export.ExportDiffersException;
import org.canbridge.runtime.export.ExportOption;
import org.canbridge.runtime.export.ExportOptions;
import org.canbridge.runtime.export.ExportedNetwork;
import org.canbridge.runtime.export.Exporter;
import org.canbridge.runtime.export.Exporters;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.formats.TensorFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExportCommandTest {
  /** What another program makes of the tensors is that of the family that they are taken for. */
  private static final String ASSUMED =
      "canbridge: objective assumed, as of published models of dit: eps on vp-discrete, null class"
          + " 10; --objective says otherwise, --family sit reads the same tensors as that\n";

  @TempDir Path folder;

  private static Outcome export(Path model, String format, Path out, String... more) {
    String[] arguments = {"export", model.toString(), "--format", format, "--out", out.toString()};
    String[] all = java.util.Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return Outcome.of(all);
  }

  /** What was written; below it stands how it was checked. */
  private static String written(Outcome outcome) {
    return written(outcome, "import");
  }

  private static String written(Outcome outcome, String where) {
    List<String> lines = outcome.out().lines().toList();
    assertEquals(3, lines.size(), outcome.out());
    for (int i = 1; i < 3; i++) {
      assertTrue(
          lines
              .get(i)
              .matches(
                  "checked by %s, batch %d: largest difference \\S+ in output, whose standard deviation is \\S+"
                      .formatted(where, 2 * i - 1)),
          outcome.out());
    }
    return lines.get(0);
  }

  @Test
  void whatIsWrittenNeedNotBeRun() {
    Path out = folder.resolve("transformer");
    Outcome outcome = export(Fixtures.of("dit-diffusers"), "diffusers", out, "--no-verify");
    assertEquals(new Outcome(0, out + ": 63 tensors, layout diffusers\n", ASSUMED), outcome);
  }

  @Test
  void importAndExportGiveTheFileBack() {
    Path source = Fixtures.of("dit-diffusers").resolve("diffusion_pytorch_model.safetensors");
    Path model = folder.resolve("model");
    Path back = folder.resolve("back.safetensors");
    assertEquals(0, Outcome.of("import", source.toString(), "--out", model.toString()).status());
    Outcome outcome = export(model, "published", back);
    assertEquals(ASSUMED, outcome.err());
    assertEquals(back + ": 63 tensors, layout diffusers", written(outcome));
    assertEquals(0, outcome.status());
    try (TensorFile expected = TensorFiles.open(source);
        TensorFile actual = TensorFiles.open(back)) {
      assertEquals(expected.tensors().keySet(), actual.tensors().keySet());
      Map<String, TensorData> others = new LinkedHashMap<>(expected.tensors());
      others
          .entrySet()
          .removeIf(
              entry -> Tensors.sameBytes(entry.getValue(), actual.tensors().get(entry.getKey())));
      assertEquals(Map.of(), others);
    }
  }

  @Test
  void anotherLayoutSaysWhatItMeansOtherwise() throws IOException {
    Path source = Fixtures.of("dit-tiny").resolve("checkpoint.pt");
    Path out = folder.resolve("transformer");
    Outcome outcome = export(source, "diffusers", out, "--heads", "3");
    assertEquals(
        ASSUMED
            + "canbridge: timestep_frequency_shift is 0 in this model and 1 in the diffusers layout: the"
            + " same weights give other results there\n",
        outcome.err());
    assertEquals(0, outcome.status());
    assertEquals(out + ": 63 tensors, layout diffusers", written(outcome));
    Outcome again = export(source, "diffusers", out, "--heads", "3");
    assertEquals(4, again.status());
    assertEquals(0, Outcome.of("inspect", out.toString()).status());
  }

  /** The folder is a model directory too, and a Condition-Aware Network goes like any other. */
  @Test
  void anOnnxFolderIsStillTheModel() {
    String[] model = {"m", "can", "onnx", "again.onnx"};
    for (int i = 0; i < model.length; i++) {
      model[i] = folder.resolve(model[i]).toString();
    }
    String source = Fixtures.of("dit-diffusers").toString();
    assertEquals(0, Outcome.of("import", source, "--out", model[0]).status());
    assertEquals(0, Outcome.of("convert", model[0], "--out", model[1]).status());
    Outcome outcome = export(Path.of(model[1]), "onnx", Path.of(model[2]));
    assertEquals(0, outcome.status(), outcome.err());
    assertEquals(
        model[2] + ": opset 17, 53 weights, F32, the large ones in model.safetensors",
        written(outcome, "ONNX Runtime"));
    Outcome again =
        export(
            Path.of(model[2]), "onnx", Path.of(model[3]), "--inline", "--guided", "--opset", "21");
    assertEquals(0, again.status(), again.err());
    assertEquals(model[3] + ": opset 21, 53 weights, F32, inside", written(again, "ONNX Runtime"));
  }

  @Test
  void whatALayoutCannotHoldIsNotWritten() {
    Path source = Fixtures.of("dit-tiny-nosigma-p4").resolve("checkpoint.pt");
    Path out = folder.resolve("transformer");
    Outcome outcome = export(source, "diffusers", out, "--heads", "3");
    assertEquals(2, outcome.status());
    String expected = "canbridge: export: the diffusers layout cannot hold this model: ";
    assertEquals(expected, outcome.err().substring(0, expected.length()));
    assertFalse(Files.exists(out));
  }

  /** What becomes of a written export. */
  private enum Fate {
    GOOD,
    DISK_IS_FULL,
    ANOTHER_NETWORK
  }

  /** A form that is not one of the program's: this class and a word in a list. */
  private record NamesExporter(Fate fate) implements Exporter {
    private static final int MOST = 100;

    @Override
    public String name() {
      return "names";
    }

    @Override
    public String holds() {
      return "a text file with the names of a small model's tensors";
    }

    @Override
    public String ending(ExportOptions options) {
      return "txt";
    }

    @Override
    public Set<ExportOption> options() {
      return Set.of(ExportOption.GUIDED);
    }

    @Override
    public Export export(Model model, ExportOptions options) {
      Set<String> names = model.checkpoint().tensors().keySet();
      if (names.size() > MOST) {
        throw new IllegalArgumentException(names.size() + " tensors are not a small model");
      }
      return new Export() {
        @Override
        public String contents() {
          return names.size() + " names";
        }

        @Override
        public List<String> remarks() {
          return List.of("weights are left out");
        }

        @Override
        public List<ExportedNetwork> networks() {
          return fate == Fate.ANOTHER_NETWORK
              ? List.of(
                  new ExportedNetwork(
                      "",
                      "the reader of names",
                      model.graph(),
                      model.checkpoint().tensors(),
                      model.objective(),
                      written -> {
                        throw new ExportDiffersException("42 names", "41 names");
                      }))
              : List.of();
        }

        @Override
        public void writeTo(Path path) throws IOException {
          Files.write(path, names);
          if (fate == Fate.DISK_IS_FULL) {
            throw new IOException("No space left on device");
          }
        }
      };
    }
  }

  private Outcome names(String fixture, Fate fate, String... more) {
    String source = Fixtures.of(fixture).toString();
    String out = folder.resolve("names.txt").toString();
    List<String> line = new ArrayList<>(List.of("export", source, "--format", "names", "-o", out));
    line.addAll(List.of(more));
    List<Exporter> forms = new ArrayList<>(Exporters.all());
    forms.add(new NamesExporter(fate));
    return Outcome.of(new ExportCommand(forms), line.toArray(String[]::new));
  }

  @Test
  void aFormIsAClassAndALine() throws IOException {
    Outcome refused = names("efficientvit-timm-b-tiny", Fate.GOOD);
    assertEquals(2, refused.status());
    assertTrue(refused.err().contains("tensors are not a small model"), refused.err());
    Path out = folder.resolve("names.txt");
    assertEquals(
        new Outcome(0, out + ": 42 names\n", ASSUMED + "canbridge: weights are left out\n"),
        names("dit-diffusers", Fate.GOOD));
    assertEquals(42, Files.readAllLines(out).size());
  }

  @Test
  void whatFailsLateLeavesNothing() throws IOException {
    Outcome outcome = names("dit-diffusers", Fate.DISK_IS_FULL);
    assertEquals(4, outcome.status());
    assertTrue(outcome.err().contains("No space left on device"), outcome.err());
    assertNothingIsLeft();
  }

  @Test
  void anotherNetworkLeavesNothing() throws IOException {
    String differs =
        """
        canbridge: the export is not the model; nothing is left of it
          expected: 42 names
          actual: 41 names
          next: report it; --no-verify writes it all the same
        """;
    assertEquals(
        new Outcome(1, "", ASSUMED + "canbridge: weights are left out\n" + differs),
        names("dit-diffusers", Fate.ANOTHER_NETWORK));
    assertNothingIsLeft();
    assertEquals(0, names("dit-diffusers", Fate.ANOTHER_NETWORK, "--no-verify").status());
  }

  private void assertNothingIsLeft() throws IOException {
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(), left.toList());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "published | '--max-shard-size, --model-card'",
        "diffusers | '--max-shard-size, --pipeline, --model-card'",
        "timm | '--model-card'"
      })
  void anOptionOfAnotherFormIsRefused(String form, String taken) {
    String out = folder.resolve("out").toString();
    List<Exporter> forms = new ArrayList<>(Exporters.all());
    forms.add(new NamesExporter(Fate.GOOD));
    String model = Fixtures.of("dit-diffusers").toString();
    Outcome outcome =
        Outcome.of(
            new ExportCommand(forms), "export", model, "--format", form, "--guided", "--out", out);
    assertEquals(
        new Outcome(
            2,
            "",
            "canbridge: export: --guided means nothing to the form %s, which takes %s\n"
                    .formatted(form, taken)
                + "  next: canbridge export --help\n"),
        outcome);
  }

  @Test
  void aPipelineGoesOutAsOneAndANetworkIntoOne() throws IOException {
    String pipeline = Fixtures.of("dit-pipeline").toString();
    Path whole = folder.resolve("whole");
    Outcome written = export(Path.of(pipeline), "diffusers", whole);
    assertEquals(0, written.status(), written.err());
    assertEquals(
        whole + ": DiTPipeline: transformer with 44 tensors, scheduler, vae",
        written.out().lines().findFirst().orElseThrow());
    assertEquals(5, written.out().lines().count());
    Path model = folder.resolve("model");
    assertEquals(0, Outcome.of("import", pipeline, "--out", model.toString()).status());
    Path alone = folder.resolve("alone");
    assertEquals(0, export(model, "diffusers", alone).status());
    assertFalse(Files.exists(alone.resolve("model_index.json")));
    Path into = folder.resolve("into");
    Outcome outcome =
        export(model, "diffusers", into, "--pipeline", pipeline, "--max-shard-size", "100KB");
    assertEquals(0, outcome.status(), outcome.err());
    assertEquals(
        -1, Files.mismatch(whole.resolve("model_index.json"), into.resolve("model_index.json")));
    assertTrue(
        Files.exists(into.resolve("transformer/diffusion_pytorch_model.safetensors.index.json")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--pipeline | FIXTURE | --pipeline is 'FIXTURE', which is no pipeline: it has no model_index.json",
        "--max-shard-size | 5 | --max-shard-size is '5', but must be a size such as 5GB, 200MB or 512MiB",
        "--max-shard-size | 0GB | --max-shard-size is '0GB', but must be a size such as 5GB, 200MB or 512MiB",
        "--max-shard-size | 10000000TB | --max-shard-size is '10000000TB', but must be a size such as 5GB, 200MB or 512MiB",
      })
  void whatIsNoSizeAndNoPipelineIsRefused(String option, String value, String message) {
    String fixture = Fixtures.of("dit-diffusers").toString();
    Outcome outcome =
        export(
            Path.of(fixture),
            "diffusers",
            folder.resolve("out"),
            option,
            value.replace("FIXTURE", fixture));
    assertEquals(
        new Outcome(
            2,
            "",
            "canbridge: export: "
                + message.replace("FIXTURE", fixture)
                + "\n  next: canbridge export --help\n"),
        outcome);
  }

  @ParameterizedTest
  @CsvSource({"1KB, 1000", "2MB, 2000000", "3GiB, 3221225472", "9TB, 9000000000000"})
  void sizesHaveTheUnitsOfTheHubsLibraries(String text, long bytes) throws UsageException {
    assertEquals(bytes, Value.size().read("--max-shard-size", text));
  }

  @ParameterizedTest
  @CsvSource({
    "published, x.pt, 'a .safetensors file; give %s/x.safetensors'",
    "diffusers, x.safetensors, a folder; give %s/x",
    "torchscript, x.onnx, 'a .pt file; give %s/x.pt'",
    "onnx, x.onnx, a folder; give %s/x",
  })
  void aNameThatPromisesSomethingElseIsRefused(String format, String name, String what) {
    Path source = Fixtures.of("dit-diffusers");
    Path out = folder.resolve(name);

    Outcome refused = export(source, format, out);

    assertEquals(
        new Outcome(
            2,
            "",
            "canbridge: export: --out is '%s', but what is written is %s\n"
                    .formatted(out, what.formatted(folder))
                + "  next: canbridge export --help\n"),
        refused);
    assertFalse(Files.exists(out));
  }

  @Test
  void theFormatMustBeSaid() {
    Path source = Fixtures.of("dit-tiny").resolve("checkpoint.pt");
    Outcome outcome = Outcome.of("export", source.toString(), "--out", "x");
    assertEquals(2, outcome.status());
    assertEquals(
        "canbridge: export: --format is missing: published or diffusers or timm or torchscript or onnx",
        outcome.err().lines().findFirst().orElseThrow());
  }
}
