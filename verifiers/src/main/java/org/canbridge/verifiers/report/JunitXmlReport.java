package org.canbridge.verifiers.report;

import java.io.StringWriter;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import org.canbridge.tensors.files.Printable;
import org.canbridge.verifiers.CallReport;
import org.canbridge.verifiers.Comparison;
import org.canbridge.verifiers.Outcome;
import org.canbridge.verifiers.ParityReport;

/**
 * A report for CI servers, in the form that Maven Surefire writes and Jenkins, GitLab and others
 * read: one {@code testsuite}, one {@code testcase} for each tensor, the environment as {@code
 * properties}. A tensor that was left out is {@code skipped} with its reason. A report that
 * compares nothing has one failing test case that says so, since an empty suite counts as a
 * success.
 *
 * <p>Source: surefire-test-report-3.0.xsd of Apache Maven Surefire.
 */
final class JunitXmlReport {
  private final XMLStreamWriter xml;

  private JunitXmlReport(XMLStreamWriter xml) {
    this.xml = xml;
  }

  /** The whole document. */
  public static String of(ParityReport report) {
    StringWriter out = new StringWriter();
    try {
      XMLStreamWriter xml = XMLOutputFactory.newInstance().createXMLStreamWriter(out);
      new JunitXmlReport(xml).document(report);
      xml.close();
    } catch (XMLStreamException e) {
      throw new IllegalStateException("writing XML into memory failed", e);
    }
    return out.toString();
  }

  private void document(ParityReport report) throws XMLStreamException {
    boolean nothing = report.failures() == 0 && !report.passed();
    xml.writeStartDocument("UTF-8", "1.0");
    newLine();
    xml.writeStartElement("testsuite");
    attribute("name", "parity of " + report.model() + " with " + report.reference());
    attribute("tests", Long.toString(report.findings().count() + (nothing ? 1 : 0)));
    attribute("failures", Long.toString(report.failures() + (nothing ? 1 : 0)));
    attribute("errors", "0");
    attribute("skipped", Long.toString(report.notChecked()));
    double seconds = report.calls().stream().mapToDouble(CallReport::seconds).sum();
    attribute("time", Wording.seconds(seconds));
    properties(report);
    for (ParityReport.Finding finding : report.findings().toList()) {
      testCase(report, finding);
    }
    if (nothing) {
      startTestCase("verdict", "parity." + segment(report.reference()));
      failure("NOTHING_COMPARED", Wording.verdict(report), Wording.verdict(report));
      endTestCase();
    }
    newLine();
    xml.writeEndElement();
    newLine();
    xml.writeEndDocument();
  }

  private void properties(ParityReport report) throws XMLStreamException {
    newLine();
    xml.writeStartElement("properties");
    property("model", report.model());
    if (report.sha256().isPresent()) {
      property("sha256", report.sha256().get());
    }
    for (var entry : report.environment().entrySet()) {
      property(entry.getKey(), entry.getValue());
    }
    newLine();
    xml.writeEndElement();
  }

  private void property(String name, String value) throws XMLStreamException {
    newLine();
    xml.writeEmptyElement("property");
    attribute("name", name);
    attribute("value", value);
  }

  private void testCase(ParityReport report, ParityReport.Finding finding)
      throws XMLStreamException {
    Comparison c = finding.comparison();
    startTestCase(
        c.name(), "parity." + segment(report.reference()) + "." + segment(finding.call()));
    if (c.outcome() == Outcome.NOT_CHECKED) {
      newLine();
      xml.writeEmptyElement("skipped");
      attribute("message", Wording.remark(c));
    } else if (c.outcome().isFailure()) {
      failure(c.outcome().name(), Wording.remark(c), TextReport.failure(finding));
    }
    endTestCase();
  }

  private void startTestCase(String name, String group) throws XMLStreamException {
    newLine();
    xml.writeStartElement("testcase");
    attribute("name", name);
    attribute("classname", group);
    // The tensors of a call are computed together; the suite has the time.
    attribute("time", "0");
  }

  private void endTestCase() throws XMLStreamException {
    newLine();
    xml.writeEndElement();
  }

  private void failure(String type, String message, String text) throws XMLStreamException {
    newLine();
    xml.writeStartElement("failure");
    attribute("message", message);
    attribute("type", type);
    xml.writeCharacters(text);
    xml.writeEndElement();
  }

  private void attribute(String name, String value) throws XMLStreamException {
    xml.writeAttribute(name, Printable.replaced(value));
  }

  private void newLine() throws XMLStreamException {
    xml.writeCharacters("\n");
  }

  /** Dots separate packages in a class name. */
  private static String segment(String text) {
    return text.replace('.', '_');
  }
}
