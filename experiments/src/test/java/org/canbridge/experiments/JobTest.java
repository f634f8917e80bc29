package org.canbridge.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class JobTest {
  private final List<Job> jobs = Job.all(3);

  @Test
  void fromRandomWeightsMainRowsSeedBySeed() {
    List<Job> main = jobs.subList(0, 6 * 3);
    assertTrue(main.stream().allMatch(job -> job.row().isMain() && job.start() == Start.SCRATCH));
    assertEquals(
        List.of(1L, 2L, 3L), main.stream().map(Job::seed).distinct().toList(), "in this order");
    assertEquals("scratch/adaln/1", main.get(0).toString());
    assertEquals("scratch/can-only/3", main.get(main.size() - 1).toString());
  }

  @Test
  void everyOtherRowComesOnceFromEachStart() {
    assertEquals(
        List.of(
            "scratch/can-time/1",
            "scratch/can-class/1",
            "scratch/select/1",
            "trained/untrained/1",
            "trained/can-time/1",
            "trained/can-class/1",
            "trained/select/1"),
        jobs.stream().filter(job -> !job.row().isMain()).map(Job::toString).toList());
    assertEquals(jobs.size(), new HashSet<>(jobs).size());
  }
}
