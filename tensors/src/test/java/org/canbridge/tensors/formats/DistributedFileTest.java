package org.canbridge.tensors.formats;

import static org.canbridge.tensors.formats.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.Tensors;
import org.canbridge.tensors.files.Digests;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Problem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checkpoints that two processes of PyTorch wrote ({@code make_distributed_checkpoints.py}): {@code
 * model.weight} holds 0 to 14 in (5, 3), of which the first process has three rows.
 */
class DistributedFileTest {
  private static final Path FIXTURES = Fixtures.of("field-checkpoints");

  @TempDir private Path folder;
  private Path metadata;

  @BeforeEach
  void copy() throws IOException {
    try (Stream<Path> files = Files.list(FIXTURES.resolve("distributed"))) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    metadata = folder.resolve(DistributedFile.METADATA);
  }

  /** Puts another text of the same length into the description. */
  private void replace(String old, String text) throws IOException {
    String content = Files.readString(metadata, StandardCharsets.ISO_8859_1);
    assertTrue(content.contains(old));
    Files.writeString(metadata, content.replace(old, text), StandardCharsets.ISO_8859_1);
  }

  private void refused(Problem problem, String... lines) {
    assertRefused(problem, metadata, () -> TensorFiles.open(metadata), lines);
  }

  private static List<String> damages(TensorFile file) {
    return file.files().stream()
        .flatMap(
            path ->
                Digests.file(
                    path, file.checksums().stream().filter(sum -> sum.file().equals(path)).toList())
                    .damages()
                    .stream())
        .toList();
  }

  @Test
  void joinsPiecesOfRows() {
    try (TensorFile file = TensorFiles.open(metadata)) {
      assertEquals("torch-distributed", file.format());
      assertEquals(
          Set.of(metadata, folder.resolve("__0_0.distcp"), folder.resolve("__1_0.distcp")),
          Set.copyOf(file.files()));
      assertEquals(Set.of("model.weight", "model.bias"), file.tensors().keySet());
      assertEquals(
          new TensorType(DType.F32, List.of(5L, 3L)), file.tensors().get("model.weight").type());
      float[] all = new float[15];
      for (int i = 0; i < all.length; i++) {
        all[i] = i;
      }
      assertArrayEquals(all, Tensors.floats(file.tensors().get("model.weight")));
      assertEquals(10, file.tensors().get("model.weight").bytes(40, 4).getFloat(0));
      assertArrayEquals(new float[] {0, 1, 2}, Tensors.floats(file.tensors().get("model.bias")));
      assertEquals(Map.of("step", 7L, "args.num_classes", 10L), file.values());
      assertEquals(Set.of("model", "args"), file.containers());
      assertEquals(List.of(), damages(file));
    }
  }

  @Test
  void namesDamagedPieces() throws IOException {
    Path part = folder.resolve("__0_0.distcp");
    byte[] bytes = Files.readAllBytes(part);
    // 8.0f, the last element of the first piece.
    int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("\0\0\0A");
    bytes[at + 3] = 'B';
    Files.write(part, bytes);
    try (TensorFile file = TensorFiles.open(metadata)) {
      assertEquals(
          List.of("the checksum of archive/data/0 (tensor) does not fit its bytes in model.weight"),
          damages(file));
    }
  }

  @Test
  void refusesPiecesOfColumns() {
    Path columns = FIXTURES.resolve("distributed-columns").resolve(DistributedFile.METADATA);
    assertRefused(
        ShardProblem.DISTRIBUTED,
        columns,
        () -> TensorFiles.open(columns),
        "the distributed checkpoint (FSDP) is laid out in a way that is not read here",
        "expected: whole tensors, or pieces of whole rows",
        "actual: the 2 pieces of a tensor [5, 3] are no rows one below the other",
        "file: FILE",
        "key: model.weight",
        "next: make one file of it: python -m torch.distributed.checkpoint.format_utils"
            + " dcp_to_torch "
            + columns.getParent()
            + " weights.pt");
  }

  @Test
  void refusesAFileElsewhere() throws IOException {
    replace("__0_0.distcp", "../00.distcp");
    refused(
        ShardProblem.NAME,
        "the description names a file outside its own folder",
        "expected: the name of a file beside it",
        "actual: ../00.distcp",
        "file: FILE",
        "key: model.weight",
        "next: nothing was opened; get the checkpoint again from its source");
  }

  @Test
  void refusesAFileThatIsNotThere() throws IOException {
    Path part = folder.resolve("__1_0.distcp");
    Files.delete(part);
    assertRefused(
        FileProblem.MISSING,
        part,
        () -> TensorFiles.open(metadata),
        "there is no such file",
        "file: FILE",
        "next: check the path");
  }

  @Test
  void refusesAPieceOutsideItsFile() throws IOException {
    Path part = folder.resolve("__0_0.distcp");
    byte[] bytes = Files.readAllBytes(part);
    Files.write(part, Arrays.copyOf(bytes, 100));
    refused(
        ShardProblem.DISTRIBUTED,
        "the distributed checkpoint (FSDP) is laid out in a way that is not read here",
        "expected: whole tensors, or pieces of whole rows",
        "actual: a piece lies outside its file, at 0 of 100 bytes",
        "file: FILE",
        "key: model.weight",
        "next: " + DistributedFile.joining(folder));
  }

  @Test
  void refusesADescriptionOfSomethingElse() throws IOException {
    replace("state_dict_metadata", "state_dict_metadato");
    refused(
        ShardProblem.DISTRIBUTED,
        "the distributed checkpoint (FSDP) is laid out in a way that is not read here",
        "expected: whole tensors, or pieces of whole rows",
        "actual: the description has no state_dict_metadata",
        "file: FILE",
        "next: " + DistributedFile.joining(folder));
  }

  @Test
  void damagedDescriptionsAreRefusedAndNothingElseHappens() throws IOException {
    byte[] sound = Files.readAllBytes(metadata);
    Random random = new Random(1);
    int refusals = 0;
    for (int i = 0; i < 400; i++) {
      byte[] damaged = sound.clone();
      damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
      Files.write(metadata, damaged);
      try (TensorFile file = TensorFiles.open(metadata)) {
        file.tensors().values().forEach(Tensors::floats);
      } catch (InputFileException e) {
        refusals++;
      }
    }
    assertTrue(refusals > 100, "refusals: " + refusals);
  }
}
