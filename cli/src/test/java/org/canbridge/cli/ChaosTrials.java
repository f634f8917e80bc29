package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.canbridge.tensors.files.AtomicDirectory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What the tests of {@link ChaosScene}s share: inputs, undisturbed results, and the counting. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ChaosTrials {
  static final long SEED = Long.getLong("canbridge.chaosSeed", 1);

  @TempDir static Path folder;

  final ChaosTally tally = new ChaosTally();
  private final Map<String, Map<String, String>> undisturbed = new HashMap<>();
  private Path inputs;
  private LauncherHome home;
  private int trials;

  @BeforeAll
  void makeInputs() throws IOException {
    inputs = Files.createDirectory(folder.resolve("inputs"));
    ChaosScene.makeInputs(inputs);
    home = LauncherHome.in(folder.resolve("checkout"));
  }

  /** The table, and what came out wrong. */
  @AfterEach
  void report() {
    if (tally.tried() > 0) {
      System.out.print(tally);
    }
    List<String> wrong = List.copyOf(tally.wrong());
    tally.clear();
    assertEquals(List.of(), wrong);
  }

  Path inputs() {
    return inputs;
  }

  LauncherHome home() {
    return home;
  }

  /** A new folder with what the scene finds there. */
  Path work(ChaosScene scene) throws IOException {
    Path work = folder.resolve("work-" + trials++);
    Files.createDirectory(work);
    scene.prepare(inputs, work);
    return work;
  }

  /** Takes what processes say. */
  Path log() throws IOException {
    return Files.createTempFile(Files.createDirectories(folder.resolve("logs")), "said", "");
  }

  static Outcome run(List<String> args) {
    return Outcome.of(args.toArray(String[]::new));
  }

  /** What the scene leaves when nothing happens. */
  Map<String, String> undisturbed(ChaosScene scene) throws IOException {
    return undisturbed(scene, inputs, 0);
  }

  /** What it leaves of other inputs. */
  Map<String, String> undisturbed(ChaosScene scene, Path from, int status) throws IOException {
    String key = scene + " " + from;
    if (!undisturbed.containsKey(key)) {
      Path work = work(scene);
      Outcome outcome = run(scene.args(from, work));
      assertEquals(status, outcome.status(), outcome.err());
      undisturbed.put(key, ChaosScene.tree(work));
      AtomicDirectory.delete(work);
    }
    return undisturbed.get(key);
  }

  /** What is other than it should be; empty if nothing is. */
  static String difference(Map<String, String> expected, Map<String, String> actual) {
    Set<String> names = new TreeSet<>(expected.keySet());
    names.addAll(actual.keySet());
    List<String> differences = new ArrayList<>();
    for (String name : names) {
      String there = actual.get(name);
      if (!expected.containsKey(name)) {
        differences.add(name + " is left");
      } else if (there == null) {
        differences.add(name + " is missing");
      } else if (!there.equals(expected.get(name))) {
        differences.add(name + " is " + there + " and not " + expected.get(name));
      }
    }
    return differences.isEmpty() ? "" : " " + String.join("; ", differences);
  }
}
