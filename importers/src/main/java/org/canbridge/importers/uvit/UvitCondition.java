package org.canbridge.importers.uvit;

/** What a U-ViT is conditioned on besides time, and the tokens that this takes. */
public sealed interface UvitCondition {

  /** Number of tokens between or before the time token and the patches. */
  int tokens();

  /** Nothing: an unconditional network. */
  record None() implements UvitCondition {
    @Override
    public int tokens() {
      return 0;
    }
  }

  /**
   * A class label, one token in front of the time token.
   *
   * @param numClasses rows of the label table. Guided networks count the null class, which is the
   *     last row
   */
  record Label(int numClasses) implements UvitCondition {
    /** Refuses an empty table. */
    public Label {
      if (numClasses < 1) {
        throw new IllegalArgumentException("num_classes must be at least 1, is " + numClasses);
      }
    }

    @Override
    public int tokens() {
      return 1;
    }
  }

  /**
   * The token embeddings of a text encoder, behind the time token.
   *
   * @param clipDim width of one embedding
   * @param numClipToken number of embeddings
   */
  record Text(int clipDim, int numClipToken) implements UvitCondition {
    /** Refuses an empty context. */
    public Text {
      if (clipDim < 1 || numClipToken < 1) {
        throw new IllegalArgumentException(
            "clip_dim and num_clip_token must be at least 1, are "
                + clipDim
                + " and "
                + numClipToken);
      }
    }

    @Override
    public int tokens() {
      return numClipToken;
    }
  }
}
