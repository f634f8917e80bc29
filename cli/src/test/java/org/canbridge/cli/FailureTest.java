package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileSystemException;
import org.junit.jupiter.api.Test;

class FailureTest {

  @Test
  void foldersThatTheNativeLibraryCannotWriteAreNamed() {
    Failure failure =
        Failure.of(
            new IllegalStateException(
                "Failed to extract PyTorch native library",
                new FileSystemException("/cache/pytorch", null, "Read-only file system")));
    assertEquals(ExitStatus.FAILURE, failure.status());
    String cache = System.getenv("DJL_CACHE_DIR");
    assertEquals(
        """
        the native library's files cannot be written
          actual: Read-only file system
          file: /cache/pytorch
          next: set DJL_CACHE_DIR (the library itself), or CANBRIDGE_JAVA_OPTS to \
        -Djava.io.tmpdir=DIR (temporary files), to a folder that can be written to; now they are \
        %s and %s"""
            .formatted(cache == null ? "~/.djl.ai" : cache, System.getProperty("java.io.tmpdir")),
        failure.message());
    assertTrue(
        Failure.of(new IllegalStateException(new IOException("No space left on device")))
            .message()
            .contains("actual: No space left on device\n  next:"));
    assertTrue(Failure.of(new IllegalStateException("x")).message().startsWith("internal error"));
  }
}
