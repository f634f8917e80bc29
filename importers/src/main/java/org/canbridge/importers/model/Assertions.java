package org.canbridge.importers.model;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.tensors.files.InputFileException;

/** What the user says about a file must not contradict what the file tells. */
public final class Assertions {
  private Assertions() {}

  /**
   * The contradiction, if there is one.
   *
   * @param known the arguments that the file tells
   */
  public static Optional<InputFileException> check(
      Path file, ImportOptions options, Family family, Arguments known) {
    List<String> expected = new ArrayList<>();
    List<String> actual = new ArrayList<>();
    Optional<Family> asserted =
        options.arch().flatMap(Families::byPublishedName).filter(other -> other != family);
    Optional<ImportOptions.Given> named =
        options
            .family()
            .filter(given -> given.from().equals("--family"))
            .filter(given -> !given.value().textValue().equals(family.name()));
    if (named.isPresent()) {
      expected.add("a network of the family " + named.get().value().textValue() + " (--family)");
      actual.add(family.title());
    } else if (asserted.isPresent()) {
      expected.add(asserted.get().title() + " (--arch)");
      actual.add(family.title());
    } else {
      for (Map.Entry<String, ImportOptions.Given> entry : options.given().entrySet()) {
        String name = entry.getKey();
        ImportOptions.Given given = entry.getValue();
        if (!known.contradictions(Arguments.none().with(name, given.value())).isEmpty()) {
          expected.add(name + " " + given.value() + " (" + given.from() + ")");
          actual.add(name + " " + known.get(name).orElseThrow());
        }
      }
    }
    if (expected.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        InputFileException.of(ModelProblem.CONTRADICTION, file)
            .what("the file contradicts what was given")
            .expected(String.join(", ", expected))
            .actual(String.join(", ", actual))
            .next("leave the option out, or name the file that it is about")
            .build());
  }
}
