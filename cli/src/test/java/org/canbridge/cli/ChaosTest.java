package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.canbridge.tensors.files.AtomicDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * What happens to real processes: every command that writes is killed with {@code kill -9}, at
 * random moments and before operations on files, and started again; several write to one name; the
 * disk is full; the surroundings are odd; the input changes. Results are compared byte for byte
 * with undisturbed ones. A table of counts is printed.
 *
 * <p>Every build tries one kill and one race. {@code mvn verify -Pchaos} tries hundreds, for some
 * minutes ({@code -Dcanbridge.chaosKills=N}, {@code -Dcanbridge.chaosRaces=N}; {@code
 * -Dcanbridge.chaosSeed=S} for others).
 */
@EnabledOnOs(OS.LINUX)
class ChaosTest extends ChaosTrials {
  private static final int KILLS = Integer.getInteger("canbridge.chaosKills", 0);
  private static final int RACES = Integer.getInteger("canbridge.chaosRaces", 0);
  private static final int PATIENCE_SECONDS = 300;

  // In every build.

  @Test
  void killedBetweenTheRenamesOfOverwrite() throws Exception {
    ChaosScene scene = ChaosScene.IMPORT_OVERWRITE;
    Path work = work(scene);
    try (SteppedProgram program = SteppedProgram.start(folder, scene.args(inputs(), work))) {
      while (Files.exists(work.resolve("out"))) {
        assertTrue(program.step(), "it ended without a rename");
      }
      assertEquals("rename", program.at());
      program.kill();
    }
    tally.count("kill between the renames", "overwrite", afterKill(scene, work));
  }

  @Test
  void secondProcessIsToldWhoWasFirst() throws Exception {
    race(ChaosScene.IMPORT, new Random(SEED), 6);
  }

  // Under -Pchaos.

  @Test
  void killsAtAnyOperation() throws Exception {
    assumeTrue(KILLS > 0, "mvn verify -Pchaos");
    ChaosScene[] scenes = ChaosScene.values();
    Map<ChaosScene, Integer> most = new EnumMap<>(ChaosScene.class);
    for (int i = 0; i < KILLS / 2; i++) {
      ChaosScene scene = scenes[i % scenes.length];
      Random random = new Random(SEED * 1_000_003 + i);
      Path work = work(scene);
      // The first time to its end, to count.
      int steps = most.containsKey(scene) ? random.nextInt(most.get(scene)) : Integer.MAX_VALUE;
      int done = 0;
      String at;
      try (SteppedProgram program = SteppedProgram.start(folder, scene.args(inputs(), work))) {
        while (done < steps && program.step()) {
          done++;
        }
        at = "operation " + done + " (" + program.at() + ")";
        program.kill();
      }
      most.merge(scene, done, Math::max);
      tally.count(
          "kill at an operation: " + scene, "seed " + i + ", " + at, afterKill(scene, work));
    }
  }

  @Test
  void killsAtAnyMoment() throws Exception {
    assumeTrue(KILLS > 0, "mvn verify -Pchaos");
    ChaosScene[] scenes = ChaosScene.values();
    Map<ChaosScene, Long> longest = new EnumMap<>(ChaosScene.class);
    for (int i = 0; i < KILLS - KILLS / 2; i++) {
      ChaosScene scene = scenes[i % scenes.length];
      Random random = new Random(SEED * 1_000_033 + i);
      Path work = work(scene);
      long before = System.nanoTime();
      Process process = start(scene.args(inputs(), work));
      if (longest.containsKey(scene)) {
        // Not in the first third: there the JVM starts.
        double part = 0.3 + 0.7 * random.nextDouble();
        process.waitFor((long) (longest.get(scene) * part), TimeUnit.NANOSECONDS);
      } else {
        process.waitFor();
        longest.put(scene, System.nanoTime() - before);
      }
      process.destroyForcibly().waitFor();
      long after = (System.nanoTime() - before) / 1_000_000;
      tally.count(
          "kill at a moment: " + scene, "seed " + i + ", " + after + " ms", afterKill(scene, work));
    }
  }

  @Test
  void racesForOneName() throws Exception {
    assumeTrue(RACES > 0, "mvn verify -Pchaos");
    ChaosScene[] scenes = ChaosScene.values();
    for (int i = 0; i < RACES; i++) {
      ChaosScene scene = scenes[i % scenes.length];
      Random random = new Random(SEED * 1_000_037 + i);
      if (i % 3 == 0) {
        raceFreely(scene, 2 + random.nextInt(2));
      } else {
        race(scene, random, 40);
      }
    }
  }

  private Process start(List<String> args) throws IOException {
    ProcessBuilder builder = home().program(Map.of(), args);
    return builder.redirectOutput(log().toFile()).redirectError(log().toFile()).start();
  }

