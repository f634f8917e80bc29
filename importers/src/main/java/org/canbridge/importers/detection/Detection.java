package org.canbridge.importers.detection;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.Signature;
import org.canbridge.importers.family.StateDict;
import org.canbridge.importers.family.Weights;
import org.canbridge.tensors.TensorFile;
import org.canbridge.tensors.files.InputFileException;

/**
 * Which set of weights of a file is meant and which layout it has, by the tensors alone.
 *
 * @param chosen the set and its layout; empty if there is a problem that leaves no choice
 * @param others further sets that are of a known layout
 * @param verdicts for each layout how much of it is there, when none was recognised
 * @param problem why the file is refused
 */
public record Detection(
    Optional<Recognised> chosen,
    List<Recognised> others,
    List<String> verdicts,
    Optional<InputFileException> problem) {

  /** A set of weights and the layout it has. */
  public record Recognised(StateDict weights, Family family, Layout layout) {}

  public static Detection of(TensorFile file, Weights wanted, Optional<String> wantedFamily) {
    List<StateDict> sets = StateDicts.find(file);
    List<Recognised> recognised =
        sets.stream().flatMap(set -> recognise(set, file, wantedFamily).stream()).toList();
    if (recognised.isEmpty()) {
      return new Detection(
          Optional.empty(), List.of(), verdicts(sets), Optional.of(unrecognised(file, sets)));
    }
    Optional<Recognised> chosen = choose(recognised, wanted);
    if (chosen.isEmpty()) {
      return new Detection(
          Optional.empty(),
          recognised,
          List.of(),
          Optional.of(noSuchWeights(file, recognised, wanted)));
    }
    List<Recognised> others = new ArrayList<>(recognised);
    others.remove(chosen.get());
    return new Detection(
        chosen,
        others,
        List.of(),
        chosen
            .get()
            .weights()
            .mixedPrefix()
            .map(prefix -> halfWrapped(file, chosen.get(), prefix)));
  }

  /**
   * The layout with the largest share of its marks; of two such, the one with more of them. Of two
   * families with the same tensors, the one that was named, by the user or by the file itself; else
   * the first.
   */
  private static Optional<Recognised> recognise(
      StateDict set, TensorFile file, Optional<String> wanted) {
    Set<String> names = set.tensors().keySet();
    return Families.all().stream()
        .flatMap(
            family -> family.layouts().stream().map(layout -> new Recognised(set, family, layout)))
        .filter(found -> found.layout().signature().recognises(names))
        .max(
            Comparator.<Recognised>comparingDouble(found -> found.layout().signature().share(names))
                .thenComparingInt(found -> found.layout().signature().marks().size())
                .thenComparing(
                    found ->
                        wanted
                            .map(name -> found.family().name().equals(name))
                            .orElseGet(() -> found.family().isNamedBy(file.values()))));
  }

  /** The wanted kind; by default the moving average first. */
  private static Optional<Recognised> choose(List<Recognised> recognised, Weights wanted) {
    Weights kind = wanted == Weights.AUTO ? Weights.EMA : wanted;
    Optional<Recognised> found =
        recognised.stream().filter(set -> set.weights().kind() == kind).findFirst();
    return found.isEmpty() && wanted == Weights.AUTO ? Optional.of(recognised.get(0)) : found;
  }

  private static InputFileException noSuchWeights(
      TensorFile file, List<Recognised> recognised, Weights wanted) {
    return InputFileException.of(DetectionProblem.NO_SUCH_WEIGHTS, file.path())
        .what("the file has no set of weights of the kind that --weights asks for")
        .expected(wanted.word())
        .actual(labels(recognised))
        .next("leave --weights out")
        .build();
  }

  private static InputFileException halfWrapped(TensorFile file, Recognised chosen, String prefix) {
    StateDict weights = chosen.weights();
    String start = weights.wrapper().isEmpty() ? "" : weights.wrapper() + ".";
    long with =
        weights.sourceNames().values().stream()
            .filter(name -> name.startsWith(start + prefix))
            .count();
    return InputFileException.of(DetectionProblem.MIXED_PREFIX, file.path())
        .what("only some of the names carry a prefix")
        .expected("all or none of the names with " + prefix)
        .actual(with + " of " + weights.tensors().size() + " with it")
        .next("the file was put together from two; get a complete copy of one of them")
        .build();
  }

  private static InputFileException unrecognised(TensorFile file, List<StateDict> sets) {
    List<String> read =
        Families.all().stream().map(family -> family.title() + ": " + layoutNames(family)).toList();
    for (StateDict set : sets) {
      Optional<String> other = OtherNetworks.recognise(set.tensors().keySet());
      if (other.isPresent()) {
        return InputFileException.of(DetectionProblem.UNSUPPORTED_FAMILY, file.path())
            .what("this is a network that CAN Bridge does not read")
            .expected(String.join("; ", read))
            .actual(other.get())
            .next("canbridge inspect lists its tensors")
            .build();
      }
    }
    return InputFileException.of(DetectionProblem.UNKNOWN_FAMILY, file.path())
        .what("the tensors are those of no network that CAN Bridge knows")
        .expected(String.join("; ", read))
        .actual(firstNames(file))
        .next("canbridge inspect lists its tensors and what is missing for each layout")
        .build();
  }

  private static String layoutNames(Family family) {
    return family.layouts().stream().map(Layout::name).collect(Collectors.joining(", "));
  }

  private static String firstNames(TensorFile file) {
    Set<String> names = file.tensors().keySet();
    if (names.isEmpty()) {
      return "no tensors at all";
    }
    return names.size()
        + (names.size() == 1 ? " tensor: " : " tensors: ")
        + String.join(", ", names.stream().limit(4).toList())
        + (names.size() > 4 ? ", ..." : "");
  }

  private static List<String> verdicts(List<StateDict> sets) {
    List<String> lines = new ArrayList<>();
    for (Family family : Families.all()) {
      for (Layout layout : family.layouts()) {
        Signature signature = layout.signature();
        Set<String> names =
            sets.stream()
                .map(set -> set.tensors().keySet())
                .max(Comparator.comparingDouble(signature::share))
                .orElse(Set.of());
        List<String> missing = signature.missing(names);
        lines.add(
            "not "
                + describe(family, layout)
                + ": "
                + (signature.marks().size() - missing.size())
                + " of "
                + signature.marks().size()
                + " marks; there is no "
                + String.join(", ", missing));
      }
    }
    return lines;
  }

  public static String describe(Family family, Layout layout) {
    return family.title() + " in its " + layout.name() + " layout";
  }

  private static String labels(List<Recognised> recognised) {
    Set<String> labels = new LinkedHashSet<>();
    recognised.forEach(set -> labels.add(set.weights().label()));
    return String.join(", ", labels);
  }
}
