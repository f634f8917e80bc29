package org.canbridge.importers.cat;

import static org.canbridge.importers.keys.KeyRule.copy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Inference;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.Question;
import org.canbridge.importers.family.Signature;
import org.canbridge.importers.family.StateDict;
import org.canbridge.importers.keys.Dims;
import org.canbridge.importers.keys.KeyMap;
import org.canbridge.importers.keys.KeyRule;

/**
 * The one layout of a CaT. Symbols: channels of the latent C, side of a patch P, width of the
 * condition E, of a head D, of the stages W0, W1, ..., expansion X, rows of the label table R,
 * width of the text T.
 */
final class CatLayout implements Layout {
  private static final String MIDDLE = "middle";
  private static final String TEXT_EMBEDDER = "context_embedder";

  @Override
  public String name() {
    return "canonical";
  }

  @Override
  public Signature signature() {
    return Signature.of(
        "middle.blocks.0.context_module.main.qkv.conv.weight",
        "middle.blocks.0.local_module.main.depth_conv.conv.weight",
        "t_embedder.mlp.2.weight",
        "final_layer.norm.weight");
  }

  @Override
  public Inference infer(StateDict weights) {
    List<Integer> widths = new ArrayList<>();
    List<Integer> depths = new ArrayList<>();
    long above = weights.repeats("encoder.");
    for (int i = 0; i <= above; i++) {
      String stage = i < above ? "encoder." + i : MIDDLE;
      weights
          .size(stage + ".blocks.0.context_module.norm.weight", 1, 0)
          .ifPresent(width -> widths.add((int) width));
      depths.add((int) Math.max(1, weights.repeats(stage + ".blocks.")));
    }
    String block = MIDDLE + ".blocks.0.";
    Arguments known =
        Arguments.none()
            .with("in_chans", weights.size("x_embedder.proj.weight", 4, 1))
            .with("patch_size", weights.size("x_embedder.proj.weight", 4, 2));
    if (widths.size() == depths.size()) {
      known = known.with("width_list", CatConfig.list(widths));
    }
    known =
        known
            .with("depth_list", CatConfig.list(depths))
            .with("dim", weights.size(block + "context_module.main.aggreg.0.1.weight", 4, 1))
            .with(
                "expand_ratio",
                ratio(
                    weights.size(block + "local_module.main.inverted_conv.conv.weight", 4, 0),
                    weights.size(block + "local_module.main.inverted_conv.conv.weight", 4, 1)))
            .with("cond_width", weights.size("t_embedder.mlp.2.weight", 2, 0));
    List<Question> questions = new ArrayList<>();
    questions.add(question("img_size", "--image-size N", 32));
    boolean text =
        weights.tensors().keySet().stream().anyMatch(name -> name.startsWith(TEXT_EMBEDDER + "."));
    known = known.with(CatConfig.CONDITION, text ? CatConfig.TEXT : CatConfig.LABEL);
    if (text) {
      known = known.with("clip_dim", weights.size(TEXT_EMBEDDER + ".weight", 2, 1));
      questions.add(question("num_clip_token", "--text-tokens N", 77));
    } else {
      known =
          known.with(
              "num_classes", lessOne(weights.size("y_embedder.embedding_table.weight", 2, 0)));
    }
    return new Inference(known, questions, List.of());
  }

  private static Question question(String argument, String option, int usual) {
    return new Question(
        argument, option, "no tensor holds it", Optional.of(IntNode.valueOf(usual)));
  }

  private static OptionalLong ratio(OptionalLong whole, OptionalLong part) {
    return whole.isPresent() && part.isPresent() && whole.getAsLong() >= part.getAsLong()
        ? OptionalLong.of(whole.getAsLong() / part.getAsLong())
        : OptionalLong.empty();
  }

  private static OptionalLong lessOne(OptionalLong rows) {
    return rows.isPresent() && rows.getAsLong() > 1
        ? OptionalLong.of(rows.getAsLong() - 1)
        : OptionalLong.empty();
  }

