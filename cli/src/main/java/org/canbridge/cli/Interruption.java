package org.canbridge.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/**
 * Gives a command that is stopped by SIGINT or SIGTERM the time to remove its temporary files: the
 * JVM's shutdown interrupts the command's thread and waits until it has unwound. The exit status
 * stays the JVM's own, 128 + the signal's number.
 */
final class Interruption {
  /**
   * Native code does not look at interrupts: one step may have to end first, and a training then
   * writes its state, 13 GB for DiT-XL/2.
   */
  private static final long PATIENCE_SECONDS = 180;

  private final CountDownLatch unwound = new CountDownLatch(1);

  private Interruption() {}

  /** Runs a command in this thread; {@code command} must not end the JVM. */
  static int during(IntSupplier command) {
    Interruption interruption = new Interruption();
    Thread thread = Thread.currentThread();
    Thread hook = new Thread(() -> interruption.stop(thread), "canbridge-stop");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      return command.getAsInt();
    } finally {
      interruption.unwound.countDown();
    }
  }

  private void stop(Thread command) {
    Crash.happened().ifPresent(Crash::end);
    command.interrupt();
    try {
      if (!unwound.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        System.err.println("canbridge: stopped in the middle of a step");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
