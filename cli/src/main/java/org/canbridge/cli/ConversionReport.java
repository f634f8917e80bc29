package org.canbridge.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Locale;
import org.canbridge.runtime.CanConversion;
import org.canbridge.runtime.SameFunction;
import org.canbridge.runtime.graph.CostModel;

/** What {@code convert} says: the cost beforehand, every changed layer and the check afterwards. */
final class ConversionReport {
  private static final double GIB = 1L << 30;

  private ConversionReport() {}

  static String text(CanConversion conversion, Path target) {
    StringBuilder text = new StringBuilder();
    for (CanConversion.Change change : conversion.changes()) {
      String what = change.inserted() ? "inserted " : "rewritten";
      String how =
          change.generator().isEmpty() ? "static" : "weights from can." + change.generator();
      text.append(
          String.format(
              Locale.ROOT, "%s  %-28s %-18s %s%n", what, change.layer(), change.weight(), how));
    }
    text.append(costs(conversion.before(), conversion.after()));
    if (!conversion.removed().isEmpty()) {
      text.append(
          String.format(
              Locale.ROOT, "%d tensors of the source are gone%n", conversion.removed().size()));
    }
    SameFunction check = conversion.check();
    text.append(
        String.format(
            Locale.ROOT,
            "largest difference to the source on random inputs  %.3g, root mean square %.3g"
                + " (standard deviation of the output %.3g)%n",
            check.largest(),
            check.rootMeanSquare(),
            check.deviation()));
    return text.append(verdict(conversion, target)).append(System.lineSeparator()).toString();
  }

  private static String verdict(CanConversion conversion, Path target) {
    if (!conversion.passed()) {
      return conversion.promised()
          ? String.format(
              Locale.ROOT,
              "the function is NOT preserved (allowed %.0e standard deviations); nothing is"
                  + " written",
              SameFunction.TOLERANCE)
          : "the output is not finite; nothing is written";
    }
    return conversion.promised()
        ? "the function is preserved; written to " + target
        : String.format(
            Locale.ROOT,
            "its own control is gone, so this is another function (root mean square difference %.3g"
                + " standard deviations) until it is trained; written to %s",
            conversion.check().rootMeanSquare() / conversion.check().deviation(),
            target);
  }

  /** What a conversion would cost. */
  static String text(CanConversion.Estimate estimate) {
    return generators(estimate) + costs(estimate.before(), estimate.after());
  }

  /** What a conversion adds, in one line. */
  static String generators(CanConversion.Estimate estimate) {
    long added = estimate.after().parameters() - estimate.before().parameters();
    return String.format(
        Locale.ROOT,
        "%d generators for %d layers, %d convolutions inserted: %+,d parameters (%.2f GiB in"
            + " float32)%n",
        estimate.spec().generators().size(),
        estimate.spec().generators().stream().mapToInt(g -> g.layers().size()).sum(),
        estimate.spec().inserted().size(),
        added,
        Float.BYTES * added / GIB);
  }

  /** The same for machines. */
  static ObjectNode json(CanConversion.Estimate estimate) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("generators", estimate.spec().generators().size());
    json.put("inserted", estimate.spec().inserted().size());
    costs(json, estimate.before(), estimate.after());
    return json;
  }

  private static String costs(CostModel.Cost before, CostModel.Cost after) {
    return String.format(
        Locale.ROOT,
        "parameters  %,d -> %,d%nMACs        %,d -> %,d%n",
        before.parameters(),
        after.parameters(),
        before.macs(),
        after.macs());
  }

  private static void costs(ObjectNode json, CostModel.Cost before, CostModel.Cost after) {
    json.putObject("parameters")
        .put("before", before.parameters())
        .put("after", after.parameters());
    json.putObject("macs").put("before", before.macs()).put("after", after.macs());
  }

  static ObjectNode json(CanConversion conversion) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("preserved", conversion.check().holds());
    json.putObject("check")
        .put("promised", conversion.promised())
        .put("largest_difference", conversion.check().largest())
        .put("rms_difference", conversion.check().rootMeanSquare())
        .put("output_std", conversion.check().deviation())
        .put("tolerance_in_std", SameFunction.TOLERANCE);
    costs(json, conversion.before(), conversion.after());
    conversion.removed().forEach(json.withArray("/removed")::add);
    for (CanConversion.Change change : conversion.changes()) {
      json.withArray("/changes")
          .addObject()
          .put("layer", change.layer())
          .put("inserted", change.inserted())
          .put("generator", change.generator())
          .put("weight", change.weight().toString());
    }
    return json;
  }
}
