package org.canbridge.verifiers;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What is verified: a model, and a runner for each call that it can make. A call of the bundle
 * without a runner is a failure unless {@link ParityOptions} gives a reason.
 *
 * @param model what the report calls it, e.g. the file name
 * @param sha256 digest of the file that it came from, if known
 * @param environment what may have a part in the numbers (engine, precision, threads), in the order
 *     of the report; see {@link #here()}
 * @param runners by name of the {@link Call}
 */
public record Subject(
    String model,
    Optional<String> sha256,
    Map<String, String> environment,
    Map<String, CallRunner> runners) {

  /** Keeps copies in the given order. */
  public Subject {
    Objects.requireNonNull(model);
    Objects.requireNonNull(sha256);
    environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
    runners = Collections.unmodifiableMap(new LinkedHashMap<>(runners));
  }

  /** This JVM and machine: {@code canbridge}, {@code java}, {@code os}, {@code processors}. */
  public static Map<String, String> here() {
    Map<String, String> environment = new LinkedHashMap<>();
    String version = Subject.class.getPackage().getImplementationVersion();
    environment.put("canbridge", version == null ? "development" : version);
    environment.put(
        "java", System.getProperty("java.vm.version") + " " + System.getProperty("java.vm.vendor"));
    environment.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    environment.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    return environment;
  }
}
