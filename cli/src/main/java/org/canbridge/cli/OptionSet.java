package org.canbridge.cli;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.DefaultParser;
import org.apache.commons.cli.Options;
import org.apache.commons.cli.ParseException;
import org.apache.commons.cli.UnrecognizedOptionException;
import org.canbridge.tensors.files.Suggestion;

/** All options of a command, its own and those that every command has. */
final class OptionSet {
  private static final OptionGroup GENERAL =
      new OptionGroup("general", List.of(CommonOptions.HELP, CommonOptions.DEBUG));

  private final List<OptionGroup> groups;

  /**
   * Those that the command declares.
   *
   * @throws IllegalStateException if two have the same name: a mistake in the command
   */
  OptionSet(Command command) {
    this.groups = Stream.concat(command.options().stream(), Stream.of(GENERAL)).toList();
    Set<String> names = new HashSet<>();
    for (Opt<?> option : all()) {
      for (String name : option.typedNames()) {
        if (!names.add(name)) {
          throw new IllegalStateException(command.about().name() + " declares " + name + " twice");
        }
      }
    }
  }

  /** All of them. */
  List<Opt<?>> all() {
    List<Opt<?>> all = new ArrayList<>();
    groups.forEach(group -> all.addAll(group.options()));
    return all;
  }

  /** In the order of the help. */
  List<OptionGroup> groups() {
    return groups;
  }

  boolean declares(Opt<?> option) {
    return all().contains(option);
  }

  /**
   * Splits arguments into options and operands.
   *
   * @throws UsageException if one is of no option here, or lacks its value
   */
  CommandLine parse(List<String> args) throws UsageException {
    DefaultParser parser =
        DefaultParser.builder()
            .setAllowPartialMatching(false)
            .setStripLeadingAndTrailingQuotes(false)
            .get();
    Options options = new Options();
    for (Opt<?> option : all()) {
      option.parsed().forEach(options::addOption);
    }
    try {
      return parser.parse(options, args.toArray(String[]::new));
    } catch (UnrecognizedOptionException e) {
      String typed = e.getOption().replaceFirst("=.*", "");
      Map<String, List<String>> known = new LinkedHashMap<>();
      for (Opt<?> option : all()) {
        for (String name : option.typedNames()) {
          if (name.startsWith("--")) {
            known.put(name, name.equals(option.toString()) ? option.elsewhere() : List.of());
          }
        }
      }
      throw new UsageException("unknown option " + typed + Suggestion.text(typed, known));
    } catch (ParseException e) {
      throw new UsageException(e.getMessage());
    }
  }
}
