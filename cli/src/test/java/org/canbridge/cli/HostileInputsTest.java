package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.canbridge.fixtures.Fixtures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Bad files through the command line: exit status 3, the whole message, and nothing written. */
class HostileInputsTest {
  private static final String MISFIT =
      "the tensors do not fit DiT (Peebles and Xie, ICCV 2023) in its official layout\n";
  private static final String LAYOUT =
      MISFIT + "  expected: each tensor of the layout once, with its shape, and no other\n";
  private static final String INCOMPLETE =
      """
        file: FILE
        next: get a complete copy of the file; canbridge inspect shows what becomes of each tensor
      """;

  @TempDir Path folder;

  /** Makes a file. */
  private interface Maker {
    Path make(Path folder) throws IOException;
  }

  /**
   * A bad file.
   *
   * @param readable whether its header can be read, so that inspect has something to show
   * @param message what every command says; FILE stands for the path, {@code *} for any text
   */
  private record Hostile(String name, Maker maker, boolean readable, String message) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Hostile unreadable(String name, Maker maker, String message) {
    return new Hostile(name, maker, false, message);
  }

  private static Hostile misfit(String name, Maker maker, String message) {
    return new Hostile(name, maker, true, message);
  }

  private static final List<Hostile> HOSTILE =
      List.of(
          unreadable(
              "missing file",
              HostileInputs::missing,
              """
              there is no such file
                file: FILE
                next: check the path
              """),
          unreadable(
              "empty file",
              HostileInputs::emptyFile,
              """
              the file is empty
                file: FILE
                next: download it again
              """),
          unreadable(
              "directory",
              HostileInputs::emptyFolder,
              """
              the directory is not a model directory of CAN Bridge
                expected: a config.json with "format": "canbridge/2"
                actual: no config.json
                file: FILE
                next: name the checkpoint file itself
              """),
          unreadable(
              "HTML page named .pt",
              HostileInputs::htmlPage,
              """
              this is a web page, not a checkpoint
                file: FILE
                next: download the file itself; a browser link may need a sign-in or a resolved address
              """),
          unreadable(
              "LFS pointer",
              HostileInputs::lfsPointer,
              """
              this is a Git LFS pointer, not the file it stands for
                file: FILE
                next: run git lfs pull in its repository, or download the file itself
              """),
          unreadable(
              "no format at all",
              HostileInputs::noise,
              """
              the file is in no format that is read here
                expected: safetensors, *
                file: FILE
                next: convert it to safetensors with the tool that wrote it
              """),
          unreadable(
              "truncated",
              HostileInputs::truncated,
              """
              the file is shorter than its header says
                expected: 16128 bytes of tensors
                actual: 16028 bytes
                file: FILE
                next: the download stopped early or was cut: download it again
              """),
          unreadable(
              "header too long",
              HostileInputs::headerTooLong,
              """
              the header is longer than safetensors allows
                expected: at most 100000000 bytes
                actual: 4611686018427387903 bytes
                file: FILE
                next: check that this is a safetensors file; its first 8 bytes are no header length
              """),
          unreadable(
              "header past the end",
              HostileInputs::headerPastTheEnd,
              """
              the file ends inside its header
                expected: a header of 50000000 bytes
                actual: 2 bytes after its length
                file: FILE
                next: download it again
              """),
          unreadable(
              "overlapping offsets",
              HostileInputs::overlappingOffsets,
              """
              two tensors share bytes
                expected: data from offset 16, after a
                actual: offset 8
                file: FILE
                key: b
                next: the file is damaged or forged: get it again from its source
              """),
          unreadable(
              "pickle with os.system",
              HostileInputs::systemCall,
              """
              the pickle asks for a Python object that is not allowed
                expected: tensors, dictionaries, lists, numbers, strings, argparse.Namespace
                actual: posix.system
                file: FILE
                key: byte 2 of archive/data.pkl
                next: nothing was run; if you trust the file, load it in PyTorch and save its state dict alone
              """),
          unreadable(
              "pickle with os.system, no archive",
              HostileInputs::bareSystemCall,
              """
              the pickle asks for a Python object that is not allowed
                expected: tensors, dictionaries, lists, numbers, strings, argparse.Namespace
                actual: posix.system
                file: FILE
                key: byte 2
                next: nothing was run; if you trust the file, load it in PyTorch and save its state dict alone
              """),
          unreadable(
              "zip bomb",
              HostileInputs::zipBomb,
              """
              an entry of the zip archive is compressed or encrypted
                expected: stored entries only, as torch.save writes them
                file: FILE
                key: archive/data.pkl
                next: unpack the archive and pack it again without compression (zip -0)
              """),
          misfit(
              "wrong family",
              HostileInputs::wrongFamily,
              """
              the tensors are those of no network that CAN Bridge knows
                expected: *DiT (Peebles and Xie, ICCV 2023): official*
                actual: 4 tensors: classifier.bias, classifier.weight, stem.conv.bias, stem.conv.weight
                file: FILE
                next: canbridge inspect lists its tensors and what is missing for each layout
              """),
          misfit(
              "missing key",
              HostileInputs::missingKey,
              LAYOUT
                  + "  actual: 1 missing\n    missing blocks.0.mlp.fc2.bias: [8]\n"
                  + INCOMPLETE),
          misfit(
              "extra key",
              HostileInputs::extraKey,
              LAYOUT
                  + "  actual: 1 unexpected\n    unexpected blocks.0.attn.q_norm.weight: F32[4]\n"
                  + INCOMPLETE),
          misfit(
              "wrong shape",
              HostileInputs::wrongShape,
              LAYOUT
                  + "  actual: 1 wrong shape\n"
                  + "    wrong shape blocks.0.attn.proj.weight: expected [8, 8], found [8, 9]\n"
                  + INCOMPLETE));

