package org.canbridge.runtime.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.published.PipelineFolder;
import org.canbridge.runtime.Model;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every form keeps; its test extends this. */
abstract class ExporterContract {
  private static final Map<ExportOption, ExportOptions> SAID =
      Map.of(
          ExportOption.OPSET, ExportOptions.defaults().withOpset(18),
          ExportOption.GUIDED, ExportOptions.defaults().withGuidance(),
          ExportOption.INLINE, ExportOptions.defaults().inlined(),
          ExportOption.NO_LOOPS, ExportOptions.defaults().withoutLoops(),
          ExportOption.DTYPE, ExportOptions.defaults().withDtype(DType.F16),
          ExportOption.MAX_SHARD_SIZE, ExportOptions.defaults().withMaxShardSize(1 << 10),
          ExportOption.PIPELINE,
              ExportOptions.defaults()
                  .withPipeline(PipelineFolder.at(Fixtures.of("dit-pipeline")).orElseThrow()),
          ExportOption.MODEL_CARD, ExportOptions.defaults().withModelCard());

  @TempDir Path folder;

  /** The form. */
  abstract Exporter exporter();

  /** A model that it can hold. */
  Model model() {
    return Model.open(
        Fixtures.of("dit-tiny").resolve("checkpoint.pt"), ImportOptions.defaults().withHeads(3));
  }

  /** A model that it cannot hold. */
  abstract Model refused();

  /** How it is exported. */
  ExportOptions options() {
    return ExportOptions.defaults();
  }

  private Export prepared(Model model) {
    return exporter().prepare(model, options());
  }

  @Test
  void aWordAndASentenceAreItsHelp() {
    assertTrue(exporter().name().matches("[a-z][a-z0-9-]*"), exporter().name());
    assertFalse(exporter().holds().isBlank());
    assertFalse(exporter().holds().endsWith("."), exporter().holds());
  }

  @Test
  void twoExportsAreEqualAndNothingElseIsLeft() throws IOException {
    try (Model model = model()) {
      List<ExportCheck> checks = prepared(model).write(folder.resolve("one/out"));
      assertFalse(checks.isEmpty());
      prepared(model).write(folder.resolve("two/out"), () -> false);
      assertEquals(
          exporter().ending(options()).isEmpty(), Files.isDirectory(folder.resolve("one/out")));
      assertFalse(prepared(model).contents().isBlank());
    }
    Map<String, Path> one = files(folder.resolve("one"));
    Map<String, Path> two = files(folder.resolve("two"));
    assertEquals(one.keySet(), two.keySet());
    assertTrue(one.keySet().stream().allMatch(name -> name.startsWith("out")), one.toString());
    for (Map.Entry<String, Path> entry : one.entrySet()) {
      assertEquals(-1, Files.mismatch(entry.getValue(), two.get(entry.getKey())), entry.getKey());
    }
  }

  @Test
  void whatIsThereStays() throws IOException {
    Path there = Files.writeString(folder.resolve("out"), "mine");
    try (Model model = model()) {
      Export export = prepared(model);
      assertThrows(FileAlreadyExistsException.class, () -> export.write(there));
    }
    assertEquals("mine", Files.readString(there));
    assertEquals(List.of("out"), List.copyOf(files(folder).keySet()));
  }

  @Test
  void aModelThatItCannotHoldIsRefusedWithTheReason() {
    try (Model model = refused()) {
      IllegalArgumentException reason =
          assertThrows(IllegalArgumentException.class, () -> prepared(model));
      assertFalse(reason.getMessage().isBlank());
    }
  }

  @Test
  void whatIsAnotherNetworkIsNotLeft() throws IOException {
    try (Model model = model()) {
      Export wrong = new Wrong(prepared(model));
      ExportDiffersException differs =
          assertThrows(
              ExportDiffersException.class, () -> wrong.write(folder.resolve("folder/out")));
      ExportedNetwork network = wrong.networks().get(0);
      assertEquals(
          "the export is not the model; nothing is left of it\n"
              + "  expected: the outputs of this model to %.3g standard deviations of them\n"
                  .formatted(network.tolerance()),
          differs.getMessage().substring(0, differs.getMessage().indexOf("  actual: ")));
      assertTrue(
          differs
              .getMessage()
              .contains(
                  network.where()
                      + (network.name().isEmpty() ? "" : ", " + network.name())
                      + ", batch 1: largest difference "));
    }
    assertFalse(Files.exists(folder.resolve("folder")));
  }

  /** An export whose network gives outputs that are a tenth too large. */
  private record Wrong(Export right) implements Export {
    @Override
    public String contents() {
      return right.contents();
    }

    @Override
    public List<String> remarks() {
      return right.remarks();
    }

    @Override
    public List<ExportedNetwork> networks() {
      ExportedNetwork first = right.networks().get(0);
      return List.of(
          new ExportedNetwork(
              first.name(),
              first.where(),
              first.graph(),
              first.tensors(),
              first.objective(),
              first.tolerance(),
              written -> new WrongRun(first.target().open(written))));
    }

    @Override
    public void writeTo(Path path) throws IOException {
      right.writeTo(path);
    }
  }

  private record WrongRun(ExportedNetwork.Running right) implements ExportedNetwork.Running {
    @Override
    public Map<String, TensorData> run(Map<String, TensorData> inputs) {
      Map<String, TensorData> outputs = new TreeMap<>();
      right
          .run(inputs)
          .forEach(
              (name, output) -> {
                float[] values = Tensors.floats(output);
                for (int i = 0; i < values.length; i++) {
                  values[i] *= 1.1f;
                }
                long[] shape = output.type().shape().stream().mapToLong(Long::longValue).toArray();
                outputs.put(name, MemoryTensor.of(values, shape));
              });
      return outputs;
    }

    @Override
    public void close() {
      right.close();
    }
  }

  @Test
  void whatMeansNothingToItIsRefused() {
    Set<ExportOption> taken = exporter().options();
    try (Model model = model()) {
      for (Map.Entry<ExportOption, ExportOptions> said : SAID.entrySet()) {
        assertEquals(Set.of(said.getKey()), said.getValue().given());
        if (!taken.contains(said.getKey())) {
          assertEquals(
              said.getKey()
                  + " means nothing to the form "
                  + exporter().name()
                  + ", which takes "
                  + (taken.isEmpty()
                      ? "no options"
                      : String.join(", ", taken.stream().sorted().map(String::valueOf).toList())),
              assertThrows(
                      IllegalArgumentException.class,
                      () -> exporter().prepare(model, said.getValue()))
                  .getMessage());
        }
      }
    }
    assertEquals(Set.of(ExportOption.values()), SAID.keySet());
  }

  private static Map<String, Path> files(Path root) throws IOException {
    Map<String, Path> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(root)) {
      all.filter(Files::isRegularFile)
          .forEach(path -> files.put(root.relativize(path).toString(), path));
    }
    return files;
  }
}
