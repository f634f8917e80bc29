package org.canbridge.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The versions that the build wrote into the program. */
final class Version {
  private Version() {}

  /** E.g. {@code 0.1.0}. */
  static String number() {
    return property("version");
  }

  private static String property(String name) {
    try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
      Properties properties = new Properties();
      properties.load(in);
      return properties.getProperty(name);
    } catch (IOException e) {
      throw new UncheckedIOException("version.properties", e);
    }
  }

  /** One line for {@code --version}: the engine is the one of the build, and is not started. */
  static String line() {
    return "canbridge "
        + number()
        + " (Java "
        + System.getProperty("java.version")
        + ", PyTorch "
        + property("pytorch")
        + ", DJL "
        + property("djl")
        + ", "
        + System.getProperty("os.name")
        + " "
        + System.getProperty("os.arch")
        + ")";
  }
}
