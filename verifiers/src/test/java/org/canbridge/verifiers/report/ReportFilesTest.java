package org.canbridge.verifiers.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.SchemaFactory;
import org.canbridge.runtime.page.Page;
import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.SampleReports;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

final class ReportFilesTest {
  @TempDir private Path folder;

  private static Element suite(ParityReport report) throws Exception {
    String text = JunitXmlReport.of(report);
    SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI)
        .newSchema(ReportFilesTest.class.getResource("junit.xsd"))
        .newValidator()
        .validate(new StreamSource(new StringReader(text)));
    Document document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(text)));
    return document.getDocumentElement();
  }

  private static List<Element> children(Element parent, String name) {
    NodeList nodes = parent.getElementsByTagName(name);
    List<Element> elements = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      elements.add((Element) nodes.item(i));
    }
    return elements;
  }

  @Test
  void junitXmlHasATestCaseForEachTensor() throws Exception {
    ParityReport report = SampleReports.failed();
    Element suite = suite(report);
    assertEquals("parity of model.pt with tiny.case", suite.getAttribute("name"));
    assertEquals("8", suite.getAttribute("tests"));
    assertEquals("6", suite.getAttribute("failures"));
    assertEquals("0", suite.getAttribute("errors"));
    assertEquals("1", suite.getAttribute("skipped"));
    assertEquals("1.750", suite.getAttribute("time"));
    List<Element> cases = children(suite, "testcase");
    assertEquals(8, cases.size());
    assertEquals("activation.stem", cases.get(0).getAttribute("name"));
    assertEquals("parity.tiny_case.forward", cases.get(0).getAttribute("classname"));
    assertEquals(0, children(cases.get(0), "failure").size());
    Element failure = children(cases.get(1), "failure").get(0);
    assertEquals("VALUES_DIFFER", failure.getAttribute("type"));
    assertEquals(
        TextReport.failure(report.firstDifference().orElseThrow()), failure.getTextContent());
    assertTrue(failure.getAttribute("message").startsWith("1 of 2 bad (50.0 %), worst at [1]"));
    assertEquals("activation.<b>\uFFFD[31m&\"'", cases.get(5).getAttribute("name"));
    assertEquals(
        "the file has no such weights",
        children(cases.get(6), "skipped").get(0).getAttribute("message"));
    List<Element> properties = children(suite, "property");
    assertEquals("precision", properties.get(2).getAttribute("name"));
    assertEquals("f32", properties.get(2).getAttribute("value"));
  }

  @Test
  void junitXmlOfASuccessHasNoFailure() throws Exception {
    Element suite = suite(SampleReports.passed());
    assertEquals("1", suite.getAttribute("tests"));
    assertEquals("0", suite.getAttribute("failures"));
    assertEquals(0, children(suite, "failure").size());
  }

  @Test
  void junitXmlOfNothingComparedFails() throws Exception {
    Element suite = suite(SampleReports.empty());
    assertEquals("2", suite.getAttribute("tests"));
    assertEquals("1", suite.getAttribute("failures"));
    assertEquals("1", suite.getAttribute("skipped"));
    assertEquals(
        "FAILED: nothing was compared (0 equal, 0 different or missing, 1 not checked)",
        children(suite, "failure").get(0).getTextContent());
  }

  @Test
  void jsonHoldsTheWholeReport() throws IOException {
    JsonNode root = new JsonMapper().readTree(JsonReport.of(SampleReports.failed()));
    List<String> fields = new ArrayList<>();
    root.fieldNames().forEachRemaining(fields::add);
    assertEquals(
        List.of(
            "format",
            "verdict",
            "model",
            "sha256",
            "reference_checkpoint",
            "reference",
            "environment",
            "equal",
            "failures",
            "not_checked",
            "first_difference",
            "calls"),
        fields);
    assertEquals("canbridge-parity/1", root.get("format").textValue());
    assertEquals("failed", root.get("verdict").textValue());
    assertEquals("f32", root.get("environment").get("precision").textValue());
    assertEquals(6, root.get("failures").intValue());
    assertEquals("activation.layer.0", root.at("/first_difference/name").textValue());
    JsonNode tensors = root.at("/calls/0/tensors");
    JsonNode layer = tensors.get(1);
    assertEquals("values_differ", layer.get("outcome").textValue());
    assertEquals("{\"dtype\":\"F64\",\"shape\":[2]}", layer.get("expected").toString());
    assertEquals(
        "{\"rtol\":0.5,\"atol\":0.25,\"why\":\"a test\"}", layer.get("tolerance").toString());
    assertEquals(
        "{\"elements\":2,\"bad\":1,\"worst\":{\"index\":[1],\"expected\":2.0,\"actual\":-1.0},"
            + "\"max_absolute\":3.0,\"max_relative\":1.5,\"factor_needed\":2.4,"
            + "\"rtol_needed\":1.375,\"non_finite_expected\":0,\"non_finite_actual\":0}",
        layer.get("differences").toString());
    JsonNode nan = tensors.get(2).get("differences");
    assertEquals("NaN", nan.at("/worst/actual").textValue());
    assertEquals("Infinity", nan.get("factor_needed").textValue());
    assertTrue(tensors.get(3).get("differences").isNull());
    assertEquals("the file has no such weights", tensors.get(6).get("reason").textValue());
  }

  @Test
  void jsonOfASuccessHasNoFirstDifference() throws IOException {
    JsonNode root = new JsonMapper().readTree(JsonReport.of(SampleReports.passed()));
    assertEquals("passed", root.get("verdict").textValue());
    assertTrue(root.get("first_difference").isNull());
  }

  @Test
  void htmlNeedsNothingElseAndEscapesNames() {
    String page =
        HtmlReport.of(SampleReports.failed(), List.of(new Page.Link("All", "../index.html")))
            .html();
    for (String external : List.of("https:", "src=", "url(h", "@import", "<script")) {
      assertFalse(page.contains(external), external);
    }
    assertTrue(page.contains("<a href=\"../index.html\">All</a>"));
    assertTrue(page.contains("activation.&lt;b&gt;\uFFFD[31m&amp;&quot;&#39;"));
    assertFalse(page.contains("<b>"));
    assertTrue(page.contains("First difference: activation.layer.0 in call forward"));
    assertTrue(
        page.contains(
            "aria-label=\"Errors of 3 tensors of call forward in units of their tolerances, the"
                + " largest inf; the report's table has all\""));
  }

  @Test
  void writerReplacesAnEarlierReport() throws IOException {
    Path target = folder.resolve("a/b");
    ReportWriter.write(SampleReports.failed(), target);
    ReportWriter.write(SampleReports.passed(), target);
    try (Stream<Path> files = Files.list(target)) {
      assertEquals(
          List.of("junit.xml", "report.html", "report.json"),
          files.map(f -> f.getFileName().toString()).sorted().toList());
    }
    assertEquals(
        JsonReport.of(SampleReports.passed()), Files.readString(target.resolve("report.json")));
    assertEquals(
        JunitXmlReport.of(SampleReports.passed()), Files.readString(target.resolve("junit.xml")));
    assertEquals(
        HtmlReport.of(SampleReports.passed(), List.of()).html(),
        Files.readString(target.resolve("report.html")));
  }

  @Test
  void writerSaysThatItCannotWrite() throws IOException {
    Path file = Files.write(folder.resolve("file"), "x".getBytes(StandardCharsets.UTF_8));
    assertThrows(IOException.class, () -> ReportWriter.write(SampleReports.passed(), file));
    assertEquals("x", Files.readString(file));
  }
}
