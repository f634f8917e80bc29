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
  void refusesDistributedCheckpoints() throws IOException {
    file(".metadata");
    file("__0_0.distcp");
    assertRefused(
        """
        this is a distributed checkpoint of PyTorch (FSDP), whose tensors lie in pieces
          expected: one file with whole tensors
          actual: 1 files *.distcp
          file: FOLDER
          next: in Python's environment: python -m torch.distributed.checkpoint.format_utils\
         dcp_to_torch FOLDER weights.pt""");
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
