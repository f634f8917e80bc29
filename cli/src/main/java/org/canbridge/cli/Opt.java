package org.canbridge.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.cli.Option;

/**
 * An option, declared once: its names, what its value means, what holds where it is not given, and
 * its line of help. A constant of the command or group that has it:
 *
 * <pre>{@code
 * static final Opt<Integer> BATCH = Opt.integer("batch", 1, 64).defaultsTo(10).help("images at a time");
 * static final Opt<Optional<Path>> VAE = Opt.path("vae", "DIR").help("the autoencoder");
 * static final Opt<Boolean> CLIP = Opt.flag("clip").help("limit the image to -1..1");
 * }</pre>
 *
 * and read by {@link Invocation#get}, which refuses options that the command did not declare.
 *
 * @param <T> what reading it gives
 */
final class Opt<T> {
  private final List<String> names;
  private final String metavar;
  private final String help;
  private final List<String> elsewhere;
  private final Value<?> value;
  private final Reader<T> reader;

  /** Reads the option from how it was typed. */
  private interface Reader<T> {
    T read(Optional<Typed> typed, Supplier<UsageException> missing) throws UsageException;
  }

  /**
   * An option on a command line.
   *
   * @param name with its dashes
   * @param text its value; empty for a flag
   */
  record Typed(String name, String text) {}

  private Opt(Draft<?, T> draft, String help, Reader<T> reader) {
    this.names = draft.names;
    this.metavar = draft.metavar;
    this.help = help;
    this.elsewhere = draft.elsewhere.stream().map(Opt::dashed).toList();
    this.value = draft.value;
    this.reader = reader;
  }

  /** Whether it stands on the command line. */
  static Draft<Boolean, Boolean> flag(String name) {
    Value<Boolean> given = (typed, text) -> true;
    return new Draft<>(
        List.of(name), List.of(), "", given, (value, missing) -> value.isPresent(), "");
  }

  /** Any text. */
  static Draft<String, Optional<String>> text(String name, String metavar) {
    return of(name, metavar, Value.text());
  }

  /** A file or folder, which may or may not exist. */
  static Draft<Path, Optional<Path>> path(String name, String metavar) {
    return of(name, metavar, Value.path());
  }

  /** A folder that is written. */
  static Draft<Path, Optional<Path>> folder(String name, String metavar) {
    return of(name, metavar, Value.folder());
  }

  /** A file that is written, with this ending. */
  static Draft<Path, Optional<Path>> file(String name, String metavar, String ending) {
    return of(name, metavar, Value.file(ending));
  }

  /** A whole number from {@code min} to {@code max}. */
  static Draft<Integer, Optional<Integer>> integer(String name, int min, int max) {
    return of(name, "N", Value.integer(min, max));
  }

  /** A whole number from {@code min} to {@code max}. */
  static Draft<Long, Optional<Long>> whole(String name, long min, long max) {
    return of(name, "N", Value.whole(min, max));
  }

  /** A finite number from {@code min} to {@code max}. */
  static Draft<Double, Optional<Double>> number(String name, double min, double max) {
    return of(name, "X", Value.number(min, max));
  }

  /** One of two words. */
  static <V> Draft<V, Optional<V>> word(String name, String first, V one, String second, V other) {
    Map<String, V> words = new LinkedHashMap<>();
    words.put(first, one);
    words.put(second, other);
    return word(name, words);
  }

  /** One of these, by the word that each has. */
  static <V> Draft<V, Optional<V>> word(String name, List<V> values, Function<V, String> word) {
    Map<String, V> words = new LinkedHashMap<>();
    values.forEach(value -> words.put(word.apply(value), value));
    return word(name, words);
  }

  private static <V> Draft<V, Optional<V>> word(String name, Map<String, V> words) {
    return of(name, String.join("|", words.keySet()), Value.word(words));
  }

  /** Something whose meaning is its own. */
  static <V> Draft<V, Optional<V>> of(String name, String metavar, Value<V> value) {
    return new Draft<>(List.of(name), List.of(), metavar, value, (given, missing) -> given, "");
  }

  /** With dashes: the first name, which messages use. */
  @Override
  public String toString() {
    return dashed(names.get(0));
  }

