package org.canbridge.experiments;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Runs jobs in processes of their own, some at a time, each with one thread where there are several
 * processes: the networks are too small for two cores to share one.
 *
 * @param processes how many run at a time
 * @param arguments of the program, in front of those that choose the job
 */
record Workers(int processes, List<String> arguments, Results results, PrintStream out) {

  /**
   * Runs all; a result is in the file as soon as it is there.
   *
   * @throws IOException if a job fails; the others that run then are brought to their end
   * @throws InterruptedException if the thread is interrupted
   */
  void run(List<Job> jobs) throws IOException, InterruptedException {
    Queue<Job> queue = new ConcurrentLinkedQueue<>(jobs);
    List<IOException> failures = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < processes; i++) {
      threads.add(new Thread(() -> work(queue, failures), "worker-" + i));
    }
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    if (!failures.isEmpty()) {
      throw failures.get(0);
    }
  }

  private void work(Queue<Job> queue, List<IOException> failures) {
    for (Job job = queue.poll(); job != null; job = queue.poll()) {
      try {
        record(run(job), queue.size());
      } catch (IOException e) {
        queue.clear();
        synchronized (failures) {
          failures.add(e);
        }
      }
    }
  }

  private synchronized void record(RunResult result, int left) throws IOException {
    results.write(result);
    out.printf(
        Locale.ROOT,
        "%-28s held-out loss %.5f  Frechet %7.3f  accuracy %.3f  %4.0f s  %d left%n",
        result.job(),
        result.heldOut().mean(),
        result.drawn().get(0).frechet(),
        result.drawn().get(0).accuracy(),
        result.trainSeconds(),
        left);
  }

  private RunResult run(Job job) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Experiment.class.getName());
    command.addAll(arguments);
    command.add("--job");
    command.add(job.toString());
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectError(ProcessBuilder.Redirect.INHERIT);
    if (processes > 1) {
      builder.environment().put("OMP_NUM_THREADS", "1");
    }
    Process process = builder.start();
    try {
      String line =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (process.waitFor() != 0) {
        throw new IOException(job + " failed");
      }
      return Results.parse(line);
    } catch (InterruptedException e) {
      process.destroy();
      throw new IOException(job + " was interrupted", e);
    }
  }
}
