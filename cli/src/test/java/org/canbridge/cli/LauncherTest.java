package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The script {@code canbridge}, in a checkout whose jar is the class path of the tests. */
class LauncherTest {
  private static final String TEXT = "\u00e9\u65e5 \u263c";

  private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin/java");

  @TempDir Path folder;
  private Path home;

  @BeforeEach
  void makeCheckout() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "the launcher is a shell script");
    home = folder.resolve("checkout");
    LauncherHome.in(home);
  }

  private Outcome run(Map<String, String> environment, String... args) throws Exception {
    return shell(environment, "exec \"$0\" \"$@\"", args);
  }

  /** Runs a script whose {@code $0} is the launcher, in an empty folder. */
  private Outcome shell(Map<String, String> environment, String script, String... args)
      throws Exception {
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    ProcessBuilder builder =
        new LauncherHome(home)
            .shell(environment, script, List.of(args))
            .directory(Files.createDirectories(folder.resolve("work")).toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    int status = builder.start().waitFor();
    return new Outcome(status, Files.readString(out), Files.readString(err));
  }

  @ParameterizedTest
  @ValueSource(strings = {"C", "C.UTF-8", "de_DE.ISO-8859-1"})
  void argumentsAreUtf8WhateverTheLocale(String locale) throws Exception {
    Path job = folder.resolve("work/job.json");
    Path model = folder.resolve("work").resolve("mod\u00e8le.pt");
    // Handed to the shell as bytes of ASCII, so that the test's own locale plays no part.
    String script =
        "text=$(printf '\\303\\251\\346\\227\\245 \\342\\230\\274'); \"$0\" sample"
            + " \"$(printf 'mod\\303\\250le.pt')\" --prompt \"$text\" --text-encoder clip"
            + " --save-job job.json";

    Outcome outcome = shell(Map.of("LC_ALL", locale), script);

    assertEquals(new Outcome(0, "wrote job.json\n", ""), outcome);
    String written = Files.readString(job);
    assertTrue(written.contains("\"" + TEXT + "\""), written);
    assertTrue(written.contains(model.getFileName().toString()), written);
  }

  @Test
  void thePromptsOfAFileAreThoseOfTheCommandLine() throws Exception {
    Files.createDirectories(folder.resolve("work"));
    Files.writeString(folder.resolve("work/prompts.txt"), TEXT + "\n", StandardCharsets.UTF_8);

    for (String[] prompt : new String[][] {{"--prompt", TEXT}, {"--prompts", "prompts.txt"}}) {
      Outcome outcome =
          run(
              Map.of("LC_ALL", "C.UTF-8"),
              "sample",
              "m.pt",
              prompt[0],
              prompt[1],
              "--text-encoder",
              "clip",
              "--save-job",
              prompt[0] + ".json");
      assertEquals(0, outcome.status(), outcome.err());
    }

    assertEquals(
        Files.readString(folder.resolve("work/--prompt.json")),
        Files.readString(folder.resolve("work/--prompts.json")));
  }

  @Test
  void inADistributionNothingIsBuilt() throws Exception {
    Path distribution = Files.createDirectories(folder.resolve("distribution/bin"));
    Files.move(home.resolve("cli/target/canbridge/lib"), distribution.resolveSibling("lib"));
    Files.move(home.resolve("native.env"), distribution.resolveSibling("native.env"));
    Files.move(home.resolve("canbridge"), distribution.resolve("canbridge"));
    home = distribution;

    Outcome outcome = run(Map.of("CANBRIDGE_BUILD", ""), "--version");

    assertEquals(0, outcome.status(), outcome.err());
    assertTrue(outcome.out().startsWith("canbridge "), outcome.out());
    try (Stream<Path> files = Files.list(distribution.getParent())) {
      assertEquals(
          Set.of("bin", "lib", "native.env", "started"),
          files.map(file -> file.getFileName().toString()).collect(Collectors.toSet()));
    }
  }

  @Test
  void argumentsThatWereNotReadAsUtf8AreRefused() {
    String[] good = {"sample", TEXT};
    assertEquals(Optional.empty(), Main.garbled(good, "UTF-8"));
    assertEquals(
        Optional.empty(), Main.garbled(new String[] {"inspect", "a?.pt"}, "ANSI_X3.4-1968"));
    assertEquals(
        Optional.of(
            """
            argument 2 is not the text that was typed
              expected: UTF-8
              actual: bytes read as ISO-8859-1
              next: start ./canbridge, or set LC_ALL=C.UTF-8 (or another locale of UTF-8)"""),
        Main.garbled(good, "ISO-8859-1"));
    assertEquals(
        Optional.of(
            """
            argument 1 is not the text that was typed
              expected: UTF-8
              actual: bytes read as UTF-8
              next: give the argument in UTF-8"""),
        Main.garbled(new String[] {"\uFFFDx"}, "UTF-8"));
  }

  @Test
  void bytesThatAreNoUtf8AreAWrongUse() throws Exception {
    Outcome outcome = shell(Map.of(), "exec \"$0\" inspect \"$(printf 'mod\\350le.pt')\"");

    assertEquals(2, outcome.status());
    assertTrue(
        outcome.err().startsWith("canbridge: argument 2 is not the text that was typed\n"),
        outcome.err());
  }

  @ParameterizedTest
  @ValueSource(strings = {"-XX:+NoSuchOption", "-Xmx999999999g"})
  void jvmThatDoesNotStartIsAFailureAndNoDifference(String option) throws Exception {
    Outcome outcome = run(Map.of("CANBRIDGE_JAVA_OPTS", option), "--version");

    assertFailedToStart(outcome);
  }

  @Test
  void jvmThatLacksMemoryToStartIsAFailureAndNoDifference() throws Exception {
    assertFailedToStart(shell(Map.of(), "ulimit -v 100000 && exec \"$0\" --version"));
  }

  @Test
  void jvmThatLacksDescriptorsIsAFailureAndNoDifference() throws Exception {
    Outcome outcome = shell(Map.of(), "ulimit -n 40 && exec \"$0\" --version");

    assertEquals(
        new Outcome(
            4,
            "",
            """
            canbridge: too few files may be open at a time
              expected: at least 128
              actual: 40
              next: ulimit -n 1024
            """),
        outcome);
  }

  @Test
  void workingFolderThatIsGoneIsAFailureAndNoDifference() throws Exception {
    Outcome outcome = shell(Map.of(), "mkdir gone; cd gone; rmdir ../gone; exec \"$0\" --version");

    assertEquals(4, outcome.status());
    assertEquals("", outcome.out());
    assertTrue(
        outcome
            .err()
            .endsWith(
                """
                canbridge: the working folder is gone
                  next: cd to a folder that is there
                """),
        outcome.err());
  }

  private static void assertFailedToStart(Outcome outcome) {
    assertEquals(4, outcome.status(), outcome.err());
    assertEquals("", outcome.out());
    assertTrue(
        outcome
            .err()
            .endsWith(
                """
                canbridge: Java does not start
                  actual: what %s says above
                  next: correct CANBRIDGE_JAVA_OPTS and the like, JAVA_HOME, or the limits (ulimit -a)
                """
                    .formatted(JAVA)),
        outcome.err());
  }

  @Test
  void theFirstStartIsTriedAndRemembered() throws Exception {
    Path build = home.resolve("cli/target/canbridge");
    Files.delete(build.resolve("started"));

    Outcome outcome = run(Map.of(), "--version");

    assertEquals(0, outcome.status());
    assertEquals("", outcome.err());
    assertTrue(outcome.out().startsWith("canbridge "), outcome.out());
    assertEquals(JAVA + "\n", Files.readString(build.resolve("started")));
    try (var left = Files.list(build)) {
      assertEquals(
          Set.of("classes.jsa", "lib", "started"),
          left.map(file -> file.getFileName().toString()).collect(Collectors.toSet()));
    }
  }

  /** What is left of an archive, or is another JDK's, is neither used nor spoken of. */
  @Test
  void anArchiveThatDoesNotFitIsLeft() throws Exception {
    Files.writeString(home.resolve("cli/target/canbridge/classes.jsa"), "no archive");

    Outcome outcome = run(Map.of(), "--version");

    assertEquals(0, outcome.status());
    assertEquals("", outcome.err());
    assertTrue(outcome.out().startsWith("canbridge "), outcome.out());
  }

  @Test
  void theStatusOfTheProgramIsTheLaunchers() throws Exception {
    assertEquals(0, run(Map.of(), "--version").status());
    assertEquals(2, run(Map.of("CANBRIDGE_JAVA_OPTS", "-Xmx64m"), "no-such-command").status());
    assertEquals(3, run(Map.of(), "inspect", "no-such-file").status());
  }

  @Test
  void aCrashLeavesNothingInTheWorkingFolder() throws Exception {
    Path logs = Files.createDirectories(folder.resolve("logs"));
    // SIGABRT, SIGSEGV and the like from outside end the JVM as its own crash does.
    String script =
        "\"$0\" quickstart --out \"$1\" & n=0;"
            + " until [ -d \"$1\" ] || [ $n -gt 300 ]; do sleep 0.2; n=$((n+1)); done;"
            + " sleep 2; kill -SEGV $!; wait $!";

    Outcome outcome =
        shell(Map.of("TMPDIR", logs.toString()), script, folder.resolve("q").toString());

    // The virtual machine's own where the program goes on and waits for it meanwhile.
    assertTrue(Set.of(4, 134).contains(outcome.status()), outcome.toString());
    assertTrue(
        outcome.err().contains("canbridge: the Java virtual machine crashed\n"), outcome.err());
    try (var left = Files.list(folder.resolve("work"));
        var written = Files.list(logs)) {
      assertEquals(List.of(), left.toList());
      assertEquals(
          List.of("canbridge-crash-"),
          written
              .map(log -> log.getFileName().toString().replaceFirst("[0-9]+\\.log$", ""))
              .toList());
    }
  }

  /** Native code reads the weights from the mapped file, and dies where that ends. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aModelThatIsCutWhileItIsUsedIsNamed() throws Exception {
    Path logs = Files.createDirectories(folder.resolve("logs"));
    Path model = folder.resolve("model");
    Path fixture = Fixtures.of("dit-fmnist").resolve("checkpoint.pt");
    Outcome.of("import", fixture.toString(), "--heads", "4", "--out", model.toString());
    Path weights = model.resolve("model.safetensors");
    long size = Files.size(weights);
    String script =
        "\"$0\" sample \"$1\" --sampler ddpm --steps 1000 --out \"$2\" 2>\"$2.err\" & n=0;"
            + " until grep -q steps \"$2.err\" || [ $n -gt 3000 ]; do sleep 0.1; n=$((n+1)); done;"
            + " truncate -s 20000 \"$1/model.safetensors\"; wait $!; s=$?; cat \"$2.err\" >&2; exit $s";

    Outcome outcome =
        shell(
            Map.of("TMPDIR", logs.toString()),
            script,
            model.toString(),
            folder.resolve("grid.png").toString());

    assertEquals(3, outcome.status(), outcome.err());
    assertTrue(
        outcome
            .err()
            .endsWith(
                """
                canbridge: the file became shorter while it was open
                  expected: %d bytes
                  file: %s
                  next: let whatever writes it finish, then start again
                """
                    .formatted(size, weights)),
        outcome.err());
    try (var left = Files.list(folder.resolve("work"));
        var written = Files.list(logs)) {
      assertEquals(List.of(), left.toList());
      assertEquals(List.of(), written.toList());
    }
  }
}
