package org.canbridge.importers.dit;

import java.util.Arrays;
import java.util.Optional;

/** The four published sizes: Table 1 of the paper. */
enum DitSize {
  S(384, 12, 6),
  B(768, 12, 12),
  L(1024, 24, 16),
  XL(1152, 28, 16);

  private final int width;
  private final int depth;
  private final int heads;

  DitSize(int width, int depth, int heads) {
    this.width = width;
    this.depth = depth;
    this.heads = heads;
  }

  int width() {
    return width;
  }

  int depth() {
    return depth;
  }

  int heads() {
    return heads;
  }

  /** The size with this width and depth. */
  static Optional<DitSize> of(long width, long depth) {
    return Arrays.stream(values())
        .filter(size -> size.width == width && size.depth == depth)
        .findFirst();
  }
}
