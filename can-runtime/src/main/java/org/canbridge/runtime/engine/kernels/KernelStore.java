package org.canbridge.runtime.engine.kernels;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.canbridge.tensors.files.AtomicFile;
import org.canbridge.tensors.files.Json;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports in a folder, one file for each machine. A folder that cannot be read or written costs a
 * check, nothing else.
 *
 * @param folder of the files; made when it is needed
 */
public record KernelStore(Path folder) {
  private static final Logger LOGGER = LoggerFactory.getLogger(KernelStore.class);

  /**
   * Where the report of a machine is. Another machine may have the same name, seldom: a report says
   * whose it is.
   */
  public Path file(Machine machine) {
    int key =
        List.of(machine.cpu(), machine.software(), machine.environment()).toString().hashCode();
    return folder.resolve("kernels-" + Integer.toHexString(key) + ".json");
  }

  /** What was kept of this machine. */
  public Optional<KernelReport> read(Machine machine) {
    Path file = file(machine);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      return KernelReport.of(Json.parse(Files.readAllBytes(file)), machine);
    } catch (IOException e) {
      LOGGER.debug("{} is not read: {}", file, e.toString());
      return Optional.empty();
    }
  }

  /** Keeps a report. */
  public void write(KernelReport report) {
    Path path = file(report.machine());
    try {
      Files.createDirectories(folder);
      AtomicFile.write(path, Json.pretty(report.json()) + "\n");
    } catch (IOException e) {
      LOGGER.debug("{} is not written: {}", path, e.toString());
    }
  }
}
