package org.canbridge.cli;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import org.canbridge.fixtures.Fixtures;

/** A checkout with the script {@code canbridge}, whose jar is the class path of the tests. */
record LauncherHome(Path home) {

  /** Makes one. */
  static LauncherHome in(Path home) throws IOException {
    Path lib = Files.createDirectories(home.resolve("cli/target/canbridge/lib"));
    Path root = Fixtures.root().resolve("../..").normalize();
    for (String name : List.of("canbridge", "native.env")) {
      Files.copy(root.resolve(name), home.resolve(name));
    }
    Files.createSymbolicLink(home.resolve("fixtures"), root.resolve("fixtures"));
    Attributes attributes = new Attributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.put(Attributes.Name.MAIN_CLASS, Main.class.getName());
    attributes.put(
        Attributes.Name.CLASS_PATH,
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(entry -> Path.of(entry).toUri().toString())
            .collect(Collectors.joining(" ")));
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().putAll(attributes);
    new JarOutputStream(Files.newOutputStream(lib.resolve("canbridge-cli.jar")), manifest).close();
    Path java = Path.of(System.getProperty("java.home"), "bin/java");
    Files.writeString(lib.resolveSibling("started"), java + "\n");
    return new LauncherHome(home);
  }

  /** A process to be: a shell script whose {@code $0} is the launcher. */
  ProcessBuilder shell(Map<String, String> environment, String script, List<String> args) {
    List<String> command =
        new ArrayList<>(List.of("/bin/sh", "-c", script, home.resolve("canbridge").toString()));
    command.addAll(args);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.endsWith("JAVA_OPTIONS"));
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("CANBRIDGE_BUILD", "never");
    builder.environment().putAll(environment);
    return builder;
  }

  /** A process to be, which is the launcher and then the program. */
  ProcessBuilder program(Map<String, String> environment, List<String> args) {
    return shell(environment, "exec \"$0\" \"$@\"", args);
  }
}
