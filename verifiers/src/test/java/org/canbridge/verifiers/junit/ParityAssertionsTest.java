package org.canbridge.verifiers.junit;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Stream;
import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.SampleReports;
import org.canbridge.verifiers.report.TextReport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.opentest4j.TestAbortedException;

final class ParityAssertionsTest {

  @Test
  void failsWithTheWholeReport() {
    ParityReport report = SampleReports.failed();
    AssertionError e =
        assertThrows(AssertionError.class, () -> ParityAssertions.assertParity(report));
    assertEquals(TextReport.of(report), e.getMessage());
    assertDoesNotThrow(() -> ParityAssertions.assertParity(SampleReports.passed()));
    assertThrows(AssertionError.class, () -> ParityAssertions.assertParity(SampleReports.empty()));
  }

  @Test
  void makesATestForEachTensor() {
    List<DynamicTest> tests = ParityAssertions.tests(SampleReports.failed()).toList();
    assertEquals(9, tests.size());
    assertEquals("forward: activation.layer.0", tests.get(1).getDisplayName());
    assertDoesNotThrow(tests.get(0).getExecutable());
    AssertionError layer = assertThrows(AssertionError.class, tests.get(1).getExecutable());
    assertTrue(layer.getMessage().startsWith("activation.layer.0 in call forward: the values"));
    TestAbortedException leftOut =
        assertThrows(TestAbortedException.class, tests.get(6).getExecutable());
    assertEquals("Assumption failed: the file has no such weights", leftOut.getMessage());
    assertThrows(AssertionError.class, tests.get(8).getExecutable());
  }

  @TestFactory
  Stream<DynamicTest> runsInJunit() {
    return ParityAssertions.tests(SampleReports.passed());
  }
}
