package org.canbridge.verifiers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ReferenceBundleTest {
  private static final TensorData PAIR = MemoryTensor.of(new float[] {1, 2}, 2);

  @TempDir private Path folder;

  @Test
  void opensABundle() {
    try (ReferenceBundle bundle = ReferenceBundle.open(Fixtures.of("dit-tiny"))) {
      assertEquals("dit-tiny", bundle.name());
      assertEquals(Optional.of("dit"), bundle.family());
      assertEquals(Optional.of("float32"), bundle.dtype());
      assertEquals(4.0, bundle.cfgScale().orElseThrow());
      assertEquals(3, bundle.config().get("num_heads").intValue());
      assertEquals(4, bundle.notes().size());
      assertEquals(
          Map.of(
              "checkpoint.pt",
              new FileDigest(
                  "c264e1247fc1e855c1b9148e4e0a7bdd9cf0c7f8db6538e0666c95bf685d1f6b", 615285)),
          bundle.checkpoints());
      assertEquals(
          List.of("x", "t", "y", "cfg_x", "cfg_t", "cfg_y"), List.copyOf(bundle.inputs().keySet()));
      assertEquals(List.of("output", "output.cfg"), List.copyOf(bundle.outputs().keySet()));
      assertEquals(
          TensorType.of(DType.F32, 3, 16, 144),
          bundle.activations().get("blocks.0.attn.qkv").type());
    }
  }

  @Test
  void keepsTheOrderOfTheDescription() {
    try (ReferenceBundle bundle = ReferenceBundle.open(Fixtures.of("dit-tiny"))) {
      // The file's own order is alphabetic.
      assertEquals("x_embedder", bundle.activations().keySet().iterator().next());
      assertEquals(14, bundle.activations().size());
    }
  }

  @Test
  void keepsTheOrderOfTheFileWithoutAList() throws IOException {
    Map<String, TensorData> tensors = new LinkedHashMap<>();
    tensors.put("activation.b", PAIR);
    tensors.put("activation.a", PAIR);
    try (ReferenceBundle bundle = ReferenceBundle.open(BundleFiles.write(folder, "{}", tensors))) {
      assertEquals(List.of("a", "b"), List.copyOf(bundle.activations().keySet()));
      assertEquals(Optional.empty(), bundle.family());
      assertTrue(bundle.cfgScale().isEmpty());
      assertEquals(0, bundle.config().size());
    }
  }

  private InputFileException refused(Path directory) {
    return assertThrows(InputFileException.class, () -> ReferenceBundle.open(directory).close());
  }

  private InputFileException refused(String json) throws IOException {
    return refused(BundleFiles.write(folder, json, Map.of("output", PAIR)));
  }

  @Test
  void refusesAMissingDirectory() {
    Path absent = folder.resolve("absent");
    InputFileException e = refused(absent);
    assertEquals(FileProblem.MISSING, e.problem());
    assertEquals(
        "there is no such reference bundle\n  file: " + absent + "\n  next: check the path",
        e.getMessage());
  }

  @Test
  void refusesAFile() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "x");
    InputFileException e = refused(file);
    assertEquals(FileProblem.NOT_A_DIRECTORY, e.problem());
    assertEquals(
        "a reference bundle is a directory\n"
            + "  expected: a directory that holds reference.safetensors and reference.json\n"
            + "  actual: a file\n"
            + "  file: "
            + file
            + "\n  next: give the directory",
        e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference.json", "reference.safetensors"})
  void refusesHalfABundle(String missing) throws IOException {
    BundleFiles.write(folder, "{}", Map.of("output", PAIR));
    Files.delete(folder.resolve(missing));
    InputFileException e = refused(folder);
    assertEquals(BundleProblem.INCOMPLETE, e.problem());
    assertEquals(
        "the directory is no reference bundle: "
            + missing
            + " is missing\n"
            + "  expected: reference.safetensors and reference.json\n"
            + "  file: "
            + folder
            + "\n  next: give a directory that holds both",
        e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "[]", "7", "{", "{} {}", "{\"notes\": [], \"notes\": []}", "<html></html>"})
  void refusesWhatIsNoJsonObject(String json) throws IOException {
    InputFileException e = refused(json);
    assertEquals(BundleProblem.NOT_JSON, e.problem());
    assertTrue(
        e.getMessage()
            .startsWith("the description of the reference bundle is not a JSON object\n  actual: "),
        e.getMessage());
    assertTrue(
        e.getMessage()
            .endsWith(
                "\n  file: "
                    + folder.resolve("reference.json")
                    + "\n  next: write the bundle again"),
        e.getMessage());
  }

  @Test
  void refusesAHugeDescriptionUnread() throws IOException {
    InputFileException e = refused(" ".repeat((16 << 20) - 1) + "{}");
    assertEquals(BundleProblem.NOT_JSON, e.problem());
    assertTrue(
        e.getMessage().contains("actual: 16777217 bytes, more than 16777216"), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0001',
      value = {
        "{'family': 3} | family | a text | 3",
        "{'dtype': ['f32']} | dtype | a text | ['f32']",
        "{'config': 'x'} | config | an object | 'x'",
        "{'cfg_scale': '4'} | cfg_scale | a number | '4'",
        "{'cfg_scale': NaN} | cfg_scale | a number | 'NaN'",
        "{'notes': 'x'} | notes | a list of texts | 'x'",
        "{'notes': [1]} | notes | a list of texts | [1]",
        "{'checkpoints': []} | checkpoints | an object | []",
        "{'checkpoints': {'a': 1}} | checkpoints.a | an object of sha256 (string) and bytes"
            + " (integer) | 1",
        "{'checkpoints': {'a': {'sha256': 'AB', 'bytes': 1}}} | checkpoints.a | 64 lower-case"
            + " hexadecimal digits and a size | {'sha256':'AB','bytes':1}",
        "{'checkpoints': {'../a': {}}} | checkpoints.../a | the name of a file inside the bundle"
            + " | {}",
        "{'checkpoints': {'/a': {}}} | checkpoints./a | the name of a file inside the bundle | {}",
        "{'checkpoints': {'b/../a': {}}} | checkpoints.b/../a | the name of a file inside the"
            + " bundle | {}",
        "{'checkpoints': {'a\\u0000': {}}} | checkpoints.a\\u0000 | the name of a file inside the"
            + " bundle | {}",
        "{'checkpoints': {'': {}}} | checkpoints. | the name of a file inside the bundle | {}",
        "{'tensors': []} | tensors | an object | []",
        "{'tensors': {'output': [2.5]}} | tensors.output | an array of sizes | [2.5]",
        "{'tensors': {'output': {'dtype': 'f'}}} | tensors.output | an array of sizes | ",
      })
  void refusesBadFields(String json, String key, String expected, String actual)
      throws IOException {
    InputFileException e = refused(json.replace('\'', '"'));
    assertEquals(BundleProblem.BAD_FIELD, e.problem());
    assertEquals(
        "a field of the reference bundle's description is wrong\n  expected: "
            + expected
            + "\n  actual: "
            + (actual == null ? "" : actual.replace('\'', '"'))
            + "\n  file: "
            + folder.resolve("reference.json")
            + "\n  key: "
            + key
            + "\n  next: correct the field, or leave it out",
        e.getMessage());
  }

  @Test
  void refusesATensorOfNoKind() throws IOException {
    InputFileException e = refused(BundleFiles.write(folder, "{}", Map.of("outputs.x", PAIR)));
    assertEquals(BundleProblem.UNKNOWN_TENSOR, e.problem());
    assertEquals(
        "a reference bundle holds inputs, outputs and activations, and this is none\n"
            + "  expected: input.<name>, output, output.<name> or activation.<module path>\n"
            + "  file: "
            + folder.resolve("reference.safetensors")
            + "\n  key: outputs.x\n"
            + "  next: rename the tensor, or leave it out",
        e.getMessage());
  }

  @Test
  void refusesABundleWithNothingToCompare() throws IOException {
    InputFileException e = refused(BundleFiles.write(folder, "{}", Map.of("input.x", PAIR)));
    assertEquals(BundleProblem.WITHOUT_OUTPUT, e.problem());
    assertEquals(
        "the reference bundle holds nothing to compare with\n"
            + "  expected: at least one tensor output, output.<name> or activation.<module path>\n"
            + "  actual: 1 inputs\n"
            + "  file: "
            + folder.resolve("reference.safetensors")
            + "\n  next: record the reference's results under these names",
        e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"tensors\": {\"output\": [3]}} | [3] | [2] | output",
        "{\"tensors\": {}} | the 0 tensors listed in reference.json | 1 tensors; 1 are in one file"
            + " only | output",
        "{\"tensors\": {\"a\": [], \"output\": [2]}} | the 2 tensors listed in reference.json | 1"
            + " tensors; 1 are in one file only | a"
      })
  void refusesFilesOfDifferentRuns(String json, String expected, String actual, String key)
      throws IOException {
    InputFileException e = refused(json);
    assertEquals(BundleProblem.TENSORS_DISAGREE, e.problem());
    assertEquals(
        "reference.safetensors holds other tensors than reference.json lists\n  expected: "
            + expected
            + "\n  actual: "
            + actual
            + "\n  file: "
            + folder.resolve("reference.safetensors")
            + "\n  key: "
            + key
            + "\n  next: take both files from one run of the producer",
        e.getMessage());
  }

  @Test
  void tensorFileOfAnotherKindIsRefusedByItsReader() throws IOException {
    BundleFiles.write(folder, "{}", Map.of("output", PAIR));
    Files.writeString(
        folder.resolve("reference.safetensors"),
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
    assertEquals(FileProblem.LFS_POINTER, refused(folder).problem());
  }
}
