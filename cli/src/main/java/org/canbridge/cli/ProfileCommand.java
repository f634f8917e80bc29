package org.canbridge.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.runtime.Model;
import org.canbridge.runtime.PaperSizes;
import org.canbridge.runtime.RuntimeFamilies;
import org.canbridge.runtime.family.RuntimeFamily;
import org.canbridge.runtime.graph.CostModel;
import org.canbridge.runtime.graph.Graph;

/**
 * {@code canbridge profile}: parameters and multiply-accumulates of a network, from its graph
 * alone.
 */
final class ProfileCommand implements Command {
  private static final Opt<Optional<Integer>> IMAGE_SIZE =
      Opt.integer("image-size", 1, 1 << 20)
          .elsewhere("resolution", "size")
          .usually("256")
          .help("with --arch: pixels of the image's side");
  private static final Opt<Boolean> PAPER =
      Opt.flag("paper").help("compare with the sizes that CAN's paper prints");

  @Override
  public About about() {
    return new About(
        "profile",
        "counts parameters and multiply-accumulates",
        "MODEL|--arch NAME|--paper [--image-size N] [--json]",
        "Counts the parameters of a network and the multiply-accumulates (MACs) of one forward"
            + " pass of one image, in all and by module, without allocating a tensor. MACs are"
            + " those of linear layers, convolutions and attention's two matrix products; papers"
            + " differ in counting the latter, so both sums are shown. With --paper: the"
            + " networks of CAN's Tables 4 and 6 beside the printed sizes; one out of its band"
            + " is exit status 1.",
        List.of(
            new Example(
                "profile --arch DiT-XL/2 --image-size 512", "a published model, no file needed"),
            new Example("profile dit-xl-2-can", "a model directory, with what CAN adds")));
  }

  @Override
  public List<OptionGroup> options() {
    return List.of(OptionGroup.own(IMAGE_SIZE, PAPER, CommonOptions.JSON), ModelOptions.GROUP);
  }

  @Override
  public ExitStatus run(Invocation invocation, Context context) throws Exception {
    if (invocation.get(PAPER)) {
      return paper(invocation, context);
    }
    Graph graph;
    String name;
    if (ModelOptions.isNamed(invocation)) {
      Path path = ModelOptions.path(invocation, "MODEL");
      if (invocation.has(IMAGE_SIZE)) {
        throw new UsageException("--image-size goes with --arch alone: a file has its own size");
      }
      name = path.getFileName().toString();
      try (Model model = Model.open(path, ModelOptions.read(invocation))) {
        graph = model.graph();
      }
    } else {
      Optional<String> arch = invocation.get(ModelOptions.ARCH);
      if (arch.isEmpty()) {
        throw new UsageException("takes a MODEL or --arch NAME");
      }
      name = arch.get();
      graph = published(name, invocation.get(IMAGE_SIZE));
    }
    CostModel.Cost cost = CostModel.of(graph);
    if (invocation.get(CommonOptions.JSON)) {
      context.json(json(name, cost));
    } else {
      context.out().print(text(name, cost));
    }
    return ExitStatus.OK;
  }

  private static ExitStatus paper(Invocation invocation, Context context) throws UsageException {
    if (ModelOptions.isNamed(invocation) || invocation.has(ModelOptions.ARCH)) {
      throw new UsageException("--paper takes neither a MODEL nor --arch");
    }
    List<PaperSizes.Row> rows = PaperSizes.rows();
    if (invocation.get(CommonOptions.JSON)) {
      context.json(PaperSizesReport.json(rows));
    } else {
      context.out().print(PaperSizesReport.text(rows));
    }
    return rows.stream().allMatch(PaperSizes.Row::inBand) ? ExitStatus.OK : ExitStatus.DIFFERENCE;
  }

  private static Graph published(String name, Optional<Integer> pixels) throws UsageException {
    try {
      Arguments arguments = Families.published(name).arguments();
      Family family = Families.byPublishedName(name).orElseThrow();
      RuntimeFamily network = RuntimeFamilies.of(family.config(arguments));
      return (pixels.isPresent() ? sized(network, pixels.get()) : network).graph();
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  /** The network for images of another size; those on latents see an eighth of the pixels. */
  private static RuntimeFamily sized(RuntimeFamily network, int pixels) throws UsageException {
    int cell = network.pixelsPerCell();
    if (pixels % cell != 0) {
      throw new UsageException("--image-size must be a multiple of " + cell + ", not " + pixels);
    }
    return network.ofSide(pixels / cell);
  }

  private static String text(String name, CostModel.Cost cost) {
    StringBuilder text = new StringBuilder();
    text.append(String.format(Locale.ROOT, "%s%n", name));
    text.append(
        String.format(
            Locale.ROOT,
            "  parameters            %,16d  (%.1fM)%n",
            cost.parameters(),
            cost.parameters() / 1e6));
    text.append(
        String.format(
            Locale.ROOT,
            "  MACs                  %,16d  (%.1fG)%n",
            cost.macs(),
            cost.macs() / 1e9));
    long without = cost.macs() - cost.attentionMacs();
    text.append(
        String.format(
            Locale.ROOT, "  MACs less attention's %,16d  (%.1fG)%n%n", without, without / 1e9));
    text.append(
        String.format(
            Locale.ROOT,
            "  %-34s %16s %18s%n",
            "module ({i}: all blocks together)",
            "parameters",
            "MACs"));
    grouped(cost)
        .forEach(
            (path, row) ->
                text.append(
                    String.format(Locale.ROOT, "  %-34s %,16d %,18d%n", path, row[0], row[1])));
    return text.toString();
  }

  /** Rows of equal path but for block numbers, added up: parameters and MACs. */
  private static Map<String, long[]> grouped(CostModel.Cost cost) {
    Map<String, long[]> groups = new LinkedHashMap<>();
    for (CostModel.Row row : cost.rows()) {
      String path =
          row.path().isEmpty()
              ? "(network)"
              : row.path().replaceAll("(^|\\.)(blocks|layers)\\.\\d+\\.", "$1$2.{i}.");
      long[] sums = groups.computeIfAbsent(path, k -> new long[2]);
      sums[0] += row.parameters();
      sums[1] += row.macs();
    }
    return groups;
  }

  private static ObjectNode json(String name, CostModel.Cost cost) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("name", name);
    json.put("parameters", cost.parameters());
    json.put("macs", cost.macs());
    json.put("attention_macs", cost.attentionMacs());
    for (CostModel.Row row : cost.rows()) {
      ObjectNode entry = json.withArray("/modules").addObject().put("path", row.path());
      row.role().ifPresent(role -> entry.put("role", role.name().toLowerCase(Locale.ROOT)));
      entry.put("parameters", row.parameters()).put("macs", row.macs());
    }
    return json;
  }
}
