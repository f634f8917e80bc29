package org.canbridge.cli;

import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.apache.commons.cli.Options;
import org.canbridge.importers.ImportOptions;
import org.canbridge.importers.Weights;

/** The options that settle what a published file cannot tell; for every command that takes one. */
final class ModelOptions {
  private static final int MAX_HEADS = 1 << 16;
  private static final int MAX_TEXT_TOKENS = 1 << 16;

  private ModelOptions() {}

  /** Adds them. */
  static Options addTo(Options options) {
    return options
        .addOption(
            CommonOptions.value(
                "arch", "NAME", "the published model that the file is, e.g. DiT-XL/2"))
        .addOption(
            CommonOptions.value(
                "heads", "N", "attention heads, which no tensor tells; known for published sizes"))
        .addOption(
            CommonOptions.value(
                "text-tokens",
                "N",
                "tokens of text of a text-conditional U-ViT, which no tensor tells; known to be 77"
                    + " for published sizes"))
        .addOption(
            CommonOptions.value(
                "norm-eps", "X", "eps of EfficientViT's norms; that of its series if not given"))
        .addOption(
            CommonOptions.value(
                "attention-eps",
                "X",
                "eps of EfficientViT's attention; 1e-15, or 1e-5 for files of timm, if not given"))
        .addOption(
            CommonOptions.value(
                "config",
                "FILE",
                "a JSON object with arguments that the file cannot tell, under their published names:"
                    + " norm_num_groups, scaling_factor, ..."))
        .addOption(
            CommonOptions.value(
                "weights",
                "ema|model",
                "which weights of a training checkpoint; the moving average (ema) if it has one"));
  }

  /** Reads them. */
  static ImportOptions read(Invocation invocation) throws UsageException {
    Map<String, Weights> sets = new LinkedHashMap<>();
    sets.put(Weights.EMA.word(), Weights.EMA);
    sets.put(Weights.MODEL.word(), Weights.MODEL);
    ImportOptions options = ImportOptions.defaults();
    try {
      Optional<String> arch = invocation.text("arch");
      if (arch.isPresent()) {
        options = options.withArch(arch.get());
      }
      OptionalInt heads = invocation.integer("heads", 1, MAX_HEADS);
      if (heads.isPresent()) {
        options = options.withHeads(heads.getAsInt());
      }
      Optional<Path> config = invocation.path("config");
      if (config.isPresent()) {
        options = options.withConfigFile(config.get());
      }
      OptionalInt textTokens = invocation.integer("text-tokens", 1, MAX_TEXT_TOKENS);
      if (textTokens.isPresent()) {
        options =
            options.withArgument(
                "num_clip_token", IntNode.valueOf(textTokens.getAsInt()), "--text-tokens");
      }
      for (String eps : List.of("norm-eps", "attention-eps")) {
        OptionalDouble value = invocation.number(eps, Double.MIN_NORMAL, 1);
        if (value.isPresent()) {
          options =
              options.withArgument(
                  eps.replace('-', '_'), DoubleNode.valueOf(value.getAsDouble()), "--" + eps);
        }
      }
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
    return options.withWeights(invocation.choice("weights", sets).orElse(Weights.AUTO));
  }
}
