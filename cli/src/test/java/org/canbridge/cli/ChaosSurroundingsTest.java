package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.canbridge.tensors.files.AtomicDirectory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * The commands that write, where something around them is not as usual: {@code mvn verify -Pchaos}.
 * Each result is the undisturbed one, or a refusal that leaves nothing.
 */
@EnabledOnOs(OS.LINUX)
class ChaosSurroundingsTest extends ChaosTrials {
  /** How often each is tried. */
  private static final int EACH = Integer.getInteger("canbridge.chaosEach", 0);

  private static final int ROOM_MEBIBYTES = 64;

  /** What a shell does before it becomes the program; {@code "$0" "$@"} is the program. */
  private static final Map<String, String> SURROUNDINGS = surroundings();

  private static Map<String, String> surroundings() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("LC_ALL=C", "export LC_ALL=C; exec \"$0\" \"$@\"");
    all.put("no locale", "unset LANG LC_ALL LC_CTYPE; exec \"$0\" \"$@\"");
    all.put("LANG=de_DE.ISO-8859-1", "export LC_ALL=de_DE.ISO-8859-1; exec \"$0\" \"$@\"");
    all.put("no HOME", "unset HOME; exec \"$0\" \"$@\"");
    all.put("HOME that is missing", "export HOME=/nowhere/at/all; exec \"$0\" \"$@\"");
    all.put(
        "no environment but PATH",
        "exec env -i PATH=\"$PATH\" CANBRIDGE_BUILD=never \"$0\" \"$@\"");
    all.put("no standard input", "exec \"$0\" \"$@\" <&-");
    all.put("no standard error", "exec \"$0\" \"$@\" 2>&-");
    all.put("umask 077", "umask 077; exec \"$0\" \"$@\"");
    all.put("256 descriptors", "ulimit -n 256; exec \"$0\" \"$@\"");
    return all;
  }

  private static ChaosScene scene(Random random) {
    List<ChaosScene> all = List.of(ChaosScene.values());
    return all.get(random.nextInt(all.size()));
  }

  @Test
  void oddSurroundingsChangeNothing() throws Exception {
    assumeTrue(EACH > 0, "mvn verify -Pchaos");
    Random random = new Random(SEED);
    for (Map.Entry<String, String> each : SURROUNDINGS.entrySet()) {
      for (int i = 0; i < EACH; i++) {
        ChaosScene scene = scene(random);
        Path work = work(scene);
        Path err = log();
        int status =
            home()
                .shell(Map.of(), each.getValue(), scene.args(inputs(), work))
                .redirectOutput(log().toFile())
                .redirectError(err.toFile())
                .start()
                .waitFor();
        String problem = status == 0 ? "" : status + ": " + Files.readString(err);
        problem += difference(undisturbed(scene), ChaosScene.tree(work));
        tally.count(each.getKey(), scene + "", problem);
        AtomicDirectory.delete(work);
      }
    }
  }

  /** Results that go nowhere: the files are written, the status says that something is missing. */
  @Test
  void fullStandardOutput() throws Exception {
    assumeTrue(EACH > 0, "mvn verify -Pchaos");
    Random random = new Random(SEED);
    for (int i = 0; i < EACH; i++) {
      ChaosScene scene = scene(random);
      Path work = work(scene);
      Path err = log();
      int status =
          home()
              .shell(Map.of(), "exec \"$0\" \"$@\" >/dev/full", scene.args(inputs(), work))
              .redirectError(err.toFile())
              .start()
              .waitFor();
      String said = Files.readString(err);
      String problem =
          status == 4 && said.contains("cannot write the results\n") ? "" : status + ": " + said;
      problem += difference(undisturbed(scene), ChaosScene.tree(work));
      tally.count("standard output is full", scene + "", problem);
      AtomicDirectory.delete(work);
    }
  }

  @Test
  void missingInput() throws Exception {
    assumeTrue(EACH > 0, "mvn verify -Pchaos");
    Path nothing = Files.createDirectory(folder.resolve("nothing"));
    for (ChaosScene scene : ChaosScene.values()) {
      if (scene == ChaosScene.SAVE_JOB || scene == ChaosScene.EXPORT_FOLDER) {
        continue; // one opens no model, the other a fixture
      }
      Path work = work(scene);
      Map<String, String> before = ChaosScene.tree(work);
      Outcome outcome = run(scene.args(nothing, work));
      String problem = outcome.status() == 3 ? "" : outcome.toString();
      tally.count("input missing", scene + "", problem + difference(before, ChaosScene.tree(work)));
      AtomicDirectory.delete(work);
    }
  }

  /** A path through a file, which no program can make. */
  @Test
  void folderThatCannotBe() throws Exception {
    assumeTrue(EACH > 0, "mvn verify -Pchaos");
    for (ChaosScene scene : ChaosScene.values()) {
      Path file = Files.createTempFile(folder, "file", "");
      Outcome outcome = run(scene.args(inputs(), file));
      String problem = outcome.status() == 4 ? "" : outcome.toString();
      tally.count("output below a file", scene + "", problem);
      assertEquals(0, Files.size(file));
    }
  }

  @Test
  void readOnlyFolder() throws Exception {
    assumeTrue(EACH > 0, "mvn verify -Pchaos");
    for (ChaosScene scene : ChaosScene.values()) {
      Path work = mounted(scene, "a folder that is read-only");
      try {
        Map<String, String> before = ChaosScene.tree(work);
        mount("-o", "remount,ro", work.toString());
        Outcome outcome = run(scene.args(inputs(), work));
        boolean told =
            outcome.status() == 4
                && outcome.err().contains("\n  actual: Read-only file system\n  file: " + work);
        tally.count(
            "read-only folder",
            scene + "",
            (told ? "" : outcome.toString()) + difference(before, ChaosScene.tree(work)));
      } finally {
        unmount(work);
      }
    }
  }

  @Test
  void fullDisk() throws Exception {
    assumeTrue(EACH > 0, "mvn verify -Pchaos");
    for (ChaosScene scene : ChaosScene.values()) {
      for (int i = 0; i < EACH; i++) {
        Random random = new Random(SEED * 31 + i);
        Path work = mounted(scene, "a small disk");
        try {
          fill(scene, work, random);
        } finally {
          unmount(work);
        }
      }
    }
  }

  private void fill(ChaosScene scene, Path work, Random random) throws Exception {
    Map<String, String> expected = undisturbed(scene);
    Map<String, String> before = ChaosScene.tree(work);
    long used =
        Files.getFileStore(work).getTotalSpace() - Files.getFileStore(work).getUsableSpace();
    long needed = needed(scene);
    long size = used + 4096 + (long) (random.nextDouble() * needed) / 4096 * 4096;
    mount("-o", "remount,size=" + size, work.toString());
    Outcome outcome = run(scene.args(inputs(), work));
    Map<String, String> left = ChaosScene.tree(work);
    String problem = "";
    if (outcome.status() == 0) {
      problem = difference(expected, left);
    } else {
      boolean told =
          outcome.status() == 4
              && outcome.err().contains("\n  actual: No space left on device\n  file: " + work);
      problem = told ? "" : outcome.toString();
      if (scene.isWhole()) {
        problem += difference(before, left);
      } else if (!left.equals(ChaosScene.visible(left))) {
        problem += " left " + left.keySet();
      }
    }
    mount("-o", "remount,size=" + ROOM_MEBIBYTES + "m", work.toString());
    if (outcome.status() != 0) {
      Outcome again = run(scene.argsAgain(inputs(), work));
      problem += again.status() == 0 ? "" : " then " + again;
      problem += difference(expected, ChaosScene.tree(work));
    }
    tally.count("full disk: " + scene, size + " bytes", problem);
  }

  private long needed(ChaosScene scene) throws IOException {
    Path work = work(scene);
    run(scene.args(inputs(), work));
    try (var files = Files.walk(work)) {
      return files.mapToLong(file -> Files.isRegularFile(file) ? file.toFile().length() : 0).sum();
    } finally {
      AtomicDirectory.delete(work);
    }
  }

  /** A folder that is a file system of its own; the test ends here where none can be mounted. */
  private Path mounted(ChaosScene scene, String what) throws Exception {
    Path work = Files.createTempDirectory(folder, "mounted");
    boolean can =
        mount("-t", "tmpfs", "-o", "size=" + ROOM_MEBIBYTES + "m", "none", work.toString()) == 0;
    assumeTrue(can, what + " wants the right to mount one: not tried");
    scene.prepare(inputs(), work);
    return work;
  }

  private int mount(String... options) throws Exception {
    String[] command = Arrays.copyOf(new String[] {"mount"}, options.length + 1);
    System.arraycopy(options, 0, command, 1, options.length);
    try {
      return new ProcessBuilder(command)
          .redirectErrorStream(true)
          .redirectOutput(log().toFile())
          .start()
          .waitFor();
    } catch (IOException e) {
      return 1; // there is no such program
    }
  }

  private static void unmount(Path work) throws Exception {
    new ProcessBuilder("umount", "-l", work.toString()).inheritIO().start().waitFor();
  }

  /** The model changes at some moment after the program has begun to write. */
  @Test
  void inputThatChanges() throws Exception {
    assumeTrue(EACH > 0, "mvn verify -Pchaos");
    List<ChaosScene> scenes =
        List.of(
            ChaosScene.IMPORT,
            ChaosScene.CONVERT,
            ChaosScene.BAKE,
            ChaosScene.EXPORT_FILE,
            ChaosScene.FINETUNE,
            ChaosScene.SAMPLE_GRID,
            ChaosScene.SAMPLE_FOLDER,
            ChaosScene.VERIFY);
    List<Change> changes = List.of(Change.values());
    Path other = inputsWith("other", true);
    for (int i = 0; i < 4 * EACH * changes.size(); i++) {
      Random random = new Random(SEED * 131 + i);
      ChaosScene scene = scenes.get(i % scenes.size());
      Path mine = inputsWith("mine-" + i, false);
      change(scene, mine, other, changes.get(i / scenes.size() % changes.size()), random);
      AtomicDirectory.delete(mine);
    }
  }

  private enum Change {
    OVERWRITTEN,
    REPLACED,
    TRUNCATED,
    GROWN,
    DELETED
  }

  /** The inputs, or others of the same shape. */
  private Path inputsWith(String name, boolean others) throws IOException {
    Path folder = Files.createDirectories(inputs().resolveSibling(name).resolve("by-class"));
    for (String file : List.of("model.pt", "by-class/config.json", "by-class/model.safetensors")) {
      byte[] bytes = Files.readAllBytes(inputs().resolve(file));
      for (int i = 0; others && !file.endsWith("json") && i < bytes.length - 1; i++) {
        // A weight of ones is no sign of the container's structure.
        if (bytes[i] == (byte) 0x3d && bytes[i + 1] == (byte) 0x3d) {
          bytes[i] = (byte) 0x3c;
        }
      }
      Files.write(folder.resolveSibling(file), bytes);
    }
    Files.createSymbolicLink(folder.resolveSibling("images"), inputs().resolve("images"));
    return folder.getParent();
  }

  private void change(ChaosScene scene, Path mine, Path other, Change change, Random random)
      throws Exception {
    String name = scene == ChaosScene.BAKE ? "by-class/model.safetensors" : "model.pt";
    Path model = mine.resolve(name);
    Path work = work(scene);
    int steps = random.nextInt(30);
    Outcome outcome;
    try (SteppedProgram program = SteppedProgram.start(folder, scene.args(mine, work))) {
      program.steps(steps);
      byte[] bytes = Files.readAllBytes(other.resolve(name));
      switch (change) {
        case OVERWRITTEN -> Files.write(model, bytes, StandardOpenOption.WRITE);
        case REPLACED -> {
          Path written = Files.write(mine.resolve("new"), bytes);
          Files.move(written, model, StandardCopyOption.REPLACE_EXISTING);
        }
        case TRUNCATED -> {
          try (RandomAccessFile file = new RandomAccessFile(model.toFile(), "rw")) {
            file.setLength(random.nextInt(bytes.length));
          }
        }
        case GROWN -> Files.write(model, new byte[9999], StandardOpenOption.APPEND);
        default -> Files.delete(model);
      }
      outcome = program.finish();
    }
    Map<String, String> left = ChaosScene.tree(work);
    int otherwise = scene == ChaosScene.VERIFY ? 1 : 0; // the other model is not the bundle's
    boolean result =
        (outcome.status() == 0 && left.equals(undisturbed(scene)))
            || (outcome.status() == otherwise && left.equals(undisturbed(scene, other, otherwise)));
    // Images that were drawn before and checkpoints stay.
    boolean nothing =
        left.isEmpty()
            || scene == ChaosScene.FINETUNE
            || (scene == ChaosScene.SAMPLE_FOLDER
                && undisturbed(scene).entrySet().containsAll(left.entrySet()));
    boolean refused = outcome.status() == 3 && outcome.err().contains("file: " + model) && nothing;
    tally.count(
        "input " + change.name().toLowerCase(Locale.ROOT),
        scene + " at operation " + steps,
        result || refused ? "" : outcome + " leaving " + difference(undisturbed(scene), left));
    AtomicDirectory.delete(work);
  }
}
