package org.canbridge.tensors.formats;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.canbridge.fixtures.Fixtures;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorFile;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The torch files that the authors' code wrote, against PyTorch 2.13: one digest over the lines
 * {@code name type sha256} of all tensors, sorted by name.
 */
final class FixtureDigestsTest {

  @ParameterizedTest
  @CsvSource({
    "dit-fmnist, checkpoint.pt, 72,"
        + " 3a2efb73a0df058f2bf01ef1cbc77fb2b41efdb25d24742aeab1541ef442df6f",
    "dit-tiny-bf16, checkpoint.pt, 22,"
        + " 2e256a6d416eda26379362219fba3ff0b2a48ef94d9cf34bd7b231e2d6e76f81",
    "dit-tiny-fp16, checkpoint.pt, 22,"
        + " b0e24cf773d326b10e79ac71079faf255f128d7357e9530f7c8556b46843b5cf",
    "dit-tiny-legacy, checkpoint.pt, 22,"
        + " a9017f546e2cfdeee44b73ce4688048b29350dcca9b33c7ef01cf03e0594eb8e",
    "dit-tiny-nosigma-p4, checkpoint.pt, 32,"
        + " 37377af9b09c796907d1a71adbc6ec000ddcc290ad1816f1aada64e44f189771",
    "dit-tiny-train, 0050000.pt, 56,"
        + " d0126a1ffd220bb4c834088eea63a0fd7901cd8c3d5a7182dc2bfd01d158072f",
    "dit-tiny, checkpoint.pt, 42,"
        + " 56147bd9469a8daf44a6e04b720990b39a46b0f5518db7c8ef12ffc0757f6e32"
  })
  void tensorsAreThoseThatPyTorchReads(String folder, String name, int count, String digest) {
    Path path = Fixtures.of(folder).resolve(name);
    StringBuilder lines = new StringBuilder();
    try (TensorFile file = TensorFiles.open(path)) {
      assertEquals(count, file.tensors().size());
      for (Map.Entry<String, TensorData> each : new TreeMap<>(file.tensors()).entrySet()) {
        TensorData tensor = each.getValue();
        lines
            .append(each.getKey())
            .append(' ')
            .append(tensor.type())
            .append(' ')
            .append(Digests.sha256(tensor))
            .append('\n');
      }
    }
    assertEquals(digest, Digests.sha256(lines.toString().getBytes(StandardCharsets.UTF_8)));
  }
}
