package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.apiguardian.api.API;
import org.canbridge.fixtures.Fixtures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** README, "From Maven": what it shows is the project in docs/examples, compiles and works. */
final class FromMavenTest {
  private static final Path HOME = Fixtures.root().resolve("../..").normalize();
  private static final Path EXAMPLE = HOME.resolve("docs/examples/from-maven");
  private static final Path SOURCE = EXAMPLE.resolve("src/main/java/Example.java");

  @TempDir Path folder;

  private static String section() throws IOException {
    String readme = Files.readString(HOME.resolve("README.md"));
    int begin = readme.indexOf("\n## From Maven\n");
    return readme.substring(begin, readme.indexOf("\n## ", begin + 1));
  }

  private static List<String> blocks(String language) throws IOException {
    return Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
        .matcher(section())
        .results()
        .map(block -> block.group(1))
        .toList();
  }

  @Test
  void theProgramCompilesAndRuns() throws Exception {
    String code = blocks("java").get(0);
    assertEquals(Files.readString(SOURCE), code);
    Path source = Files.writeString(folder.resolve("Example.java"), code);
    String classPath = System.getProperty("java.class.path");
    int failed =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-proc:none", "-cp", classPath, source.toString());
    assertEquals(0, failed);

    Path bundle = Fixtures.of("dit-tiny-nosigma-p4");
    Path results = folder.resolve("results");
    try (URLClassLoader classes = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      String[] args = {
        bundle.resolve("checkpoint.pt").toString(), "3", bundle.toString(), results.toString()
      };
      classes.loadClass("Example").getMethod("main", String[].class).invoke(null, (Object) args);
    }
    assertTrue(Files.size(results.resolve("images.png")) > 0);
  }

  @Test
  void theProjectIsTheOneThatIsShown() throws IOException {
    String pom = Files.readString(EXAMPLE.resolve("pom.xml")).replaceAll("\\s+", "");
    for (String block : blocks("xml")) {
      assertTrue(pom.contains(block.replaceAll("\\s+", "")), block);
    }
  }

  /** Whoever follows the README uses nothing that may change. */
  @Test
  void theProgramNeedsStableTypesAlone() throws Exception {
    Matcher imported =
        Pattern.compile("^import (org\\.canbridge\\.[\\w.]+);", Pattern.MULTILINE)
            .matcher(Files.readString(SOURCE));
    while (imported.find()) {
      assertTrue(
          Class.forName(imported.group(1)).isAnnotationPresent(API.class), imported.group(1));
    }
  }

  /** One version everywhere, and no published module that the bill of materials forgets. */
  @Test
  void theBillOfMaterialsNamesWhatIsPublished() throws IOException {
    String bom = Files.readString(HOME.resolve("bom/pom.xml"));
    String root = Files.readString(HOME.resolve("pom.xml"));
    assertEquals(texts(root, "version").get(0), texts(bom, "version").get(0));
    assertEquals(texts(root, "version").get(0), texts(blocks("xml").get(0), "version").get(0));
    List<String> published =
        texts(root, "module").stream()
            .filter(module -> !module.equals("bom"))
            .map(module -> read(HOME.resolve(module).resolve("pom.xml")))
            .filter(pom -> !pom.contains("<maven.deploy.skip>"))
            .map(pom -> texts(pom, "artifactId").get(1))
            .toList();
    String managed = bom.substring(bom.indexOf("<dependencies>"), bom.indexOf("</dependencies>"));
    assertEquals(published, texts(managed, "artifactId"));
  }

  private static List<String> texts(String xml, String element) {
    return Pattern.compile("<" + element + ">([^<]*)<")
        .matcher(xml)
        .results()
        .map(found -> found.group(1))
        .collect(Collectors.toList());
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
