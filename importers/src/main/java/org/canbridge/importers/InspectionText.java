package org.canbridge.importers;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.canbridge.importers.family.Question;
import org.canbridge.importers.keys.KeyFate;
import org.canbridge.tensors.files.Printable;

/** An inspection as text: what the file is, what import needs, then one line for each tensor. */
final class InspectionText {
  /** More tensors than published networks and their training files have. */
  private static final int MOST_TENSORS = 2_000;

  /** Twice the longest published name. */
  private static final int LONGEST_NAME = 160;

  private final StringBuilder text = new StringBuilder();

  private InspectionText() {}

  static String of(Inspection inspection) {
    InspectionText view = new InspectionText();
    view.header(inspection);
    view.list("notes", inspection.notes());
    view.list("verdicts", inspection.verdicts());
    view.list("problems", inspection.problems());
    view.tensors(inspection.keys());
    return view.text.toString();
  }

  private void header(Inspection inspection) {
    text.append(inspection.file()).append('\n');
    field(
        "format",
        String.format(
            Locale.ROOT,
            "%s, %,d bytes, %,d tensors",
            inspection.format(),
            inspection.bytes(),
            inspection.keys().size()));
    field("family", inspection.title().orElse("none that is read"));
    inspection.layout().ifPresent(layout -> field("layout", layout));
    if (inspection.family().isPresent()) {
      field("published", inspection.published().orElse("no model of these sizes"));
    }
    if (!inspection.weights().isEmpty()) {
      field("weights", inspection.weights());
    }
    List<String> dtypes = new ArrayList<>();
    inspection.dtypes().forEach((dtype, count) -> dtypes.add(count + " " + dtype));
    field(
        "parameters",
        String.format(
            Locale.ROOT,
            "%,d (tensors: %s)",
            inspection.parameters(),
            dtypes.isEmpty() ? "none" : String.join(", ", dtypes)));
    for (String name : inspection.known().names()) {
      field(name, inspection.known().get(name).orElseThrow().toString());
    }
    for (Question question : inspection.open()) {
      field(question.argument(), "? give " + question.option() + ": " + question.reason());
    }
    inspection.can().ifPresent(can -> field("can", can.toString()));
  }

  private void field(String name, String value) {
    text.append(String.format(Locale.ROOT, "  %-24s  %s\n", name, value));
  }

  private void list(String title, List<String> lines) {
    if (!lines.isEmpty()) {
      text.append('\n').append(title).append('\n');
      lines.forEach(line -> text.append("  ").append(line.replace("\n", "\n  ")).append('\n'));
    }
  }

  private void tensors(List<KeyFate> keys) {
    List<KeyFate> shown = keys.subList(0, Math.min(MOST_TENSORS, keys.size()));
    int names = shown.stream().mapToInt(key -> name(key.source()).length()).max().orElse(0);
    int types = shown.stream().mapToInt(key -> key.type().toString().length()).max().orElse(0);
    text.append("\ntensors\n");
    for (KeyFate key : shown) {
      String left = pad(name(key.source()), names) + "  " + pad(key.type().toString(), types);
      text.append("  ").append(left).append("  ").append(outcome(key)).append('\n');
    }
    if (keys.size() > shown.size()) {
      text.append(
          String.format(
              Locale.ROOT, "  ... and %,d more, which --json lists\n", keys.size() - shown.size()));
    }
  }

  private static String name(String source) {
    return Printable.atMost(LONGEST_NAME, source);
  }

  private static String outcome(KeyFate key) {
    if (key.outcome() instanceof KeyFate.Mapped mapped) {
      return mapped.transform() + " -> " + Printable.of(String.join(", ", mapped.targets()));
    }
    if (key.outcome() instanceof KeyFate.Ignored ignored) {
      return "ignored: " + ignored.reason();
    }
    return "refused: " + ((KeyFate.Rejected) key.outcome()).problem();
  }

  private static String pad(String word, int width) {
    return word + " ".repeat(width - word.length());
  }
}
