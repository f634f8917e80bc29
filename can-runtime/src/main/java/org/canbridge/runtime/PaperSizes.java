package org.canbridge.runtime;

import java.util.ArrayList;
import java.util.List;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.runtime.can.CanCondition;
import org.canbridge.runtime.can.CanPreset;
import org.canbridge.runtime.can.CanRewriter;
import org.canbridge.runtime.can.CanTarget;
import org.canbridge.runtime.family.Control;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.graph.CostModel;
import org.canbridge.runtime.graph.Graph;

/**
 * The sizes that CAN prints (Cai et al., CVPR 2024, arXiv 2404.01143, Tables 4 and 6) beside those
 * of the networks here.
 */
public final class PaperSizes {
  /** Parameters of a network that was published, in millions, are printed without decimals. */
  private static final double PUBLISHED_BAND = 0.01;

  /** What the CaT were fitted to. */
  private static final double FITTED_BAND = 0.03;

  /** How the network comes about. */
  private enum Kind {
    /** As its authors published it. */
    PUBLISHED,
    /** A published network made condition-aware, its own control gone. */
    CAN,
    /** A reconstruction, condition-aware. */
    CAT
  }

  /**
   * What the paper says of a network.
   *
   * @param table of the paper
   * @param name as the paper has it
   * @param arch name of the network here
   * @param imgSize side of the latent
   * @param patch side of a patch
   * @param parameters in millions
   * @param macs in billions
   * @param decimals that {@code macs} is printed with
   * @param attention whether {@code macs} counts attention's matrix products
   */
  private record Entry(
      String table,
      String name,
      Kind kind,
      String arch,
      int imgSize,
      int patch,
      double parameters,
      double macs,
      int decimals,
      boolean attention) {}

  /**
   * One network.
   *
   * @param table of the paper
   * @param name as the paper has it
   * @param paperParameters as printed
   * @param parameters of the network here
   * @param paperMacs as printed
   * @param macs of the network here, with attention's matrix products
   * @param macsWithoutAttention the same without them
   * @param paperCountsAttention which of the two the printed number is compared with
   * @param parametersBand largest deviation of the parameters, as a share
   * @param macsBand largest deviation of the MACs, as a share
   */
  public record Row(
      String table,
      String name,
      double paperParameters,
      long parameters,
      double paperMacs,
      long macs,
      long macsWithoutAttention,
      boolean paperCountsAttention,
      double parametersBand,
      double macsBand) {
    /** Deviation of the parameters from the printed number, as a share of that. */
    public double parametersDeviation() {
      return parameters / paperParameters - 1;
    }

    /** Deviation of the MACs, counted as in the paper, as a share. */
    public double macsDeviation() {
      return (paperCountsAttention ? macs : macsWithoutAttention) / paperMacs - 1;
    }

    /** Whether both are in their band. */
    public boolean inBand() {
      return Math.abs(parametersDeviation()) <= parametersBand
          && Math.abs(macsDeviation()) <= macsBand;
    }
  }

  private static final List<Entry> ENTRIES =
      List.of(
          published("4", "DiT-XL/2 256", "DiT-XL/2", 32, 2, 675, 118.6, true),
          published("4", "DiT-XL/2 512", "DiT-XL/2", 64, 2, 675, 524.6, true),
          published("4", "U-ViT-L/2 256", "U-ViT-L/2", 32, 2, 287, 76.5, true),
          published("4", "U-ViT-H/2 256", "U-ViT-H/2", 32, 2, 501, 133.2, true),
          published("4", "U-ViT-H/4 512", "U-ViT-H/4", 64, 4, 501, 133.2, true),
          can("4", "CAN(UViT-S-Deep/4) 512", "U-ViT-S-Deep/4", 64, 4, 185, 16),
          cat("4", "CaT-B0 256", "CaT-B0", 32, 1, 475, 12),
          cat("4", "CaT-L0 512", "CaT-L0", 64, 2, 377, 10),
          cat("4", "CaT-L1 512", "CaT-L1", 64, 2, 486, 12),
          published("6", "UViT-S/2 (text)", "U-ViT-S/2-MS-COCO", 32, 2, 45, 14.7, false),
          published("6", "UViT-S-Deep/2 (text)", "U-ViT-S-Deep/2-MS-COCO", 32, 2, 58, 19.3, false),
          can("6", "CAN(UViT-S/2) (text)", "U-ViT-S/2-MS-COCO", 32, 2, 147, 12),
          can("6", "CAN(UViT-S-Deep/2) (text)", "U-ViT-S-Deep/2-MS-COCO", 32, 2, 182, 16),
          cat("6", "CaT-S0 (text)", "CaT-S0", 32, 1, 169, 3),
          cat("6", "CaT-S1 (text)", "CaT-S1", 32, 1, 307, 7));

  private PaperSizes() {}

  private static Entry published(
      String table,
      String name,
      String arch,
      int size,
      int patch,
      double parameters,
      double macs,
      boolean attention) {
    return new Entry(
        table, name, Kind.PUBLISHED, arch, size, patch, parameters, macs, 1, attention);
  }

  private static Entry can(
      String table, String name, String arch, int size, int patch, double parameters, double macs) {
    return new Entry(table, name, Kind.CAN, arch, size, patch, parameters, macs, 0, true);
  }

  private static Entry cat(
      String table, String name, String arch, int size, int patch, double parameters, double macs) {
    return new Entry(table, name, Kind.CAT, arch, size, patch, parameters, macs, 0, true);
  }

  /** Every network, in the order of the paper's tables; no tensor is allocated. */
  public static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    for (Entry entry : ENTRIES) {
      rows.add(row(entry));
    }
    return rows;
  }

  private static Row row(Entry entry) {
    CostModel.Cost cost = CostModel.of(graph(entry));
    double band = entry.kind() == Kind.CAT ? FITTED_BAND : PUBLISHED_BAND;
    double printed = 0.5 * Math.pow(10, -entry.decimals());
    return new Row(
        entry.table(),
        entry.name(),
        entry.parameters() * 1e6,
        cost.parameters(),
        entry.macs() * 1e9,
        cost.macs(),
        cost.macs() - cost.attentionMacs(),
        entry.attention(),
        Math.max(band, 0.5 / entry.parameters()),
        // A number is no more exact than its last digit.
        Math.max(band, printed / entry.macs()));
  }

  private static Graph graph(Entry entry) {
    Graph base = network(entry).graph(entry.kind() == Kind.CAN ? Control.CAN_ONLY : Control.KEEP);
    return entry.kind() == Kind.PUBLISHED
        ? base
        : CanRewriter.rewrite(base, CanPreset.paper(base, CanTarget.PAPER, CanCondition.ALL));
  }

  private static RuntimeFamily network(Entry entry) {
    Family family = Families.byPublishedName(entry.arch()).orElseThrow();
    Arguments arguments = Families.published(entry.arch()).arguments();
    return RuntimeFamilies.of(family.config(arguments.with("patch_size", entry.patch())))
        .ofSide(entry.imgSize());
  }
}
