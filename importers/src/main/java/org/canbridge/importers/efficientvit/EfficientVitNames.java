package org.canbridge.importers.efficientvit;

/** The module paths that a layout gives to stem, stages and head; below a block all agree. */
interface EfficientVitNames {

  /** A stage; stage 0 is the stem. */
  String stage(int stage);

  /** A block of a stage. */
  String block(int stage, int block);

  /** The convolution of the head, before the pooling. */
  String headConv();

  /** The pooling. */
  String pooling();

  /** The hidden linear layer. */
  String hidden();

  /** The layer norm of the hidden layer. */
  String hiddenNorm();

  /** The last linear layer. */
  String classifier();

  /** The names of mit-han-lab/efficientvit. */
  static EfficientVitNames official(EfficientVitSeries series) {
    return new Official("backbone.", series);
  }

  /** The same for a backbone on its own. */
  static EfficientVitNames backbone(EfficientVitSeries series) {
    return new Official("", series);
  }

  /** The names of timm, {@code efficientvit_mit.py}. */
  static EfficientVitNames timm() {
    return new Timm();
  }

  /** In the L series the stem counts as a stage, in the B series it stands apart. */
  record Official(String prefix, EfficientVitSeries series) implements EfficientVitNames {
    @Override
    public String stage(int stage) {
      if (series == EfficientVitSeries.L) {
        return prefix + "stages." + stage;
      }
      return stage == 0 ? prefix + "input_stem" : prefix + "stages." + (stage - 1);
    }

    @Override
    public String block(int stage, int block) {
      return stage(stage) + ".op_list." + block;
    }

    @Override
    public String headConv() {
      return "head.op_list.0";
    }

    @Override
    public String pooling() {
      return "head.op_list.1";
    }

    @Override
    public String hidden() {
      return "head.op_list.2.linear";
    }

    @Override
    public String hiddenNorm() {
      return "head.op_list.2.norm";
    }

    @Override
    public String classifier() {
      return "head.op_list.3.linear";
    }
  }

  /** The stem's convolution and blocks have names of their own. */
  record Timm() implements EfficientVitNames {
    @Override
    public String stage(int stage) {
      return stage == 0 ? "stem" : "stages." + (stage - 1);
    }

    @Override
    public String block(int stage, int block) {
      if (stage == 0) {
        return block == 0 ? "stem.in_conv" : "stem.res" + (block - 1);
      }
      return stage(stage) + ".blocks." + block;
    }

    @Override
    public String headConv() {
      return "head.in_conv";
    }

    @Override
    public String pooling() {
      return "head.global_pool";
    }

    @Override
    public String hidden() {
      return "head.classifier.0";
    }

    @Override
    public String hiddenNorm() {
      return "head.classifier.1";
    }

    @Override
    public String classifier() {
      return "head.classifier.4";
    }
  }
}
