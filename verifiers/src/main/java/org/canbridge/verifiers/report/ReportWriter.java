package org.canbridge.verifiers.report;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.canbridge.tensors.files.AtomicFile;
import org.canbridge.verifiers.ParityReport;

/** Writes a report into a directory in all forms that are files. */
public final class ReportWriter {
  private ReportWriter() {}

  /**
   * Writes {@code report.json} ({@link JsonReport}), {@code junit.xml} ({@link JunitXmlReport}) and
   * {@code report.html} ({@link HtmlReport}), replacing those of an earlier run. Each file appears
   * complete or not at all.
   *
   * @param directory created if it is missing
   * @throws IOException if the directory cannot be created or written
   */
  public static void write(ParityReport report, Path directory) throws IOException {
    Map<String, String> files = new LinkedHashMap<>();
    files.put("report.json", JsonReport.of(report));
    files.put("junit.xml", JunitXmlReport.of(report));
    files.put("report.html", HtmlReport.of(report));
    Files.createDirectories(directory);
    for (Map.Entry<String, String> entry : files.entrySet()) {
      try (AtomicFile file = AtomicFile.create(directory.resolve(entry.getKey()))) {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(entry.getValue());
        while (bytes.hasRemaining()) {
          file.channel().write(bytes);
        }
        file.commit();
      }
    }
  }
}
