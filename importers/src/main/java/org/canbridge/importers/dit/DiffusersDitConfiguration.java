package org.canbridge.importers.dit;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.PublishedConfiguration;

/**
 * The arguments of diffusers' {@code DiTTransformer2DModel}, as its {@code config.json} has them.
 */
final class DiffusersDitConfiguration implements PublishedConfiguration {

  private static final int NULL_CLASS = 1000;

  /** What diffusers' network can be and ours cannot. */
  private static final Map<String, JsonNode> FIXED = new LinkedHashMap<>();

  /** Names of the arguments that mean the same, theirs and ours. */
  private static final Map<String, String> NAMES = new LinkedHashMap<>();

  static {
    FIXED.put("activation_fn", TextNode.valueOf("gelu-approximate"));
    FIXED.put("attention_bias", BooleanNode.TRUE);
    FIXED.put("norm_elementwise_affine", BooleanNode.FALSE);
    FIXED.put("norm_type", TextNode.valueOf("ada_norm_zero"));
    NAMES.put("in_channels", "in_channels");
    NAMES.put("norm_eps", "norm_eps");
    NAMES.put("num_attention_heads", "num_heads");
    NAMES.put("num_embeds_ada_norm", "num_classes");
    NAMES.put("num_layers", "depth");
    NAMES.put("patch_size", "patch_size");
    NAMES.put("sample_size", "input_size");
  }

  @Override
  public Arguments read(ObjectNode configuration) {
    List<String> others = new ArrayList<>();
    FIXED.forEach(
        (name, value) -> {
          if (configuration.has(name) && !configuration.get(name).equals(value)) {
            others.add(name + " must be " + value + ", is " + configuration.get(name));
          }
        });
    if (!others.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", others));
    }
    Arguments arguments = Arguments.none();
    for (Map.Entry<String, String> name : NAMES.entrySet()) {
      JsonNode value = configuration.get(name.getKey());
      if (value != null && !value.isNull()) {
        arguments = arguments.with(name.getValue(), value);
      }
    }
    return arguments;
  }

  @Override
  public ObjectNode write(Arguments arguments) {
    DitConfig config = DitConfig.of(arguments);
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("_class_name", "DiTTransformer2DModel");
    FIXED.forEach(json::set);
    NAMES.forEach((theirs, ours) -> json.set(theirs, arguments.get(ours).orElseThrow()));
    return json.put("attention_head_dim", config.hiddenSize() / config.numHeads())
        .put("dropout", 0.0)
        .put("norm_num_groups", 32)
        .put("out_channels", config.outChannels())
        .put("upcast_attention", false);
  }

  /** {@code DiTPipeline} has the number of ImageNet's classes in its code. */
  @Override
  public Optional<String> remark(Arguments arguments) {
    int classes = DitConfig.of(arguments).numClasses();
    return classes == NULL_CLASS
        ? Optional.empty()
        : Optional.of(
            "DiTPipeline guides by row "
                + NULL_CLASS
                + " of the label table, whatever the model, and this one's null class is row "
                + classes
                + ": call it with guidance_scale=1, or guide in a loop of your own");
  }

  @Override
  public String weightsName() {
    return "diffusion_pytorch_model";
  }
}