  /** Commands that take a model; MODEL and OUT are replaced, BUNDLE is a good reference. */
  private static final List<String> COMMANDS =
      List.of(
          "import MODEL --out OUT",
          "import MODEL --out OUT --heads 2 --dtype f16 --overwrite",
          "import MODEL --out OUT --dry-run",
          "convert MODEL --out OUT",
          "sample MODEL --out OUT",
          "verify MODEL --reference BUNDLE --report OUT",
          "profile MODEL");

  static Stream<Arguments> everyFileWithEveryCommand() {
    return HOSTILE.stream()
        .flatMap(hostile -> COMMANDS.stream().map(command -> Arguments.of(hostile, command)));
  }

  static Stream<Hostile> everyFile() {
    return HOSTILE.stream();
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("everyFileWithEveryCommand")
  void isRefusedWithItsMessageAndNothingIsWritten(Hostile hostile, String command)
      throws IOException {
    Path file = hostile.maker().make(folder);
    List<Path> before = everything();

    Outcome outcome = Outcome.of(arguments(command, file));

    assertMatches("canbridge: " + hostile.message(), outcome.err(), file);
    assertEquals(3, outcome.status());
    assertEquals("", outcome.out());
    assertEquals(before, everything());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("everyFile")
  void isInspectedAsFarAsItCanBeRead(Hostile hostile) throws IOException {
    Path file = hostile.maker().make(folder);
    List<Path> before = everything();

    Outcome text = Outcome.of("inspect", file.toString());
    Outcome json = Outcome.of("inspect", file.toString(), "--json");

    String first = hostile.message().lines().findFirst().orElseThrow();
    String err =
        hostile.readable()
            ? "import would refuse " + file.getFileName() + ": " + first + "\n"
            : hostile.message();
    assertMatches("canbridge: " + err, text.err(), file);
    assertMatches("canbridge: " + err, json.err(), file);
    assertEquals(3, text.status());
    assertEquals(3, json.status());
    assertEquals(hostile.readable(), text.out().contains("\nproblems\n  " + first + "\n"));
    assertEquals(hostile.readable(), json.out().contains("\"importable\" : false"));
    assertEquals(before, everything());
  }

  @Test
  void aPickleRunsNothing() throws IOException {
    for (Maker maker : List.<Maker>of(HostileInputs::systemCall, HostileInputs::bareSystemCall)) {
      Outcome.of("inspect", maker.make(folder).toString());

      assertFalse(Files.exists(HostileInputs.systemCallTrace(folder)));
    }
  }

  @Test
  void theFileThatTheOthersAreMadeFromIsGood() throws IOException {
    Path file = HostileInputs.good(folder, "good.safetensors", HostileInputs.dit());
    Path out = folder.resolve("out");

    Outcome unasked = Outcome.of("inspect", file.toString());
    Outcome imported =
        Outcome.of("import", file.toString(), "--out", out.toString(), "--heads", "2");
    Outcome again = Outcome.of("inspect", out.toString());

    assertEquals(0, unasked.status(), unasked.err());
    assertTrue(unasked.out().contains("? give --heads N"), unasked.out());
    assertEquals(0, imported.status(), imported.err());
    assertEquals(0, again.status(), again.err());
    assertEquals(
        List.of("config.json", "model.safetensors"),
        everything().stream()
            .filter(path -> path.startsWith(out) && !path.equals(out))
            .map(path -> path.getFileName().toString())
            .toList());
  }

  @Test
  void headsThatNoTensorTellsAreAskedFor() throws IOException {
    Path file = HostileInputs.good(folder, "good.safetensors", HostileInputs.dit());

    Outcome outcome = Outcome.of("import", file.toString(), "--out", folder + "/out");

    String message =
        """
        canbridge: the file does not tell num_heads
          expected: --heads N
          actual: the number of attention heads is in no tensor's shape
          file: FILE
          next: add --heads N
        """;
    assertEquals(new Outcome(3, "", message.replace("FILE", file.toString())), outcome);
  }

  @Test
  void anOutputThatExistsIsLeftAlone() throws IOException {
    Path file = HostileInputs.good(folder, "good.safetensors", HostileInputs.dit());
    Path mine = Files.writeString(folder.resolve("mine"), "mine");

    Outcome kept = Outcome.of("import", file.toString(), "--out", mine.toString(), "--heads", "2");
    Outcome forced =
        Outcome.of(
            "import", file.toString(), "--out", mine.toString(), "--heads", "2", "--overwrite");

    assertEquals(4, kept.status());
    assertMatches(
        """
        canbridge: cannot write
          actual: it exists already
          file: FILE
          next: choose another name, or remove what is there
        """,
        kept.err(),
        mine);
    assertEquals(4, forced.status());
    assertEquals("mine", Files.readString(mine));
  }

  @Test
  void anOutputBelowAFileCannotBeWritten() throws IOException {
    Path file = HostileInputs.good(folder, "good.safetensors", HostileInputs.dit());
    List<Path> before = everything();

    Outcome outcome =
        Outcome.of("import", file.toString(), "--out", file + "/deeper/out", "--heads", "2");

    assertEquals(4, outcome.status());
    assertTrue(outcome.err().contains("canbridge: cannot write\n  actual: "), outcome.err());
    assertEquals(before, everything());
  }

  private String[] arguments(String command, Path file) {
    return Arrays.stream(command.split(" "))
        .map(
            word ->
                switch (word) {
                  case "MODEL" -> file.toString();
                  case "OUT" -> folder.resolve("out").toString();
                  case "BUNDLE" -> Fixtures.of("dit-tiny").toString();
                  default -> word;
                })
        .toArray(String[]::new);
  }

  /** Everything in the test's folder, hidden files too. */
  private List<Path> everything() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.sorted().toList();
    }
  }

  private static void assertMatches(String expected, String actual, Path file) {
    String message = expected.replace("FILE", file.toString());
    String pattern =
        Arrays.stream(message.split("\\*", -1))
            .map(Pattern::quote)
            .collect(Collectors.joining(".*"));
    if (!actual.matches(pattern)) {
      assertEquals(message, actual);
    }
  }
}
