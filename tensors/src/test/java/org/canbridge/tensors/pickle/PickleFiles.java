package org.canbridge.tensors.pickle;

import static org.canbridge.tensors.formats.Refusals.assertRefused;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.canbridge.tensors.files.Problem;
import org.canbridge.tensors.torch.TorchFile;
import org.canbridge.tensors.torch.TorchFileTest;
import org.canbridge.tensors.torch.ZipBytes;
import org.junit.jupiter.api.io.TempDir;

/** Files of one pickle, built instruction by instruction. */
abstract class PickleFiles {
  @TempDir Path folder;

  final Path file(byte[] pickle) throws IOException {
    byte[] zip =
        new ZipBytes()
            .add("m/data.pkl", pickle)
            .add("m/data/0", TorchFileTest.floats(0, 1, 2, 3, 4, 5))
            .end();
    return Files.write(folder.resolve("file"), zip);
  }

  final void refused(Problem problem, PickleBytes pickle, String... lines) throws IOException {
    Path path = file(pickle.bytes());
    assertRefused(problem, path, () -> TorchFile.open(path), lines);
  }

  static PickleBytes dict() {
    return new PickleBytes().op('}', '(');
  }
}
