package org.canbridge.importers.efficientvit;

import java.util.Map;

/**
 * The module paths that a layout gives to stem, stages and head; below a block all layouts agree.
 *
 * @param prefix what stands in front of stem and stages
 * @param library whose names they are
 */
record EfficientVitNames(String prefix, Library library) {
  private static final String BACKBONE = "backbone.";

  /** Whose names they are. */
  private enum Library {
    /** mit-han-lab/efficientvit. */
    MIT,
    /** timm, {@code efficientvit_mit.py}. */
    TIMM
  }

  /** The names of a classifier of mit-han-lab/efficientvit; the canonical ones. */
  static EfficientVitNames official() {
    return new EfficientVitNames(BACKBONE, Library.MIT);
  }

  /** The same for a backbone on its own. */
  static EfficientVitNames backbone() {
    return new EfficientVitNames("", Library.MIT);
  }

  /** The names of timm. */
  static EfficientVitNames timm() {
    return new EfficientVitNames("", Library.TIMM);
  }

  /** What stands in front of the number of a stage. */
  String stages() {
    return prefix + "stages.";
  }

  /**
   * A stage; stage 0 is the stem. In the L series of the authors it counts as a stage, elsewhere it
   * stands apart.
   */
  String stage(EfficientVitSeries series, int stage) {
    if (countsStem(series)) {
      return stages() + stage;
    }
    String stem = library == Library.MIT ? "input_stem" : "stem";
    return stage == 0 ? prefix + stem : stages() + (stage - 1);
  }

  /** Whether the number of the first stage behind the stem is 1. */
  boolean countsStem(EfficientVitSeries series) {
    return library == Library.MIT && series == EfficientVitSeries.L;
  }

  /** A block of a stage; the first of the stem is its convolution. */
  String block(EfficientVitSeries series, int stage, int block) {
    String path = blocks(series, stage);
    if (library == Library.TIMM && stage == 0) {
      return block == 0 ? "stem.in_conv" : path + (block - 1);
    }
    return path + block;
  }

  /**
   * What stands in front of the number of a block; in the stem of timm the convolution is not
   * counted.
   */
  String blocks(EfficientVitSeries series, int stage) {
    return library == Library.TIMM && stage == 0 ? "stem.res" : stage(series, stage) + blocks();
  }

  /** What stands between the number of a stage and that of a block. */
  String blocks() {
    return library == Library.MIT ? ".op_list." : ".blocks.";
  }

  /** Number of blocks of the stem besides its convolution, given the count of {@link #blocks}. */
  long stemDepth(long counted) {
    return library == Library.MIT ? Math.max(0, counted - 1) : counted;
  }

  /** What these names make of a module path of the canonical ones. */
  String published(String canonical, EfficientVitSeries series, int stages) {
    EfficientVitNames from = official();
    for (int i = 0; i < stages; i++) {
      String stage = from.stage(series, i);
      if (canonical.equals(stage)) {
        return stage(series, i);
      }
      String blocks = from.blocks(series, i);
      if (canonical.startsWith(blocks)) {
        String rest = canonical.substring(blocks.length());
        int dot = rest.indexOf('.');
        int block = Integer.parseInt(dot < 0 ? rest : rest.substring(0, dot));
        return block(series, i, block) + (dot < 0 ? "" : rest.substring(dot));
      }
    }
    Map<String, String> head =
        Map.of(
            from.headConv(), headConv(),
            from.pooling(), pooling(),
            from.hidden(), hidden(),
            from.hiddenNorm(), hiddenNorm(),
            from.classifier(), classifier());
    return head.entrySet().stream()
        .filter(e -> canonical.equals(e.getKey()) || canonical.startsWith(e.getKey() + "."))
        .map(e -> e.getValue() + canonical.substring(e.getKey().length()))
        .findFirst()
        .orElse(canonical);
  }

  /** Whether the library saves the head of a network that was made for no classes. */
  boolean mayLackClasses() {
    return library != Library.MIT;
  }

  /** The convolution of the head, before the pooling. */
  String headConv() {
    return library == Library.MIT ? "head.op_list.0" : "head.in_conv";
  }

  /** The pooling, which leaves height and width 1; timm's flattens behind it. */
  String pooling() {
    return library == Library.MIT ? "head.op_list.1" : "head.global_pool.pool";
  }

  /** The hidden linear layer. */
  String hidden() {
    return library == Library.MIT ? "head.op_list.2.linear" : "head.classifier.0";
  }

  /** The layer norm of the hidden layer. */
  String hiddenNorm() {
    return library == Library.MIT ? "head.op_list.2.norm" : "head.classifier.1";
  }

  /** The last linear layer. */
  String classifier() {
    return library == Library.MIT ? "head.op_list.3.linear" : "head.classifier.4";
  }
}
