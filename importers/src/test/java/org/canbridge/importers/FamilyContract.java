package org.canbridge.importers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.importers.detection.Detection;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.family.PublishedModel;
import org.canbridge.importers.keys.KeyFate;
import org.canbridge.importers.keys.KeyMap;
import org.canbridge.importers.keys.KeyMapping;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.ImportOptions;
import org.canbridge.importers.model.ModelDirectory;
import org.canbridge.importers.model.ModelProblem;
import org.canbridge.importers.model.WriteOptions;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.formats.TensorFiles;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.ThrowingConsumer;
import org.junit.jupiter.api.io.TempDir;

/**
 * What every family must do. A family's test extends this class, names the family, a few complete
 * sets of arguments and its fixtures, and inherits the tests.
 */
public abstract class FamilyContract {
  @TempDir Path folder;

  /**
   * A published file.
   *
   * @param folder the fixture's name
   * @param file the checkpoint inside it
   * @param layout the layout it has
   * @param options what must be said about it
   * @param config what it is
   */
  public record Fixture(
      String folder, String file, String layout, ImportOptions options, ModelConfig config) {}

  /** The family under test. */
  protected abstract Family family();

  /** Complete arguments of small networks; every optional part of the family in at least one. */
  protected abstract List<Arguments> examples();

  /** The bundled checkpoints of the family. */
  protected abstract List<Fixture> fixtures();

  /** A random tensor of the type that a layout stores under this name. */
  protected TensorData tensor(String name, List<Long> shape) {
    return TestTensors.random(name.hashCode(), DType.F32, shape);
  }

  /** Whether a network without this tensor is one of the family too. */
  protected boolean isOptional(Layout layout, String source) {
    return false;
  }

  /** Whether the layout can hold a network with these arguments. */
  protected boolean expresses(Layout layout, Arguments arguments) {
    return true;
  }

  private record Example(String family, Layout layout, Arguments arguments) {
    KeyMap map() {
      return layout.keyMap(arguments);
    }

    /** Everything is said that the tensors might not tell. */
    ImportOptions options() {
      return ImportOptions.defaults()
          .withFamily(family, "the example")
          .withArguments(arguments.toJson(), "the example");
    }
  }

  private Stream<Example> all() {
    return family().layouts().stream()
        .flatMap(
            layout ->
                examples().stream()
                    .map(arguments -> new Example(family().name(), layout, arguments)))
        .filter(example -> expresses(example.layout(), example.arguments()));
  }

  private Stream<DynamicTest> forEachExample(ThrowingConsumer<Example> test) {
    return all()
        .map(
            example ->
                DynamicTest.dynamicTest(
                    example.layout().name() + " " + example.arguments(),
                    () -> test.accept(example)));
  }

  private Map<String, TensorData> published(Example example) {
    Map<String, TensorData> canonical = new LinkedHashMap<>();
    example.map().targets().forEach((name, shape) -> canonical.put(name, tensor(name, shape)));
    KeyMapping back = example.map().inverse().apply(canonical);
    assertEquals(List.of(), back.problems());
    return new LinkedHashMap<>(back.tensors());
  }

  private static Examination examine(Example example, Map<String, TensorData> tensors) {
    return Examination.of(Path.of("weights"), MemoryFile.of(tensors), example.options());
  }

  public static void assertSameTensors(
      Map<String, TensorData> expected, Map<String, TensorData> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach(
        (name, tensor) -> {
          assertEquals(tensor.type(), actual.get(name).type(), name);
          assertArrayEquals(TestTensors.bytes(tensor), TestTensors.bytes(actual.get(name)), name);
        });
  }

  @Test
  final void isRegistered() {
    assertTrue(Families.all().contains(Families.byName(family().name()).orElseThrow()));
    assertEquals(family().getClass(), Families.byName(family().name()).orElseThrow().getClass());
  }

  @TestFactory
  final Stream<DynamicTest> theCanonicalLayoutKeepsNamesAndShapes() {
    return forEachExample(
        example -> {
          KeyMap canonical = family().canonical().keyMap(example.arguments());
          assertEquals(canonical.targets(), canonical.inverse().targets());
        });
  }

  @TestFactory
  final Stream<DynamicTest> everyLayoutFillsTheCanonicalTensors() {
    return forEachExample(
        example ->
            assertEquals(
                family().canonical().keyMap(example.arguments()).targets(),
                example.map().targets()));
  }

  @TestFactory
  final Stream<DynamicTest> tensorsTellLayoutAndArguments() {
    return forEachExample(
        example -> {
          Examination examined = examine(example, published(example));
          assertEquals(List.of(), examined.problems());
          Detection.Recognised chosen = examined.detection().chosen().orElseThrow();
          assertEquals(example.layout().name(), chosen.layout().name());
          assertEquals(family().name(), chosen.family().name());
          assertEquals(example.arguments(), examined.known());
          assertEquals(family().config(example.arguments()), examined.config().orElseThrow());
        });
  }

