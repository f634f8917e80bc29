package org.canbridge.runtime.bulk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.SeededNoise;
import org.canbridge.tensors.files.InputFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class BulkRunTest {
  private static final ImageShape SHAPE = new ImageShape(3, 4, 4);
  private static final Map<String, String> SETTINGS = Map.of("seed", "7");

  @TempDir private Path folder;

  @Test
  void numbersFilesInFolders() throws IOException {
    BulkPlan plan = new BulkPlan(1003, 50, 0, 1);
    BulkRun run = open("whole", plan);
    assertEquals(1003, run.remaining());
    List<Long> told = new ArrayList<>();
    run.run(BulkRunTest::draw, told::add, () -> false);
    assertEquals(0, run.remaining());
    assertEquals(1003, told.get(told.size() - 1));
    assertEquals(21, told.size());
    SortedMap<String, byte[]> files = files("whole");
    assertEquals(1004, files.size());
    assertEquals("00000/00000000.png", files.firstKey());
    assertTrue(files.containsKey("00000/00000999.png"));
    assertTrue(files.containsKey("00001/00001002.png"));
  }

  @Test
  void shardsTogetherMakeTheWholeRun() throws IOException {
    open("whole", new BulkPlan(23, 4, 0, 1)).run(BulkRunTest::draw, n -> {}, () -> false);
    for (int shard = 2; shard >= 0; shard--) {
      open("shards", new BulkPlan(23, 4, shard, 3)).run(BulkRunTest::draw, n -> {}, () -> false);
    }
    assertSame("whole", "shards");
  }

  @Test
  void aStoppedRunEndsWithTheSameBytes() throws IOException {
    BulkPlan plan = new BulkPlan(23, 4, 0, 1);
    open("whole", plan).run(BulkRunTest::draw, n -> {}, () -> false);
    int[] asked = {0};
    assertThrows(
        CancellationException.class,
        () -> open("stopped", plan).run(BulkRunTest::draw, n -> {}, () -> asked[0]++ == 3));
    assertEquals(13, files("stopped").size());
    Files.delete(folder.resolve("stopped/00000/00000005.png"));
    Files.writeString(folder.resolve("stopped/00000/.00000005.png-1.tmp"), "half");
    BulkRun again = open("stopped", plan);
    assertEquals(23 - 12 + 4, again.remaining());
    List<Long> firsts = new ArrayList<>();
    again.run(
        (first, count) -> {
          firsts.add(first);
          return draw(first, count);
        },
        n -> {},
        () -> false);
    assertEquals(List.of(4L, 12L, 16L, 20L), firsts);
    assertSame("whole", "stopped");
  }

  /** The process is killed with SIGKILL (destroyed forcibly) while it writes. */
  @Test
  void aKilledRunEndsWithTheSameBytes() throws IOException, InterruptedException {
    BulkPlan plan = new BulkPlan(200, 4, 0, 1);
    open("whole", plan).run(BulkRunTest::draw, n -> {}, () -> false);
    Path killed = folder.resolve("killed");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Slowly.class.getName(),
                killed.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start();
    Path some = killed.resolve(BulkPlan.file(20, ".png"));
    while (process.isAlive() && !Files.exists(some)) {
      Thread.sleep(5);
    }
    assertTrue(process.isAlive(), () -> "ended by itself: " + text(folder.resolve("log")));
    process.destroyForcibly().waitFor();
    BulkRun run = open("killed", plan);
    assertTrue(run.remaining() > 0 && run.remaining() < 200, "remaining: " + run.remaining());
    run.run(BulkRunTest::draw, n -> {}, () -> false);
    assertSame("whole", "killed");
  }

  @Test
  void otherSettingsAndOtherFilesAreRefused() throws IOException {
    BulkPlan plan = new BulkPlan(5, 2, 0, 1);
    open("run", plan).run(BulkRunTest::draw, n -> {}, () -> false);
    assertEquals(0, open("run", plan).remaining());
    assertRefused(() -> open("run", new BulkPlan(6, 2, 0, 1)));
    assertRefused(() -> open("run", new BulkPlan(5, 1, 0, 1)));
    InputFileException other =
        assertThrows(InputFileException.class, () -> open("run", new BulkPlan(6, 1, 0, 1)));
    assertEquals(
        """
        the folder holds images of another run
          expected: the options that the images were drawn with
          actual: count was 5 and is now 6; batch was 2 and is now 1
          file: %s
          next: give the options of that run to go on with it, or another folder\
        """
            .formatted(folder.resolve("run").resolve(BulkRun.RECORD)),
        other.getMessage());
    assertRefused(() -> BulkRun.open(folder.resolve("run"), plan, Map.of("seed", "8"), png()));
    Files.writeString(folder.resolve("run").resolve(BulkRun.RECORD), "{");
    assertRefused(() -> open("run", plan));
    Files.createDirectories(folder.resolve("photos"));
    Files.writeString(folder.resolve("photos/holiday.jpg"), "");
    assertRefused(() -> open("photos", plan));
    assertFalse(Files.exists(folder.resolve("photos").resolve(BulkRun.RECORD)));
  }

  private static void assertRefused(Executable executable) {
    InputFileException refusal = assertThrows(InputFileException.class, executable);
    assertEquals(BulkProblem.SAMPLES_OF_OTHER_SETTINGS, refusal.problem());
  }

  @Test
  void impossiblePlansAreRefused() {
    long[][] plans = {{0, 1, 0, 1}, {1, 0, 0, 1}, {1, 1, 1, 1}, {1, 1, -1, 1}, {1, 1, 0, 0}};
    for (long[] p : plans) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new BulkPlan(p[0], (int) p[1], (int) p[2], (int) p[3]));
    }
  }

  @Test
  void latentsAreSavedToo() throws IOException {
    LatentFile file = new LatentFile(SETTINGS, image -> image % 10);
    BulkRun.open(folder.resolve("latents"), new BulkPlan(3, 2, 0, 1), SETTINGS, file)
        .run(BulkRunTest::draw, n -> {}, () -> false);
    assertTrue(files("latents").containsKey("00000/00000002.safetensors"));
  }

  private BulkRun open(String name, BulkPlan plan) throws IOException {
    return BulkRun.open(folder.resolve(name), plan, SETTINGS, png());
  }

  private static PngImageFile png() {
    return new PngImageFile(SETTINGS, image -> image % 10);
  }

  /** Depends on the whole batch, as a network's rounding may. */
  private static Latents draw(long first, int count) {
    Latents noise =
        new SeededNoise(1, LongStream.range(first, first + count).toArray()).next(SHAPE);
    double[] values = noise.values().clone();
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.tanh(values[i] + 0.1 * values[values.length - 1]);
    }
    return new Latents(SHAPE, values);
  }

  private void assertSame(String expected, String actual) throws IOException {
    Map<String, byte[]> left = files(expected);
    Map<String, byte[]> right = files(actual);
    assertEquals(left.keySet(), right.keySet());
    left.forEach((name, bytes) -> assertArrayEquals(bytes, right.get(name), name));
  }

  private SortedMap<String, byte[]> files(String name) throws IOException {
    Path root = folder.resolve(name);
    SortedMap<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(root)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        files.put(root.relativize(file).toString().replace('\\', '/'), Files.readAllBytes(file));
      }
    }
    return files;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Draws 200 images with pauses, in a process of its own. */
  static final class Slowly {
    private Slowly() {}

    /** Fills the folder that is given. */
    public static void main(String[] args) throws IOException {
      BulkRun.open(Path.of(args[0]), new BulkPlan(200, 4, 0, 1), SETTINGS, png())
          .run(
              (first, count) -> {
                try {
                  Thread.sleep(30);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
                return draw(first, count);
              },
              n -> {},
              () -> false);
    }
  }
}
