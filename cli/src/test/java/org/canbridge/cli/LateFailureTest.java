package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.files.AtomicDirectory;
import org.canbridge.tensors.safetensors.SafetensorsWriter;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every command that writes, ended when its work is done or half done: nothing is left. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LateFailureTest {
  /** A file system takes 255 bytes: the name is refused when it is written. */
  private static final String TOO_LONG = "n".repeat(256);

  @TempDir private static Path folder;
  private Path can;

  /** A command line for each option that names what is written, up to that name. */
  private Map<String, List<String>> writing() {
    String pixels = Fixtures.of("dit-tiny-nosigma-p4").resolve("checkpoint.pt").toString();
    String model = can.toString();
    Map<String, List<String>> lines = new TreeMap<>();
    lines.put("import --out", List.of(pixels, "--heads", "3"));
    lines.put("convert --out", List.of(pixels, "--heads", "3"));
    lines.put("bake --out", List.of(model, "--class", "1"));
    lines.put("export --out", List.of(pixels, "--heads", "3", "--format", "published"));
    lines.put(
        "finetune --out", List.of(model, "--data", at("latents.safetensors"), "--batch", "1"));
    lines.put(
        "sample --out", List.of(model, "--steps", "2", "--classes", "1", "--sampler", "unipc"));
    lines.put("sample --save-latents", lines.get("sample --out"));
    lines.put("sample --save-job", List.of(model));
    lines.put(
        "verify --report",
        List.of(pixels, "--reference", Fixtures.of("dit-tiny-nosigma-p4").toString()));
    lines.put("quickstart --out", List.of());
    return lines;
  }

  private String at(String name) {
    return folder.resolve(name).toString();
  }

  Set<String> names() {
    return writing().keySet();
  }

  /** Those that begin to compute. */
  Set<String> computing() {
    Set<String> names = new TreeSet<>(names());
    names.removeAll(Set.of("sample --save-job", "quickstart --out", "verify --report"));
    return names;
  }

  private Outcome run(String name, String out, List<String> arguments) {
    String[] words = name.split(" ", -1);
    Stream<String> line =
        Stream.of(Stream.of(words[0]), arguments.stream(), Stream.of(words[1], out))
            .flatMap(part -> part);
    return Outcome.of(line.toArray(String[]::new));
  }

  private void assertNothingLeft(Outcome outcome) throws IOException {
    try (Stream<Path> left = Files.walk(folder.resolve("work"))) {
      assertEquals(List.of(folder.resolve("work")), left.toList(), outcome.err());
    }
  }

  @BeforeAll
  void makeInputs() throws IOException {
    can = folder.resolve("can");
    SafetensorsWriter.write(
        folder.resolve("latents.safetensors"),
        Map.of(
            "latents", MemoryTensor.of(new float[2 * 768], 2, 3, 16, 16),
            "labels", MemoryTensor.of(new long[] {1, 2}, 2)),
        Map.of());
    List<String> arguments = List.of("--condition", "class");
    List<String> source = writing().get("convert --out");
    Outcome made =
        run(
            "convert --out",
            at("can"),
            Stream.concat(source.stream(), arguments.stream()).toList());
    assertEquals(0, made.status(), made.err());
  }

  @BeforeEach
  void clearTheFolder() throws IOException {
    AtomicDirectory.delete(folder.resolve("work"));
    Files.createDirectory(folder.resolve("work"));
  }

  @Test
  void everyOptionThatNamesWhatIsWrittenIsHere() {
    Set<String> declared = new TreeSet<>();
    for (Command command : Main.commands("")) {
      for (Opt<?> option : new OptionSet(command).all()) {
        if (option.toString().matches("--(out|report|save-.*)")) {
          declared.add(command.about().name() + " " + option);
        }
      }
    }
    assertEquals(declared, names());
  }

  private void assertCannotWrite(String name, String target) throws IOException {
    Outcome outcome = run(name, target, writing().get(name));

    assertEquals(4, outcome.status(), outcome.err());
    assertTrue(outcome.err().contains("canbridge: cannot write\n  actual: "), outcome.err());
    assertNothingLeft(outcome);
  }

  @ParameterizedTest
  @MethodSource("names")
  void aNameThatCannotBeWritten(String name) throws IOException {
    assertCannotWrite(name, at("work/new/" + TOO_LONG));
  }

  @ParameterizedTest
  @MethodSource("computing")
  void aFileWhereAFolderShouldBe(String name) throws IOException {
    assertCannotWrite(name, at("latents.safetensors/x"));
  }

  @ParameterizedTest
  @MethodSource("computing")
  void anInterruption(String name) throws IOException {
    Thread.currentThread().interrupt();
    Outcome outcome = run(name, at("work/x"), writing().get(name));
    boolean pending = Thread.interrupted();

    if (outcome.status() == 0) { // nothing that takes long enough to ask
      assertTrue(pending, name);
      return;
    }
    assertEquals(130, outcome.status(), outcome.err());
    assertNothingLeft(outcome);
  }

  /** The second example has a class that the model does not know. */
  @Test
  void anExampleThatIsWrong() throws IOException {
    List<String> arguments = new ArrayList<>(writing().get("finetune --out"));
    arguments.set(2, at("wrong.safetensors"));
    SafetensorsWriter.write(
        folder.resolve("wrong.safetensors"),
        Map.of(
            "latents", MemoryTensor.of(new float[2 * 768], 2, 3, 16, 16),
            "labels", MemoryTensor.of(new long[] {1, 500}, 2)),
        Map.of());

    Outcome outcome = run("finetune --out", at("work/new/x"), arguments);

    assertEquals(3, outcome.status(), outcome.err());
    assertNothingLeft(outcome);
  }
}