  /** With dashes: all names. */
  List<String> typedNames() {
    return names.stream().map(Opt::dashed).toList();
  }

  /** With dashes: what it is called elsewhere, and not here. */
  List<String> elsewhere() {
    return elsewhere;
  }

  /** What follows its name. */
  Value<?> value() {
    return value;
  }

  private static String dashed(String name) {
    return (name.length() == 1 ? "-" : "--") + name;
  }

  /** Whether a value follows its name; if so, it may be given once. */
  boolean takesValue() {
    return !metavar.isEmpty();
  }

  /** Names and value as they are typed, short names first. */
  String usage() {
    String all =
        Stream.concat(
                names.stream().filter(name -> name.length() == 1),
                names.stream().filter(name -> name.length() > 1))
            .map(Opt::dashed)
            .collect(Collectors.joining(", "));
    return takesValue() ? all + " " + metavar : all;
  }

  /** What the help calls its value. */
  String metavar() {
    return metavar;
  }

  /** What it is for, with the default. */
  String help() {
    return help;
  }

  /** As the parser knows it: one option a name. */
  List<Option> parsed() {
    return names.stream()
        .map(
            name ->
                (name.length() == 1 ? Option.builder(name) : Option.builder().longOpt(name))
                    .hasArg(takesValue())
                    .get())
        .toList();
  }

  /**
   * What it says.
   *
   * @param typed how it was typed, if it was
   * @param missing what is thrown if it must be given and was not
   * @throws UsageException if its text cannot be read so
   */
  T read(Optional<Typed> typed, Supplier<UsageException> missing) throws UsageException {
    return reader.read(typed, missing);
  }

  /** What holds for a value that may not have been given. */
  private interface Presence<V, T> {
    T of(Optional<V> value, Supplier<UsageException> missing) throws UsageException;
  }

  /**
   * An option without its help, which completes it.
   *
   * @param <V> what its value is
   * @param <T> what reading it gives: an {@code Optional} of that until there is a default
   */
  static final class Draft<V, T> {
    private final List<String> names;
    private final List<String> elsewhere;
    private final String metavar;
    private final Value<V> value;
    private final Presence<V, T> presence;
    private final String usual;

    private Draft(
        List<String> names,
        List<String> elsewhere,
        String metavar,
        Value<V> value,
        Presence<V, T> presence,
        String usual) {
      this.names = names;
      this.elsewhere = elsewhere;
      this.metavar = metavar;
      this.value = value;
      this.presence = presence;
      this.usual = usual;
    }

    /** Further names, without dashes; those of one letter have one dash. */
    Draft<V, T> alias(String... more) {
      List<String> all = Stream.concat(names.stream(), Arrays.stream(more)).toList();
      return new Draft<>(all, elsewhere, metavar, value, presence, usual);
    }

    /** What other programs call it, without dashes: no names here, but answered with its name. */
    Draft<V, T> elsewhere(String... others) {
      return new Draft<>(names, List.of(others), metavar, value, presence, usual);
    }

    /** Another word for its value in the help. */
    Draft<V, T> metavar(String word) {
      return new Draft<>(names, elsewhere, word, value, presence, usual);
    }

    /** What holds if it is not given. */
    Draft<V, V> defaultsTo(V fallback) {
      return new Draft<>(
          names,
          elsewhere,
          metavar,
          value,
          (given, missing) -> given.orElse(fallback),
          "default: " + value.show(fallback));
    }

    /** What holds if it is not given, in words, where something else than the option decides. */
    Draft<V, T> usually(String words) {
      return new Draft<>(names, elsewhere, metavar, value, presence, "default: " + words);
    }

    /** It must be given. */
    Draft<V, V> required() {
      return new Draft<>(
          names,
          elsewhere,
          metavar,
          value,
          (given, missing) -> {
            if (given.isEmpty()) {
              throw missing.get();
            }
            return given.get();
          },
          "required");
    }

    /** What it is for, without a full stop. */
    Opt<T> help(String text) {
      return new Opt<>(
          this,
          usual.isEmpty() ? text : text + " (" + usual + ")",
          (typed, missing) ->
              presence.of(
                  typed.isEmpty()
                      ? Optional.empty()
                      : Optional.of(value.read(typed.get().name(), typed.get().text())),
                  missing));
    }
  }
}