  @Override
  public KeyMap keyMap(Arguments known) {
    List<Integer> widths = integers(known, "width_list");
    List<Integer> depths = integers(known, "depth_list");
    int last = depths.size() - 1;
    List<KeyRule> rules = new ArrayList<>(conv("x_embedder.proj", "W0", "C", "P"));
    rules.addAll(linear("t_embedder.mlp.0", "E", "256"));
    rules.addAll(linear("t_embedder.mlp.2", "E", "E"));
    if (known.get(CatConfig.CONDITION).filter(c -> c.asText().equals(CatConfig.TEXT)).isPresent()) {
      rules.addAll(linear(TEXT_EMBEDDER, "E", "T"));
    } else {
      rules.add(copy("y_embedder.embedding_table.weight", "[R, E]"));
    }
    for (int i = 0; i < last; i++) {
      String path = "encoder." + i;
      rules.addAll(blocks(path, depths.get(i), "W" + i, "H" + i));
      rules.addAll(conv(path + ".down", "W" + (i + 1), "W" + i, "2"));
    }
    rules.addAll(blocks(MIDDLE, depths.get(last), "W" + last, "H" + last));
    for (int i = last - 1; i >= 0; i--) {
      String path = "decoder." + i;
      rules.addAll(conv(path + ".up", "4*W" + i, "W" + (i + 1), "1"));
      rules.addAll(conv(path + ".skip", "W" + i, "2*W" + i, "1"));
      rules.addAll(blocks(path, depths.get(i), "W" + i, "H" + i));
    }
    rules.addAll(norm("final_layer.norm", "W0"));
    rules.addAll(conv("final_layer.linear", "O", "W0", "1"));
    return KeyMap.builder().rules(rules, dims(known, widths, last)).build();
  }

  private static Dims dims(Arguments known, List<Integer> widths, int last) {
    OptionalLong channels = known.integer("in_chans");
    OptionalLong patch = known.integer("patch_size");
    OptionalLong classes = known.integer("num_classes");
    OptionalLong expansion = known.integer("expand_ratio");
    boolean out = channels.isPresent() && patch.isPresent();
    Dims dims =
        Dims.none()
            .with("C", channels)
            .with("P", patch)
            .with(
                "O",
                out
                    ? OptionalLong.of(channels.getAsLong() * patch.getAsLong() * patch.getAsLong())
                    : OptionalLong.empty())
            .with("E", known.integer("cond_width"))
            .with("D", known.integer("dim"))
            .with("T", known.integer("clip_dim"))
            .with(
                "R",
                classes.isPresent()
                    ? OptionalLong.of(classes.getAsLong() + 1)
                    : OptionalLong.empty());
    for (int i = 0; i <= last; i++) {
      OptionalLong width =
          i < widths.size() ? OptionalLong.of(widths.get(i)) : OptionalLong.empty();
      dims =
          dims.with("W" + i, width)
              .with(
                  "H" + i,
                  width.isPresent() && expansion.isPresent()
                      ? OptionalLong.of(width.getAsLong() * expansion.getAsLong())
                      : OptionalLong.empty());
    }
    return dims;
  }

  private static List<Integer> integers(Arguments known, String name) {
    List<Integer> values = new ArrayList<>();
    known.get(name).ifPresent(list -> list.forEach((JsonNode n) -> values.add(n.asInt())));
    return values;
  }

  private static List<KeyRule> blocks(String stage, int depth, String width, String hidden) {
    List<KeyRule> rules = new ArrayList<>();
    for (int i = 0; i < depth; i++) {
      String context = stage + ".blocks." + i + ".context_module";
      rules.addAll(norm(context + ".norm", width));
      rules.add(weight(context + ".main.qkv.conv", "3*" + width, width, "1"));
      rules.add(weight(context + ".main.aggreg.0.0", "3*" + width, "1", "5"));
      rules.add(weight(context + ".main.aggreg.0.1", "3*" + width, "D", "1"));
      rules.addAll(conv(context + ".main.proj.conv", width, "2*" + width, "1"));
      String local = stage + ".blocks." + i + ".local_module";
      rules.addAll(norm(local + ".norm", width));
      rules.addAll(conv(local + ".main.inverted_conv.conv", hidden, width, "1"));
      rules.addAll(conv(local + ".main.depth_conv.conv", hidden, "1", "3"));
      rules.addAll(conv(local + ".main.point_conv.conv", width, hidden, "1"));
    }
    return rules;
  }

  private static KeyRule weight(String path, String out, String in, String kernel) {
    return copy(path + ".weight", "[" + String.join(", ", out, in, kernel, kernel) + "]");
  }

  private static List<KeyRule> conv(String path, String out, String in, String kernel) {
    return List.of(weight(path, out, in, kernel), copy(path + ".bias", "[" + out + "]"));
  }

  private static List<KeyRule> linear(String path, String out, String in) {
    return List.of(
        copy(path + ".weight", "[" + out + ", " + in + "]"), copy(path + ".bias", "[" + out + "]"));
  }

  private static List<KeyRule> norm(String path, String width) {
    return List.of(
        copy(path + ".weight", "[" + width + "]"), copy(path + ".bias", "[" + width + "]"));
  }
}
