package org.canbridge.importers.clip;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.keys.KeyMap;

/**
 * The arguments of CLIP's text encoder (Radford et al., ICML 2021, arXiv 2103.00020) under the
 * names of transformers' {@code CLIPTextConfig}.
 *
 * @param vocabSize rows of the token table
 * @param hiddenSize width D of the tokens
 * @param intermediateSize hidden width of the MLP
 * @param numHiddenLayers number of layers
 * @param numAttentionHeads attention heads; in no tensor's shape
 * @param maxPositionEmbeddings rows of the position table, the most tokens of a text
 * @param hiddenAct the MLP's activation
 * @param layerNormEps eps of every layer norm
 * @param eosTokenId id of the end-of-text token, where the text is pooled. The value {@value
 *     #LARGEST_ID} does not mean that id: files older than transformers 4.30 carry it by mistake,
 *     and the text is pooled at the largest id
 * @param projectionDim width of the text embedding, where the file has the projection to it. The
 *     argument is {@code text_projection_dim}, 0 without: transformers' own {@code projection_dim}
 *     is in {@code config.json} whether there is a projection or not
 */
public record ClipTextConfig(
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int numHiddenLayers,
    int numAttentionHeads,
    int maxPositionEmbeddings,
    Activation hiddenAct,
    double layerNormEps,
    int eosTokenId,
    OptionalInt projectionDim)
    implements ModelConfig {

  static final String ARCHITECTURE = "clip-text";

  private static final int MAX_SIZE = 1 << 20;

  /** The {@code eos_token_id} that stands for the largest id of the text. */
  public static final int LARGEST_ID = 2;

  /** The activations that published text encoders use. */
  public enum Activation {
    /** {@code x * sigmoid(1.702 x)}: OpenAI's models. */
    QUICK_GELU("quick_gelu"),
    /** The exact one: OpenCLIP's models. */
    GELU("gelu");

    private static final List<String> PUBLISHED =
        Arrays.stream(values()).map(Activation::published).toList();

    private final String published;

    Activation(String published) {
      this.published = published;
    }

    /** The word in {@code config.json}. */
    public String published() {
      return published;
    }
  }

  /** Checks what the network's construction relies on. */
  public ClipTextConfig {
    if (hiddenSize % numAttentionHeads != 0) {
      throw new IllegalArgumentException(
          "hidden_size "
              + hiddenSize
              + " is not a multiple of num_attention_heads "
              + numAttentionHeads);
    }
  }

  @Override
  public String architecture() {
    return ARCHITECTURE;
  }

  /**
   * Reads the arguments of a model directory or of transformers.
   *
   * @throws IllegalArgumentException listing every argument that is missing, unknown or impossible
   */
  static ClipTextConfig of(Arguments arguments) {
    Arguments.Reader reader = arguments.reader();
    int vocabSize = reader.integer("vocab_size", 1, MAX_SIZE);
    int hiddenSize = reader.integer("hidden_size", 1, MAX_SIZE);
    int intermediateSize = reader.integer("intermediate_size", 1, MAX_SIZE);
    int numHiddenLayers = reader.integer("num_hidden_layers", 1, KeyMap.MAX_REPEAT);
    int numAttentionHeads = reader.integer("num_attention_heads", 1, MAX_SIZE);
    int maxPositionEmbeddings = reader.integer("max_position_embeddings", 1, MAX_SIZE);
    String hiddenAct = reader.word("hidden_act", Activation.PUBLISHED);
    double layerNormEps = reader.positive("layer_norm_eps");
    int eosTokenId = reader.integer("eos_token_id", 0, MAX_SIZE);
    int projectionDim = reader.integer("text_projection_dim", 0, MAX_SIZE);
    reader.finish();
    return new ClipTextConfig(
        vocabSize,
        hiddenSize,
        intermediateSize,
        numHiddenLayers,
        numAttentionHeads,
        maxPositionEmbeddings,
        Activation.values()[Activation.PUBLISHED.indexOf(hiddenAct)],
        layerNormEps,
        eosTokenId,
        projectionDim == 0 ? OptionalInt.empty() : OptionalInt.of(projectionDim));
  }

  @Override
  public Arguments arguments() {
    return Arguments.none()
        .with("vocab_size", vocabSize)
        .with("hidden_size", hiddenSize)
        .with("intermediate_size", intermediateSize)
        .with("num_hidden_layers", numHiddenLayers)
        .with("num_attention_heads", numAttentionHeads)
        .with("max_position_embeddings", maxPositionEmbeddings)
        .with("hidden_act", hiddenAct.published())
        .with("layer_norm_eps", layerNormEps)
        .with("eos_token_id", eosTokenId)
        .with("text_projection_dim", projectionDim.orElse(0));
  }
}
