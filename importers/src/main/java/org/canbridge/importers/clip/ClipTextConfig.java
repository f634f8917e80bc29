package org.canbridge.importers.clip;

import java.util.OptionalInt;
import org.canbridge.importers.ModelConfig;

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
 * @param projectionDim width of the text embedding, where the file has the projection to it
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

  /** The family's name in {@code config.json}. */
  public static final String ARCHITECTURE = "clip-text";

  /** The {@code eos_token_id} that stands for the largest id of the text. */
  public static final int LARGEST_ID = 2;

  /** The activations that published text encoders use. */
  public enum Activation {
    /** {@code x * sigmoid(1.702 x)}: OpenAI's models. */
    QUICK_GELU("quick_gelu"),
    /** The exact one: OpenCLIP's models. */
    GELU("gelu");

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
}