  @TestFactory
  final Stream<DynamicTest> theInverseGivesTheSourceBackByteForByte() {
    return forEachExample(
        example -> {
          Map<String, TensorData> source = published(example);
          KeyMapping there = example.map().apply(source);
          assertEquals(List.of(), there.problems());
          assertEquals(List.of(), there.checkValues());
          KeyMapping back = example.map().inverse().apply(there.tensors());
          assertEquals(List.of(), back.problems());
          assertSameTensors(source, back.tensors());
        });
  }

  @TestFactory
  final Stream<DynamicTest> everyKeyHasAFate() {
    return forEachExample(
        example -> {
          Map<String, TensorData> source = published(example);
          List<KeyFate> fates = examine(example, source).fates();
          assertEquals(List.copyOf(source.keySet()), fates.stream().map(KeyFate::source).toList());
          Set<String> filled = new HashSet<>();
          for (KeyFate fate : fates) {
            filled.addAll(((KeyFate.Mapped) fate.outcome()).targets());
          }
          filled.addAll(example.map().computed());
          assertEquals(example.map().targets().keySet(), filled);
        });
  }

  @TestFactory
  final Stream<DynamicTest> everyMissingTensorIsReported() {
    return forEachExample(
        example ->
            eachTensor(
                example,
                (name, damaged) -> {
                  if (!isOptional(example.layout(), name)) {
                    damaged.remove(name);
                    assertMisfit(examine(example, damaged), "missing " + name + ": [");
                  }
                }));
  }

  @TestFactory
  final Stream<DynamicTest> everyWrongShapeIsReported() {
    return forEachExample(
        example ->
            eachTensor(
                example,
                (name, damaged) -> {
                  TensorData right = damaged.get(name);
                  List<Long> longer = new ArrayList<>(right.type().shape());
                  longer.add(1L);
                  damaged.put(name, TestTensors.random(1, right.type().dtype(), longer));
                  assertMisfit(examine(example, damaged), "wrong shape " + name + ": expected ");
                }));
  }

  @TestFactory
  final Stream<DynamicTest> everyWrongElementTypeIsReported() {
    return forEachExample(
        example ->
            eachTensor(
                example,
                (name, damaged) -> {
                  TensorData right = damaged.get(name);
                  boolean floating = right.type().dtype().isFloating();
                  DType wrong = floating ? DType.I32 : DType.F32;
                  damaged.put(name, TestTensors.random(1, wrong, right.type().shape()));
                  // Counters play no part in a network and may be of any type.
                  if (name.endsWith("num_batches_tracked")) {
                    assertEquals(List.of(), examine(example, damaged).problems());
                    return;
                  }
                  assertMisfit(examine(example, damaged), "wrong type " + name + ": expected ");
                }));
  }

  @TestFactory
  final Stream<DynamicTest> aTensorTooManyIsReported() {
    return forEachExample(
        example -> {
          Map<String, TensorData> damaged = published(example);
          damaged.put("surplus.weight", TestTensors.random(1, DType.F32, List.of(2L)));
          assertMisfit(examine(example, damaged), "unexpected surplus.weight: F32[2]");
        });
  }

  private void eachTensor(Example example, Damage damage) {
    Map<String, TensorData> source = published(example);
    for (String name : source.keySet()) {
      damage.apply(name, new LinkedHashMap<>(source));
    }
  }

  private interface Damage {
    void apply(String name, Map<String, TensorData> tensors);
  }

  private static void assertMisfit(Examination examined, String line) {
    InputFileException first = examined.problems().get(0);
    assertEquals(ModelProblem.KEY_MISMATCH, first.problem(), first.getMessage());
    assertTrue(first.getMessage().contains("\n    " + line), first.getMessage());
    assertEquals(Optional.empty(), examined.config());
  }

  @Test
  final void argumentsAreReadStrictly() {
    for (Arguments arguments : examples()) {
      assertEquals(arguments, family().config(arguments).arguments());
      for (String name : arguments.names()) {
        assertRefused(remove(arguments, name), name + " is missing");
        assertRefused(arguments.with(name, "a word"), name + " must be ");
      }
      assertRefused(arguments.with("surplus", 1), "surplus is unknown");
    }
  }

  private static Arguments remove(Arguments arguments, String name) {
    Arguments fewer = Arguments.none();
    for (String other : arguments.names()) {
      fewer = other.equals(name) ? fewer : fewer.with(other, arguments.get(other).orElseThrow());
    }
    return fewer;
  }

  private void assertRefused(Arguments arguments, String message) {
    String all =
        assertThrows(IllegalArgumentException.class, () -> family().config(arguments)).getMessage();
    assertTrue(all.contains(message), all);
  }

