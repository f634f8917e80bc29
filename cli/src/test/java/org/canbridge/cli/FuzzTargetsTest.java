package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.canbridge.fixtures.Fixtures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The seeds of all targets, finds of earlier runs among them, in every build; and under {@code
 * -Pfuzz} the search for more, by Jazzer, which keeps what reaches new code and changes it further:
 *
 * <pre>
 * mvn verify -Pfuzz -Dcanbridge.fuzzSeconds=3600 [-Dcanbridge.fuzzOnly=ONNX,IMAGE]
 * </pre>
 *
 * The seconds are shared among the targets. What it finds lies in {@code cli/target/fuzz/NAME}; it
 * belongs into {@code fixtures/fuzz/NAME} once it is mended.
 */
class FuzzTargetsTest {
  private static final int SECONDS = Integer.getInteger("canbridge.fuzzSeconds", 0);
  private static final String ONLY = System.getProperty("canbridge.fuzzOnly", "");

  private static final int LONGEST_INPUT = 16_384;
  private static final int HANGS_SECONDS = 60;
  private static final int MOST_MEBIBYTES = 2048;
  private static final Pattern DONE = Pattern.compile("number_of_executed_units: +(\\d+)");
  private static final Pattern COVERAGE = Pattern.compile("cov: (\\d+)");

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(FuzzTarget.class)
  void seedsAreTakenOrRefused(FuzzTarget target) throws IOException {
    target.prepare(folder);
    List<Path> seeds = target.seeds();
    assertNotEquals(List.of(), seeds);
    int taken = 0;
    for (Path seed : seeds) {
      taken += target.feed(folder, Files.readAllBytes(seed)) ? 1 : 0;
    }
    assertNotEquals(0, taken, "not one of the seeds is valid");
  }

  /** A folder of seeds that no target reads would be a test that nobody runs. */
  @Test
  void everySeedHasItsTarget() throws IOException {
    List<String> targets =
        Arrays.stream(FuzzTarget.values()).map(FuzzTarget::folder).sorted().toList();
    try (var folders = Files.list(Fixtures.root().resolveSibling("fuzz"))) {
      for (Path each : folders.toList()) {
        assertTrue(targets.contains(each.getFileName().toString()), each.toString());
      }
    }
  }

  @Test
  void searchForMore() throws Exception {
    assumeTrue(SECONDS > 0, "mvn verify -Pfuzz -Dcanbridge.fuzzSeconds=N");
    List<FuzzTarget> targets =
        Arrays.stream(FuzzTarget.values())
            .filter(target -> ONLY.isEmpty() || List.of(ONLY.split(",")).contains(target.name()))
            .toList();
    List<String> finds = new ArrayList<>();
    long total = 0;
    System.out.printf("%-18s %10s %8s %6s %6s%n", "fuzz", "cases", "seconds", "edges", "finds");
    for (FuzzTarget target : targets) {
      Path results = Files.createDirectories(Path.of("target/fuzz").resolve(target.folder()));
      Instant start = Instant.now();
      String log = search(target, results, Math.max(1, SECONDS / targets.size()));
      long cases = last(DONE, log);
      List<String> found = finds(results);
      total += cases;
      finds.addAll(found);
      System.out.printf(
          "%-18s %10d %8d %6d %6d%n",
          target.folder(),
          cases,
          Duration.between(start, Instant.now()).toSeconds(),
          last(COVERAGE, log),
          found.size());
    }
    System.out.printf("%-18s %10d%n", "together", total);
    assertEquals(List.of(), finds);
  }

  private String search(FuzzTarget target, Path results, int seconds) throws Exception {
    Path seeds = Files.createDirectories(folder.resolve(target.folder()));
    for (Path seed : target.seeds()) {
      String name = Integer.toHexString(seed.hashCode()) + "-" + seed.getFileName();
      Files.copy(seed, seeds.resolve(name));
    }
    Path log = results.resolve("log");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin/java").toString(),
            "-Xmx1g",
            "-XX:+UseSerialGC",
            "-D" + FuzzEntry.TARGET + "=" + target.name(),
            "-Djava.io.tmpdir=" + Files.createDirectories(folder.resolve("tmp")),
            "-Dcanbridge.home=" + Fixtures.root().resolve("../..").normalize(),
            "-Dai.djl.offline=true",
            "-cp",
            System.getProperty("java.class.path"),
            "com.code_intelligence.jazzer.Jazzer",
            "--target_class=" + FuzzEntry.class.getName(),
            "--instrumentation_includes=org.canbridge.**",
            "--custom_hook_includes=org.canbridge.**",
            "--keep_going=20",
            "--reproducer_path=" + results,
            "-artifact_prefix=" + results + File.separator,
            "-max_total_time=" + seconds,
            "-max_len=" + LONGEST_INPUT,
            "-timeout=" + HANGS_SECONDS,
            "-rss_limit_mb=" + MOST_MEBIBYTES,
            "-print_final_stats=1",
            seeds.toString());
    int status =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start()
            .waitFor();
    String said = Files.readString(log);
    assertTrue(said.contains("stat::number_of_executed_units"), status + ": " + said);
    return said;
  }

  /** Inputs that crashed, hung, or took too much memory. */
  private static List<String> finds(Path results) throws IOException {
    try (var files = Files.list(results)) {
      return files
          .map(Path::toString)
          .filter(name -> name.matches(".*/(crash|timeout|oom|leak)-[0-9a-f]+"))
          .sorted()
          .toList();
    }
  }

  private static long last(Pattern number, String log) {
    long last = 0;
    for (Matcher found = number.matcher(log); found.find(); ) {
      last = Long.parseLong(found.group(1));
    }
    return last;
  }
}
