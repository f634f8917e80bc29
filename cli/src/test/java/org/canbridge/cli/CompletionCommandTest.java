package org.canbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The scripts that {@code completion} writes, in the shells themselves where they are there. */
class CompletionCommandTest {
  @TempDir private Path folder;

  private static String script(String shell) {
    Outcome outcome = Outcome.of("completion", shell);
    assertEquals(0, outcome.status());
    assertEquals("", outcome.err());
    return outcome.out();
  }

  private String run(String shell, String... script) throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin", shell)), shell);
    Path file = Files.writeString(folder.resolve("script"), String.join("\n", script));
    Path out = folder.resolve("out");
    Process process =
        new ProcessBuilder("/usr/bin/" + shell, file.toString())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    assertEquals(0, process.waitFor(), Files.readString(out));
    return Files.readString(out).strip();
  }

  @ParameterizedTest
  @CsvSource({
    "'canbridge fin', finetune",
    "'canbridge help quick', quickstart",
    "'canbridge sample --sampl', --sampler",
    "'canbridge sample m.pt --sampler dpm-solver+', dpm-solver++",
    "'canbridge import m.pt --dtype b', bf16",
    "'canbridge convert --arch CaT-L', 'CaT-L0 CaT-L1'",
    "'canbridge sample m.pt --steps 1', ''",
    "'canbridge sample m.pt -o mo', 'mo del.pt'",
    "'canbridge inspect mo', 'mo del.pt'",
    "'canbridge completion z', zsh",
  })
  void bashCompletes(String line, String words) throws Exception {
    Files.createFile(folder.resolve("mo del.pt"));
    String[] typed = line.split(" ", -1);

    String completed =
        run(
            "bash",
            script("bash"),
            "COMP_WORDS=(" + line + ")",
            "COMP_CWORD=" + (typed.length - 1),
            "_canbridge",
            "echo \"${COMPREPLY[@]}\"");

    assertEquals(words, completed);
  }

  @Test
  void zshReadsIt() throws Exception {
    assertTrue(script("zsh").startsWith("#compdef canbridge\n"));
    assertEquals(
        "function",
        run("zsh", "compdef() { : }", script("zsh"), "whence -w _canbridge | cut -d' ' -f2"));
  }

  @Test
  void everyCommandAndOptionIsThere() {
    for (String shell : List.of("bash", "zsh")) {
      String script = script(shell);
      for (Command command : Main.commands("")) {
        assertTrue(script.contains(command.about().name()), command.about().name());
        for (Opt<?> option : new OptionSet(command).all()) {
          option.typedNames().forEach(name -> assertTrue(script.contains(name), name));
        }
      }
    }
  }

  @Test
  void anotherShellIsRefused() throws IOException {
    assertEquals(
        new Outcome(
            2,
            "",
            """
            canbridge: completion: knows bash and zsh, not fish
              next: canbridge completion --help
            """),
        Outcome.of("completion", "fish"));
  }
}
