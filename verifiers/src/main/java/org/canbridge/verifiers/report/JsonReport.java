package org.canbridge.verifiers.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Optional;
import org.canbridge.tensors.TensorType;
import org.canbridge.tensors.files.Printable;
import org.canbridge.verifiers.CallReport;
import org.canbridge.verifiers.Comparison;
import org.canbridge.verifiers.Differences;
import org.canbridge.verifiers.ParityReport;
import org.canbridge.verifiers.Tolerance;

/**
 * A report for machines. The object has these fields, always in this order; what does not apply is
 * {@code null}. Numbers that are not finite are the strings {@code NaN}, {@code Infinity} and
 * {@code -Infinity}.
 *
 * <ul>
 *   <li>{@code format}: {@value #FORMAT};
 *   <li>{@code verdict}: {@code passed} or {@code failed};
 *   <li>{@code model}, {@code sha256}, {@code reference_checkpoint}, {@code reference}, {@code
 *       environment} (strings by name): see {@link ParityReport};
 *   <li>{@code equal}, {@code failures}, {@code not_checked}: numbers of tensors;
 *   <li>{@code first_difference}: {@code call} and {@code name};
 *   <li>{@code calls}: for each its {@code call}, {@code seconds} and {@code tensors}; for each of
 *       these {@code name}, {@code outcome} (lower case), {@code reason}, {@code expected} and
 *       {@code actual} ({@code dtype}, {@code shape}), {@code tolerance} ({@code rtol}, {@code
 *       atol}, {@code why}), and {@code differences}: {@code elements}, {@code bad}, {@code worst}
 *       ({@code index}, {@code expected}, {@code actual}), {@code max_absolute}, {@code
 *       max_relative}, {@code factor_needed}, {@code rtol_needed}, {@code non_finite_expected},
 *       {@code non_finite_actual}: see {@link Differences}.
 * </ul>
 *
 * <p>Two runs that compute the same differ in {@code seconds} only.
 */
final class JsonReport {
  /** The version of the layout. */
  public static final String FORMAT = "canbridge-parity/1";

  private static final JsonMapper MAPPER = new JsonMapper();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private JsonReport() {}

  /** The report as a tree, to be put into a larger one. */
  public static ObjectNode tree(ParityReport report) {
    ObjectNode root = NODES.objectNode();
    root.put("format", FORMAT);
    root.put("verdict", report.passed() ? "passed" : "failed");
    root.put("model", report.model());
    root.put("sha256", report.sha256().orElse(null));
    root.put("reference_checkpoint", report.referenceCheckpoint().orElse(null));
    root.put("reference", report.reference());
    ObjectNode environment = root.putObject("environment");
    report.environment().forEach(environment::put);
    root.put("equal", report.equal());
    root.put("failures", report.failures());
    root.put("not_checked", report.notChecked());
    root.set("first_difference", report.firstDifference().map(JsonReport::place).orElse(null));
    ArrayNode calls = root.putArray("calls");
    report.calls().forEach(c -> calls.add(call(c)));
    return root;
  }

  /** The report as text, indented, with a line end. */
  public static String of(ParityReport report) {
    DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter().withObjectIndenter(indenter);
    printer.indentArraysWith(DefaultPrettyPrinter.FixedSpaceIndenter.instance);
    try {
      return Printable.lines(MAPPER.writer(printer).writeValueAsString(tree(report))) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain nodes cannot fail to be written", e);
    }
  }

  private static ObjectNode place(ParityReport.Finding finding) {
    return NODES.objectNode().put("call", finding.call()).put("name", finding.comparison().name());
  }

  private static ObjectNode call(CallReport call) {
    ObjectNode node = NODES.objectNode();
    node.put("call", call.call());
    node.put("seconds", Double.valueOf(Wording.seconds(call.seconds())));
    ArrayNode tensors = node.putArray("tensors");
    call.comparisons().forEach(c -> tensors.add(tensor(c)));
    return node;
  }

  private static ObjectNode tensor(Comparison c) {
    ObjectNode node = NODES.objectNode();
    node.put("name", c.name());
    node.put("outcome", c.outcome().name().toLowerCase(Locale.ROOT));
    node.put("reason", c.reason().orElse(null));
    node.set("expected", type(c.expected()));
    node.set("actual", type(c.actual()));
    node.set("tolerance", c.tolerance().map(JsonReport::tolerance).orElse(null));
    node.set("differences", c.differences().map(JsonReport::differences).orElse(null));
    return node;
  }

  private static ObjectNode type(Optional<TensorType> type) {
    if (type.isEmpty()) {
      return null;
    }
    ObjectNode node = NODES.objectNode();
    node.put("dtype", type.get().dtype().name());
    ArrayNode shape = node.putArray("shape");
    type.get().shape().forEach(shape::add);
    return node;
  }

  private static ObjectNode tolerance(Tolerance t) {
    return NODES.objectNode().put("rtol", t.rtol()).put("atol", t.atol()).put("why", t.why());
  }

  private static ObjectNode differences(Differences d) {
    ObjectNode node = NODES.objectNode();
    node.put("elements", d.elements());
    node.put("bad", d.bad());
    node.set("worst", d.worst().map(JsonReport::element).orElse(null));
    node.put("max_absolute", d.maxAbsolute());
    node.put("max_relative", d.maxRelative());
    node.put("factor_needed", d.factorNeeded());
    node.put("rtol_needed", d.rtolNeeded());
    node.put("non_finite_expected", d.nonFiniteExpected());
    node.put("non_finite_actual", d.nonFiniteActual());
    return node;
  }

  private static ObjectNode element(Differences.Element e) {
    ObjectNode node = NODES.objectNode();
    ArrayNode index = node.putArray("index");
    e.index().forEach(index::add);
    return node.put("expected", e.expected()).put("actual", e.actual());
  }
}
