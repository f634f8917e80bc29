package org.canbridge.importers.detection;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Layout;
import org.canbridge.importers.family.Signature;
import org.canbridge.importers.family.StateDict;
import org.canbridge.importers.family.TensorNames;
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

  private static final int SHOWN = 8;

  /** A decay such as 0.9998 in a name. */
  private static final Pattern DECAY = Pattern.compile("(?<![0-9])(0\\.[0-9]+)");

  /** A set of weights and the layout it has. */
  public record Recognised(StateDict weights, Family family, Layout layout) {}

  /**
   * Looks into a file.
   *
   * @param wanted the kind of set that is to be taken
   * @param named the name of the set that is to be taken, where there are several of a kind
   * @param wantedFamily the family to take where the tensors are those of two
   */
  public static Detection of(
      TensorFile file, Weights wanted, Optional<String> named, Optional<String> wantedFamily) {
    List<StateDict> sets = StateDicts.find(file);
    List<Recognised> recognised = recognise(file, sets, wantedFamily);
    if (recognised.isEmpty()) {
      return new Detection(
          Optional.empty(), List.of(), verdicts(sets), Optional.of(unrecognised(file, sets)));
    }
    return chosen(file, recognised, wanted, named);
  }

  private static Detection chosen(
      TensorFile file, List<Recognised> recognised, Weights wanted, Optional<String> named) {
    Optional<Recognised> chosen = choose(recognised, wanted, named);
    if (chosen.isEmpty()) {
      return new Detection(
          Optional.empty(),
          recognised,
          List.of(),
          Optional.of(noSuchWeights(file, recognised, named.orElse(wanted.word()))));
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
   * Looks into a file for other weights of a network that is known, under the names that it has.
   *
   * @param names of its tensors
   * @param wanted the kind of set that is to be taken
   * @param named the name of the set that is to be taken, where there are several of a kind
   */
  public static Detection like(
      TensorFile file, Family family, Set<String> names, Weights wanted, Optional<String> named) {
    Signature signature = new Signature(List.copyOf(names));
    List<StateDict> sets = new ArrayList<>(StateDicts.find(file));
    sets.addAll(StateDicts.behindPrefixes(file, List.of(signature)));
    List<Recognised> found = new ArrayList<>();
    Set<String> taken = new HashSet<>();
    for (StateDict set : sets) {
      if (signature.recognises(new TensorNames(set.tensors().keySet()))
          && taken.addAll(set.sourceNames().values())) {
        found.add(new Recognised(set, family, family.canonical()));
      }
    }
    addUnnamed(file, found);
    return found.isEmpty()
        ? new Detection(Optional.empty(), List.of(), List.of(), Optional.of(unlike(file, names)))
        : chosen(file, found, wanted, named);
  }

  private static InputFileException unlike(TensorFile file, Set<String> names) {
    return InputFileException.of(DetectionProblem.UNKNOWN_FAMILY, file.path())
        .what("the tensors are not those of the model that they are to be like")
        .expected(firstNames(names))
        .actual(firstNames(file.tensors().keySet()))
        .next("name the model that was exported, or one with the same tensors")
        .build();
  }

  /**
   * Every set that is of a known layout, networks that images are made with before their
   * autoencoders: those in the usual wrappers, those of the same layout behind further prefixes
   * (where there is no other, of any layout), and averages without names.
   */
  private static List<Recognised> recognise(
      TensorFile file, List<StateDict> sets, Optional<String> wantedFamily) {
    List<Recognised> found = new ArrayList<>();
    Set<String> taken = new HashSet<>();
    for (StateDict set : sets) {
      recognise(set, file, wantedFamily)
          .filter(one -> taken.addAll(set.sourceNames().values()))
          .ifPresent(found::add);
    }
    if (found.isEmpty() && otherNetwork(sets).isPresent()) {
      return List.of();
    }
    if (!taken.containsAll(file.tensors().keySet())) {
      addBehindPrefixes(file, wantedFamily, taken, found);
    }
    found.sort(Comparator.comparingInt(one -> Families.all().indexOf(one.family())));
    addUnnamed(file, found);
    return found;
  }

  /** Averages without names, of the first set that is none. */
  private static void addUnnamed(TensorFile file, List<Recognised> found) {
    found.stream()
        .filter(one -> one.weights().kind() == Weights.MODEL)
        .findFirst()
        .ifPresent(
            one ->
                UnnamedAverages.of(file, one.weights())
                    .forEach(set -> found.add(new Recognised(set, one.family(), one.layout()))));
  }

  /** The sets of which a tensor is left over: a whole plain file has none. */
  private static void addBehindPrefixes(
      TensorFile file, Optional<String> wantedFamily, Set<String> taken, List<Recognised> found) {
    Set<Layout> layouts = new LinkedHashSet<>();
    found.forEach(set -> layouts.add(set.layout()));
    List<Signature> signatures =
        (layouts.isEmpty()
                ? Families.all().stream().flatMap(family -> family.layouts().stream())
                : layouts.stream())
            .map(Layout::signature)
            .toList();
    for (StateDict set : StateDicts.behindPrefixes(file, signatures)) {
      recognise(set, file, wantedFamily)
          .filter(one -> layouts.isEmpty() || layouts.contains(one.layout()))
          .filter(one -> taken.addAll(set.sourceNames().values()))
          .ifPresent(found::add);
    }
  }

  /**
   * The layout with the largest share of its marks; of two such, the one with more of them. Of two
   * families with the same tensors, the one that was named, by the user or by the file itself; else
   * the first.
   */
  private static Optional<Recognised> recognise(
      StateDict set, TensorFile file, Optional<String> wanted) {
    TensorNames names = new TensorNames(set.tensors().keySet());
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

  /** The wanted one; by default the moving average first, the longest of several. */
  private static Optional<Recognised> choose(
      List<Recognised> recognised, Weights wanted, Optional<String> named) {
    if (named.isPresent()) {
      return recognised.stream()
          .filter(set -> set.weights().wrapper().equals(named.get()))
          .findFirst();
    }
    Weights kind = wanted == Weights.AUTO ? Weights.EMA : wanted;
    Optional<Recognised> found =
        recognised.stream()
            .filter(set -> set.weights().kind() == kind)
            .filter(set -> set.family() == recognised.get(0).family())
            .reduce((one, other) -> decay(other) > decay(one) ? other : one);
    return found.isEmpty() && wanted == Weights.AUTO ? Optional.of(recognised.get(0)) : found;
  }

  /** The decay of a moving average that has it as its name; 0 for others. */
  private static double decay(Recognised set) {
    Matcher matcher = DECAY.matcher(set.weights().wrapper());
    return matcher.find() ? Double.parseDouble(matcher.group(1)) : 0;
  }

  private static InputFileException noSuchWeights(
      TensorFile file, List<Recognised> recognised, String wanted) {
    return InputFileException.of(DetectionProblem.NO_SUCH_WEIGHTS, file.path())
        .what("the file has no set of weights of the kind that --weights asks for")
        .expected(wanted)
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
    Optional<String> other = otherNetwork(sets);
    if (other.isPresent()) {
      return InputFileException.of(DetectionProblem.UNSUPPORTED_FAMILY, file.path())
          .what("this is a network that CAN Bridge does not read")
          .expected(String.join("; ", read))
          .actual(other.get())
          .next("canbridge inspect lists its tensors")
          .build();
    }
    InputFileException.Builder unknown =
        InputFileException.of(DetectionProblem.UNKNOWN_FAMILY, file.path())
            .what("the tensors are those of no network that CAN Bridge knows")
            .expected(String.join("; ", read))
            .actual(firstNames(file.tensors().keySet()))
            .next("canbridge inspect lists its tensors and what is missing for each layout");
    if (!file.objects().isEmpty()) {
      unknown
          .also("not read: " + objects(file))
          .next(
              "if the network itself was saved as one of these objects, load it in PyTorch and"
                  + " save its state dict");
    }
    return unknown.build();
  }

  /** Objects of classes that are not read, by name, the first few of them. */
  public static String objects(TensorFile file) {
    return file.objects().entrySet().stream()
            .limit(SHOWN)
            .map(entry -> entry.getKey() + " (" + entry.getValue() + ")")
            .collect(Collectors.joining(", "))
        + (file.objects().size() > SHOWN ? ", ... " + file.objects().size() + " in all" : "");
  }

  private static Optional<String> otherNetwork(List<StateDict> sets) {
    return sets.stream()
        .flatMap(set -> OtherNetworks.recognise(set.tensors().keySet()).stream())
        .findFirst();
  }

  private static String layoutNames(Family family) {
    return family.layouts().stream().map(Layout::name).collect(Collectors.joining(", "));
  }

  private static String firstNames(Set<String> names) {
    if (names.isEmpty()) {
      return "no tensors at all";
    }
    return names.size()
        + (names.size() == 1 ? " tensor: " : " tensors: ")
        + String.join(", ", names.stream().limit(4).toList())
        + (names.size() > 4 ? ", ..." : "");
  }

  private static List<String> verdicts(List<StateDict> sets) {
    List<TensorNames> all =
        sets.stream().map(set -> new TensorNames(set.tensors().keySet())).toList();
    List<String> lines = new ArrayList<>();
    for (Family family : Families.all()) {
      for (Layout layout : family.layouts()) {
        Signature signature = layout.signature();
        TensorNames names =
            all.stream()
                .max(Comparator.comparingDouble(signature::share))
                .orElseGet(() -> new TensorNames(Set.of()));
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
