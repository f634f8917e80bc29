package org.canbridge.verifiers.junit;

import java.util.stream.Stream;
import org.apiguardian.api.API;
import org.canbridge.verifiers.Outcome;
import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.report.TextReport;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;

/**
 * Parity as JUnit 5 tests, for a project's own CI. {@link #assertParity} is one assertion; {@link
 * #tests} is one test for each tensor, so that a build server shows the layers by name:
 *
 * <pre>{@code
 * final class MyModelParityTest {
 *   private ParityReport report() {
 *     try (ReferenceBundle bundle = ReferenceBundle.open(Path.of("src/test/reference/my-model"))) {
 *       Subject subject =
 *           new Subject(
 *               "my-model", Optional.empty(), Subject.here(), Map.of(CallPlan.FORWARD, myRunner));
 *       return ParityCheck.run(bundle, CallPlans.of(bundle), subject, ParityOptions.NONE);
 *     }
 *   }
 *
 *   @Test
 *   void equalsItsReference() {
 *     ParityAssertions.assertParity(report());
 *   }
 *
 *   @TestFactory
 *   Stream<DynamicTest> layerByLayer() {
 *     return ParityAssertions.tests(report());
 *   }
 * }
 * }</pre>
 *
 * <p>This class needs {@code junit-jupiter-api}, which the project brings itself.
 */
@API(status = API.Status.STABLE)
public final class ParityAssertions {
  private ParityAssertions() {}

  /**
   * Passes if the report does.
   *
   * @throws AssertionError with the whole report as its message
   */
  public static void assertParity(ParityReport report) {
    if (!report.passed()) {
      throw new AssertionError(TextReport.of(report));
    }
  }

  /**
   * One test for each tensor, named {@code call: tensor}, in the report's order. One that fails
   * says all that is known about the tensor; one that was left out is aborted with the reason. A
   * last test holds the verdict, so that a report that compares nothing fails.
   */
  public static Stream<DynamicTest> tests(ParityReport report) {
    Stream<DynamicTest> tensors =
        report
            .findings()
            .map(
                f ->
                    DynamicTest.dynamicTest(
                        f.call() + ": " + f.comparison().name(), () -> assertEqual(f)));
    return Stream.concat(
        tensors, Stream.of(DynamicTest.dynamicTest("verdict", () -> assertParity(report))));
  }

  private static void assertEqual(ParityReport.Finding finding) {
    Outcome outcome = finding.comparison().outcome();
    Assumptions.assumeFalse(
        outcome == Outcome.NOT_CHECKED, () -> finding.comparison().reason().orElseThrow());
    if (outcome.isFailure()) {
      throw new AssertionError(TextReport.failure(finding));
    }
  }
}