  @Test
  final void publishedModelsAreWhatTheirNamesSay() {
    Set<String> names = new HashSet<>();
    for (PublishedModel model : family().published()) {
      assertTrue(names.add(model.name()), model.name());
      assertEquals(Optional.of(model), family().publishedAs(model.arguments()));
      assertEquals(model.arguments(), family().config(model.arguments()).arguments());
      assertEquals(family().name(), Families.byPublishedName(model.name()).orElseThrow().name());
      assertEquals(model.name(), Families.published(model.name()).name());
      assertFalse(family().canonical().keyMap(model.arguments()).targets().isEmpty());
    }
  }

  @TestFactory
  final Stream<DynamicTest> importedFilesBecomeModelDirectories() {
    return forEachExample(
        example -> {
          Map<String, TensorData> source = published(example);
          Path file = folder.resolve("published.safetensors");
          SafetensorsWriter.write(file, source, Map.of());
          checkRoundTrip(file, example.options(), example.layout(), source);
        });
  }

  @TestFactory
  final Stream<DynamicTest> fixturesAreImported() {
    return fixtures().stream()
        .map(
            fixture ->
                DynamicTest.dynamicTest(
                    fixture.folder(),
                    () -> {
                      Path file = Fixtures.of(fixture.folder()).resolve(fixture.file());
                      try (Checkpoint checkpoint = Checkpoints.open(file, fixture.options())) {
                        assertEquals(fixture.config(), checkpoint.config());
                        Layout layout = layout(fixture.layout());
                        KeyMap map = layout.keyMap(checkpoint.config().arguments());
                        checkRoundTrip(
                            file,
                            fixture.options(),
                            layout,
                            map.inverse().apply(checkpoint.tensors()).tensors());
                        checkAgainstFile(file, checkpoint, map);
                      }
                    }));
  }

  private Layout layout(String name) {
    return family().layouts().stream()
        .filter(layout -> layout.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** What the inverse gives must be in the file, byte for byte. */
  private static void checkAgainstFile(Path file, Checkpoint checkpoint, KeyMap map) {
    String wrapper = checkpoint.provenance().weights();
    try (TensorFile read = TensorFiles.open(file)) {
      map.inverse()
          .apply(checkpoint.tensors())
          .tensors()
          .forEach(
              (name, tensor) -> {
                TensorData stored =
                    read.tensors().get(wrapper.isEmpty() ? name : wrapper + "." + name);
                assertEquals(stored.type(), tensor.type(), name);
                assertArrayEquals(TestTensors.bytes(stored), TestTensors.bytes(tensor), name);
              });
    }
  }

  private void checkRoundTrip(
      Path file, ImportOptions options, Layout layout, Map<String, TensorData> source)
      throws IOException {
    Path model = folder.resolve("model-" + file.getFileName() + layout.name());
    try (Checkpoint imported = Checkpoints.open(file, options)) {
      ModelDirectory.write(model, imported, WriteOptions.defaults().overwriting());
      try (Checkpoint read = Checkpoints.open(model)) {
        assertEquals(imported.config(), read.config());
        assertEquals(imported.provenance(), read.provenance());
        assertEquals(imported.publishedName(), read.publishedName());
        assertEquals(
            List.copyOf(imported.tensors().keySet()), List.copyOf(read.tensors().keySet()));
        assertSameTensors(imported.tensors(), read.tensors());
        KeyMapping back = layout.keyMap(read.config().arguments()).inverse().apply(read.tensors());
        assertSameTensors(source, back.tensors());
        checkConversion(read, model);
      }
      byte[] config = Files.readAllBytes(model.resolve("config.json"));
      byte[] tensors = Files.readAllBytes(model.resolve("model.safetensors"));
      ModelDirectory.write(model, imported, WriteOptions.defaults().overwriting());
      assertArrayEquals(config, Files.readAllBytes(model.resolve("config.json")));
      assertArrayEquals(tensors, Files.readAllBytes(model.resolve("model.safetensors")));
    }
  }

  private static void checkConversion(Checkpoint checkpoint, Path model) throws IOException {
    Path converted = model.resolveSibling(model.getFileName() + "-bf16");
    ModelDirectory.write(
        converted, checkpoint, WriteOptions.defaults().withDtype(DType.BF16).overwriting());
    try (Checkpoint read = Checkpoints.open(converted)) {
      Consumer<String> check =
          name -> {
            TensorData original = checkpoint.tensors().get(name);
            boolean floating = original.type().dtype().isFloating();
            assertArrayEquals(
                TestTensors.bytes(floating ? Tensors.as(original, DType.BF16) : original),
                TestTensors.bytes(read.tensors().get(name)));
          };
      checkpoint.tensors().keySet().forEach(check);
    }
  }
}
