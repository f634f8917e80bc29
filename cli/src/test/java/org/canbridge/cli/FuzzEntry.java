package org.canbridge.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where Jazzer enters: it finds the method by its name, and changes the bytes by what they reach.
 */
public final class FuzzEntry {
  /** Names the {@link FuzzTarget}. */
  static final String TARGET = "canbridge.fuzzTarget";

  private static FuzzTarget target;
  private static Path home;

  private FuzzEntry() {}

  /** Called once. */
  public static void fuzzerInitialize() throws IOException {
    target = FuzzTarget.valueOf(System.getProperty(TARGET));
    home = Files.createTempDirectory("fuzz");
    target.prepare(home);
    // Loads the classes, which takes Jazzer longer than any input may take on a busy machine.
    for (Path seed : target.seeds()) {
      target.feed(home, Files.readAllBytes(seed));
    }
  }

  /** Called for every input. */
  public static void fuzzerTestOneInput(byte[] input) {
    target.feed(home, input);
  }
}
