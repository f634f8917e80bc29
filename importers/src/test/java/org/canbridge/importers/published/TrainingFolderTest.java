package org.canbridge.importers.published;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.canbridge.tensors.files.InputFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which file of a folder holds the weights. */
class TrainingFolderTest {
  @TempDir private Path folder;

  private Path file(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, "{}");
  }

  @ParameterizedTest
  @CsvSource({
    "diffusion_pytorch_model.fp16.safetensors",
    "diffusion_pytorch_model.safetensors.index.fp16.json",
    "diffusion_pytorch_model.non_ema.bin",
    "model-00001-of-00002.safetensors",
    "pytorch_model.bin",
    "model.safetensors",
    "checkpoints/epoch=3-step=100.ckpt",
    "only.ckpt",
    "global_step5/mp_rank_00_model_states.pt"
  })
  void findsTheFile(String name) throws IOException {
    Path file = file(name);
    file("optimizer.bin");
    file("latest");
    assertEquals(Optional.of(file), PublishedFolder.weights(folder));
  }

  @Test
  void theLastOfSeveralCheckpointsIsTaken() throws IOException {
    file("checkpoints/epoch=3.ckpt");
    Path last = file("checkpoints/last.ckpt");
    assertEquals(Optional.of(last), PublishedFolder.weights(folder));
  }

  private void assertRefused(String message) {
    assertEquals(
        message.replace("FOLDER", folder.toString()),
        assertThrows(InputFileException.class, () -> PublishedFolder.weights(folder)).getMessage());
  }

  @Test
  void refusesSeveralCheckpoints() throws IOException {
    file("a.ckpt");
    file("b.ckpt");
    assertRefused(
        """
        the folder holds several checkpoints
          actual: a.ckpt, b.ckpt
          file: FOLDER
          next: name the one that is meant""");
  }

  @Test
  void theStepThatLatestNamesIsTaken() throws IOException {
    file("global_step9/mp_rank_00_model_states.pt");
    Path tenth = file("global_step10/mp_rank_00_model_states.pt");
    assertEquals(Optional.of(tenth), PublishedFolder.weights(folder));
    Files.writeString(file("latest"), "global_step9\n");
    assertEquals(
        Optional.of(folder.resolve("global_step9/mp_rank_00_model_states.pt")),
        PublishedFolder.weights(folder));
  }

  @ParameterizedTest
  @CsvSource({"''", "pytorch_model_fsdp_0/", "state/"})
  void findsDistributedCheckpoints(String below) throws IOException {
    file(below + "__0_0.distcp");
    Path metadata = file(below + ".metadata");
    assertEquals(Optional.of(metadata), PublishedFolder.weights(folder));
  }

  @Test
  void refusesDistributedCheckpointsWithoutTheirDescription() throws IOException {
    file("__0_0.distcp");
    assertRefused(
        """
        the file that says where the pieces of the distributed checkpoint lie is missing
          file: FOLDER/.metadata
          next: copy it too, it is hidden; then name the folder FOLDER""");
  }

  @Test
  void refusesPartitionsOfDeepSpeed() throws IOException {
    file("global_step5/zero_pp_rank_0_mp_rank_00_model_states.pt");
    file("latest");
    assertRefused(
        """
        this is a checkpoint of DeepSpeed's ZeRO stage 3, whose tensors lie in pieces
          expected: one file with whole tensors
          actual: 1 files zero_pp_rank_*_model_states.pt
          file: FOLDER/global_step5
          next: in the folder FOLDER: python zero_to_fp32.py . weights.pt""");
  }
}
