package org.canbridge.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import org.canbridge.runtime.PaperSizes;

/** The sizes that CAN prints beside ours. */
final class PaperSizesReport {
  private static final double MILLION = 1e6;
  private static final double BILLION = 1e9;

  private PaperSizesReport() {}

  static String text(List<PaperSizes.Row> rows) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%-5s %-26s %9s %9s %7s   %8s %8s %10s %7s%n",
            "table",
            "network",
            "params/M",
            "ours",
            "off",
            "MACs/G",
            "ours",
            "less attn",
            "off"));
    for (PaperSizes.Row row : rows) {
      text.append(
          String.format(
              Locale.ROOT,
              "%-5s %-26s %9.0f %9.1f %+6.1f%%   %8.1f %8.1f%s%9.1f%s %+6.1f%%%s%n",
              row.table(),
              row.name(),
              row.paperParameters() / MILLION,
              row.parameters() / MILLION,
              100 * row.parametersDeviation(),
              row.paperMacs() / BILLION,
              row.macs() / BILLION,
              row.paperCountsAttention() ? "*" : " ",
              row.macsWithoutAttention() / BILLION,
              row.paperCountsAttention() ? " " : "*",
              100 * row.macsDeviation(),
              row.inBand() ? "" : "  out of its band"));
    }
    return text.append(
            "* what the printed number is compared with: with attention's matrix products, or without\n")
        .toString();
  }

  static ObjectNode json(List<PaperSizes.Row> rows) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("in_band", rows.stream().allMatch(PaperSizes.Row::inBand));
    for (PaperSizes.Row row : rows) {
      json.withArray("/networks")
          .addObject()
          .put("table", row.table())
          .put("name", row.name())
          .put("paper_parameters", row.paperParameters())
          .put("parameters", row.parameters())
          .put("parameters_deviation", row.parametersDeviation())
          .put("paper_macs", row.paperMacs())
          .put("macs", row.macs())
          .put("macs_without_attention", row.macsWithoutAttention())
          .put("paper_counts_attention", row.paperCountsAttention())
          .put("macs_deviation", row.macsDeviation())
          .put("in_band", row.inBand());
    }
    return json;
  }
}
