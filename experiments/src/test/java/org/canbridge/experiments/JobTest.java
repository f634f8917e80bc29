package org.canbridge.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class JobTest {
  private final List<Job> jobs = Job.all(3);

  @Test
  void fromTheCheckpointFirstSeedBySeed() {
    List<Job> main = jobs.subList(0, 3 * 3);
    assertTrue(main.stream().allMatch(job -> job.row().isMain() && job.start() == Start.TRAINED));
    assertEquals(
        List.of(1L, 2L, 3L), main.stream().map(Job::seed).distinct().toList(), "in this order");
    assertEquals("trained/adaln/1", main.get(0).toString());
    assertEquals("trained/can/3", main.get(main.size() - 1).toString());
  }

  @Test
  void everyOtherRowComesOnceFromEachStart() {
    assertEquals(
        List.of(
            "trained/untrained/1",
            "trained/static/1",
            "trained/dwconv+patch/1",
            "trained/can-only/1",
            "trained/can-time/1",
            "trained/can-class/1",
            "trained/select/1",
            "scratch/static/1",
            "scratch/dwconv+patch/1",
            "scratch/can-only/1",
            "scratch/can-time/1",
            "scratch/can-class/1",
            "scratch/select/1",
            "uvit/can-only/1"),
        jobs.stream().filter(job -> !job.row().isMain()).map(Job::toString).toList());
    assertEquals(jobs.size(), new HashSet<>(jobs).size());
  }

  @Test
  void theUvitComesOnce() {
    assertEquals(
        List.of("uvit/tokens/1", "uvit/can/1", "uvit/can-only/1"),
        jobs.stream().filter(job -> job.start() == Start.UVIT).map(Job::toString).toList());
  }

  @Test
  void aNameSaysTheLearningRateIfItIsAnother() {
    for (Job job : jobs) {
      assertEquals(job, Job.of(job.toString()));
    }
    Job other = new Job(Start.TRAINED, Row.CAN_DWCONV, 1, 1e-4);
    assertEquals("trained/dwconv@1.0E-4/1", other.toString());
    assertEquals("trained-dwconv@1.0E-4-1", other.fileName());
    assertTrue(jobs.contains(other));
  }
}
