package org.canbridge.verifiers.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apiguardian.api.API;
import org.canbridge.runtime.page.Page;
import org.canbridge.tensors.files.AtomicDirectory;
import org.canbridge.tensors.files.AtomicFile;
import org.canbridge.verifiers.ParityReport;

/** Writes a report into a directory in all forms that are files. */
@API(status = API.Status.STABLE)
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
    write(report, directory, List.of());
  }

  /**
   * As {@link #write(ParityReport, Path)}, with links to other pages from the HTML page's place.
   */
  public static void write(ParityReport report, Path directory, List<Page.Link> links)
      throws IOException {
    Map<String, String> files = new LinkedHashMap<>();
    files.put("report.json", JsonReport.of(report));
    files.put("junit.xml", JunitXmlReport.of(report));
    files.put("report.html", HtmlReport.of(report, links).html());
    Deque<Path> made = new ArrayDeque<>();
    try {
      AtomicDirectory.makeFolders(directory.toAbsolutePath(), made);
      for (Map.Entry<String, String> entry : files.entrySet()) {
        AtomicFile.write(directory.resolve(entry.getKey()), entry.getValue());
      }
    } finally {
      AtomicDirectory.removeEmpty(made);
    }
  }
}
