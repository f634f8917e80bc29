package org.canbridge.importers.uvit;

import java.util.Arrays;
import java.util.Optional;

/**
 * The sizes that bear a name: Table 1 of the U-ViT paper (arXiv 2209.12152), "Deep" from its
 * text-to-image networks and CAN (arXiv 2404.01143), "2B" from DC-AE (arXiv 2410.10733).
 */
enum UvitSize {
  S("S", 512, 12, 8),
  S_DEEP("S-Deep", 512, 16, 8),
  M("M", 768, 16, 12),
  L("L", 1024, 20, 16),
  H("H", 1152, 28, 16),
  TWO_B("2B", 2048, 28, 32);

  private final String label;
  private final int width;
  private final int depth;
  private final int heads;

  UvitSize(String label, int width, int depth, int heads) {
    this.label = label;
    this.width = width;
    this.depth = depth;
    this.heads = heads;
  }

  /** The size with these dimensions, which the tensors tell. */
  static Optional<UvitSize> of(long width, long depth) {
    return Arrays.stream(values())
        .filter(size -> size.width == width && size.depth == depth)
        .findFirst();
  }

  int heads() {
    return heads;
  }

  /** The name with this side of a patch, e.g. {@code U-ViT-L/2}. */
  String named(int patch) {
    return "U-ViT-" + label + "/" + patch;
  }

  /** The arguments that all published networks of this size have in common. */
  UvitConfig config(int imgSize, int patch, int inChans, UvitCondition condition, boolean conv) {
    return new UvitConfig(
        imgSize, patch, inChans, width, depth, heads, 4 * width, false, false, condition, conv,
        true);
  }
}
