package org.canbridge.cli;

import com.sun.jdi.Bootstrap;
import com.sun.jdi.Method;
import com.sun.jdi.ReferenceType;
import com.sun.jdi.VMDisconnectedException;
import com.sun.jdi.VirtualMachine;
import com.sun.jdi.connect.Connector;
import com.sun.jdi.connect.ListeningConnector;
import com.sun.jdi.event.BreakpointEvent;
import com.sun.jdi.event.ClassPrepareEvent;
import com.sun.jdi.event.Event;
import com.sun.jdi.event.EventSet;
import com.sun.jdi.event.VMDeathEvent;
import com.sun.jdi.event.VMDisconnectEvent;
import com.sun.jdi.request.ClassPrepareRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The program in a JVM of its own that a debugger stops before every operation that changes a file:
 * so that it can be killed, or met by another process, at any of them.
 */
final class SteppedProgram implements AutoCloseable {
  private static final Set<String> CLASSES =
      Set.of(
          "sun.nio.fs.UnixNativeDispatcher",
          "sun.nio.ch.FileDispatcherImpl",
          "sun.nio.ch.UnixFileDispatcherImpl");

  /** Methods in Java around the calls of the system. */
  private static final Set<String> CHANGES =
      Set.of("rename", "unlink", "rmdir", "mkdir", "write", "pwrite", "truncate");

  private final Process process;
  private final VirtualMachine machine;
  private final Path out;
  private final Path err;
  private EventSet stopped;
  private String at = "the start";

  private SteppedProgram(Process process, VirtualMachine machine, Path out, Path err) {
    this.process = process;
    this.machine = machine;
    this.out = out;
    this.err = err;
  }

  /**
   * Starts the program, and lets it run up to its first operation.
   *
   * @param logs takes what it says
   */
  static SteppedProgram start(Path logs, List<String> args) throws Exception {
    ListeningConnector connector =
        Bootstrap.virtualMachineManager().listeningConnectors().stream()
            .filter(each -> each.transport().name().equals("dt_socket"))
            .findFirst()
            .orElseThrow();
    Map<String, Connector.Argument> arguments = connector.defaultArguments();
    arguments.get("localAddress").setValue("localhost");
    arguments.get("port").setValue("0");
    arguments.get("timeout").setValue("120000");
    String address = connector.startListening(arguments);
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-agentlib:jdwp=transport=dt_socket,server=n,suspend=y,address=" + address,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx512m",
                "-XX:ErrorFile=" + logs.resolve("canbridge-crash-%p.log"),
                "-XX:OnError=kill -TERM %p; sleep 20",
                "-Dcanbridge.crashes=" + logs,
                "-Dai.djl.offline=true",
                "-Dai.djl.pytorch.graph_optimizer=false",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
    command.addAll(args);
    Path out = Files.createTempFile(logs, "out", "");
    Path err = Files.createTempFile(logs, "err", "");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().put("OMP_WAIT_POLICY", "passive");
    Process process = builder.start();
    VirtualMachine machine;
    try {
      machine = connector.accept(arguments);
    } catch (IOException e) {
      process.destroyForcibly();
      throw e;
    } finally {
      connector.stopListening(arguments);
    }
    SteppedProgram program = new SteppedProgram(process, machine, out, err);
    for (String name : CLASSES) {
      machine.classesByName(name).forEach(program::stopIn);
      ClassPrepareRequest loads = machine.eventRequestManager().createClassPrepareRequest();
      loads.addClassFilter(name);
      loads.enable();
    }
    program.step();
    return program;
  }

  private void stopIn(ReferenceType type) {
    for (Method method : type.methods()) {
      if (CHANGES.contains(method.name()) && !method.isNative()) {
        machine.eventRequestManager().createBreakpointRequest(method.location()).enable();
      }
    }
  }

  /** Goes on to the next operation; false if the program has ended before one. */
  boolean step() throws Exception {
    try {
      if (stopped != null) {
        stopped.resume();
      }
      while (true) {
        stopped = machine.eventQueue().remove();
        for (Event event : stopped) {
          if (event instanceof VMDeathEvent || event instanceof VMDisconnectEvent) {
            return false;
          }
          if (event instanceof ClassPrepareEvent loaded) {
            stopIn(loaded.referenceType());
          }
          if (event instanceof BreakpointEvent reached) {
            at = reached.location().method().name();
            return true;
          }
        }
        stopped.resume();
      }
    } catch (VMDisconnectedException e) {
      return false;
    }
  }

  /** Goes on by so many operations; false if there were fewer. */
  boolean steps(int count) throws Exception {
    for (int i = 0; i < count; i++) {
      if (!step()) {
        return false;
      }
    }
    return true;
  }

  /** The operation before which it stands. */
  String at() {
    return at;
  }

  long pid() {
    return process.pid();
  }

  /** {@code kill -9}. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /** Lets it run to its end. */
  Outcome finish() throws Exception {
    try {
      machine.eventRequestManager().deleteAllBreakpoints();
      stopped.resume();
      machine.dispose();
    } catch (VMDisconnectedException e) {
      // It had ended.
      at = "the end";
    }
    int status = process.waitFor();
    return new Outcome(status, Files.readString(out), Files.readString(err));
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
