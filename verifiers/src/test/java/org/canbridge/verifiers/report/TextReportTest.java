package org.canbridge.verifiers.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.SampleReports;
import org.junit.jupiter.api.Test;

final class TextReportTest {

  @Test
  void showsOneLineForEachTensorAndTheVerdictLast() {
    assertEquals(
        """
        parity of model.pt with tiny.case
          sha256 DIGEST (the reference was made from this file)
          precision f32
          engine none

        call forward (0.250 s)
                       tensor                  type    max abs  max rel  of tolerance
          equal        activation.stem         F64[2]  5.0e-01  1.3e-01  2.2e-01
          DIFFERS      activation.layer.0      F64[2]  3.0e+00  1.5e+00  2.4e+00       1 of 2 bad \
        (50.0 %), worst at [1]: expected 2.0, actual -1.0; the tolerance times 2.4e+00 would pass, \
        or rtol 1.4e+00 at the same atol
          DIFFERS      activation.layer.1      F64[2]  0        0        inf           1 of 2 bad \
        (50.0 %), worst at [1]: expected 2.0, actual NaN; NaN and infinity pass at no tolerance
          DIFFERS      activation.shape        F64[2]  -        -        -             the shape is \
        [1, 2]
          DIFFERS      activation.type         F64[2]  -        -        -             the type is I64
          MISSING      activation.<b>\uFFFD[31m&"'  F32[3]  -        -        -             the model \
        has no value 'x'
          not checked  output                  F32[2]  -        -        -             the file has no \
        such weights

        call cfg (1.500 s)
                       tensor                  type    max abs  max rel  of tolerance
          UNEXPECTED   surprise                F32[]   -        -        -             the reference \
        has no such tensor

        override for 3 tensors: |actual - expected| <= 0.25 + 0.5 * |expected| (a test)
        first difference: activation.layer.0 in call forward; activation.stem before it is equal
        FAILED: 1 equal, 6 different or missing, 1 not checked
        """
            .replace("DIGEST", SampleReports.DIGEST),
        TextReport.of(SampleReports.failed()));
  }

  @Test
  void passedReportHasNoFirstDifference() {
    assertEquals(
        """
        parity of model.pt with tiny.case
          sha256 DIGEST (the reference was made from this file)
          precision f32
          engine none

        call forward (0.500 s)
                 tensor  type    max abs  max rel  of tolerance
          equal  output  F64[2]  5.0e-01  1.3e-01  2.2e-01

        override for 1 tensor: |actual - expected| <= 0.25 + 0.5 * |expected| (a test)
        PASSED: 1 equal, 0 different or missing, 0 not checked
        """
            .replace("DIGEST", SampleReports.DIGEST),
        TextReport.of(SampleReports.passed()));
  }

  @Test
  void emptyReportSaysThatNothingWasCompared() {
    assertTrue(
        TextReport.of(SampleReports.empty())
            .endsWith(
                "\nFAILED: nothing was compared (0 equal, 0 different or missing, 1 not"
                    + " checked)\n"));
  }

  @Test
  void failureSaysAllThatIsKnown() {
    ParityReport.Finding first = SampleReports.failed().firstDifference().orElseThrow();
    assertEquals(
        """
        activation.layer.0 in call forward: the values differ
          expected: F64[2]
          actual: F64[2]
          rule: |actual - expected| <= 0.25 + 0.5 * |expected| (a test)
          bad: 1 of 2 elements (50.0 %)
          worst: at [1]: expected 2.0, actual -1.0
          largest: absolute difference 3.0e+00, relative 1.5e+00
          not finite: 0 expected, 0 actual
          needed: the tolerance times 2.4e+00 would pass, or rtol 1.4e+00 at the same atol""",
        TextReport.failure(first));
  }
}
