package org.canbridge.importers.cat;

/** What a CaT is conditioned on besides time. */
public sealed interface CatCondition {

  /**
   * A class label.
   *
   * @param numClasses classes, without the null class, which is the label table's last row
   */
  record Label(int numClasses) implements CatCondition {
    /** Refuses an empty table. */
    public Label {
      if (numClasses < 1) {
        throw new IllegalArgumentException("num_classes must be at least 1, is " + numClasses);
      }
    }
  }

  /**
   * The token embeddings of a text encoder, of which the mean counts.
   *
   * @param clipDim width of one embedding
   * @param numClipToken number of embeddings
   */
  record Text(int clipDim, int numClipToken) implements CatCondition {
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
  }
}