  /** What is wrong after a kill, and after the same command was given again. */
  private String afterKill(ChaosScene scene, Path work) throws IOException {
    Map<String, String> expected = undisturbed(scene);
    Map<String, String> left = ChaosScene.visible(ChaosScene.tree(work));
    String problem = partOf(scene, left);
    Outcome again = run(scene.argsAgain(inputs(), work));
    boolean complete = left.equals(expected);
    boolean refused = again.status() == 4 && again.err().contains("actual: it exists already\n");
    if (again.status() != 0 && !(complete && refused)) {
      problem += " the second start ended with " + again + " finding " + left.keySet();
    }
    problem += difference(expected, ChaosScene.tree(work));
    AtomicDirectory.delete(work);
    return problem.strip();
  }

  /** Under its name there is nothing, all of it, or what it was to replace; each file is whole. */
  private String partOf(ChaosScene scene, Map<String, String> left) throws IOException {
    Map<String, String> expected = undisturbed(scene);
    if (scene.overwrites()) {
      Map<String, String> older = new TreeMap<>();
      ChaosScene.tree(inputs().resolve("older"))
          .forEach((name, what) -> older.put("out/" + name, what));
      older.put("out", "a folder");
      return left.isEmpty() || left.equals(older) || left.equals(expected)
          ? ""
          : "the kill left " + left.keySet();
    }
    Map<String, String> strange = new TreeMap<>(left);
    strange.entrySet().removeAll(expected.entrySet());
    strange.keySet().removeIf(name -> name.endsWith("metrics.jsonl")); // which grows
    boolean inPart = scene.isWhole() && left.containsKey("out") && !left.equals(expected);
    return strange.isEmpty() && !inPart ? "" : "the kill left " + left.keySet();
  }

  /**
   * A process is held before one of its operations while this one wants the same name; then it goes
   * on. One of both wins.
   */
  private void race(ChaosScene scene, Random random, int mostSteps) throws Exception {
    Map<String, String> expected = undisturbed(scene);
    Path work = work(scene);
    int steps = 1 + random.nextInt(mostSteps);
    Outcome second;
    Outcome first;
    String at;
    String owner;
    String unnamed;
    try (SteppedProgram program = SteppedProgram.start(folder, scene.args(inputs(), work))) {
      program.steps(steps);
      at = "held at operation " + steps + " (" + program.at() + ")";
      owner =
          "in use by process "
              + program.pid()
              + " on "
              + InetAddress.getLocalHost().getHostName()
              + " since ";
      // Held for long where it is about to write who it is.
      unnamed = program.at().equals("pwrite") ? "in use by another process\n" : owner;
      second = run(scene.args(inputs(), work));
      first = program.finish();
    }
    String problem =
        loser(second, owner, unnamed)
            + loser(first, "in use by process " + ProcessHandle.current().pid());
    if (first.status() != 0 && second.status() != 0) {
      problem += " nobody won: " + first + second;
    }
    problem += difference(expected, ChaosScene.tree(work));
    tally.count("race with one held: " + scene, at, problem.strip());
    AtomicDirectory.delete(work);
  }

  /** Who does not win is refused by the lock, or finds the name taken. */
  private static String loser(Outcome outcome, String... owners) {
    if (outcome.status() == 0) {
      return "";
    }
    boolean told =
        Arrays.stream(owners).anyMatch(owner -> outcome.err().contains("\n  actual: " + owner))
            || outcome.err().contains("\n  actual: it exists already\n");
    return told && outcome.status() == 4 ? "" : " " + outcome;
  }

  /** Several start at once, and nobody holds anyone. */
  private void raceFreely(ChaosScene scene, int runners) throws Exception {
    Map<String, String> expected = undisturbed(scene);
    Path work = work(scene);
    List<Process> processes = new ArrayList<>();
    List<Path> errors = new ArrayList<>();
    for (int i = 0; i < runners; i++) {
      ProcessBuilder builder = home().program(Map.of(), scene.args(inputs(), work));
      Path err = log();
      errors.add(err);
      builder.redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(err.toFile());
      processes.add(builder.start());
    }
    String problem = "";
    int winners = 0;
    for (int i = 0; i < runners; i++) {
      Process process = processes.get(i);
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        problem += " one hangs";
      }
      Outcome outcome = new Outcome(process.waitFor(), "", Files.readString(errors.get(i)));
      winners += outcome.status() == 0 ? 1 : 0;
      problem += loser(outcome, "in use by process ");
    }
    problem += winners > 0 ? "" : " nobody won";
    problem += difference(expected, ChaosScene.tree(work));
    tally.count("race of " + runners + ": " + scene, runners + " at once", problem.strip());
    AtomicDirectory.delete(work);
  }
}
