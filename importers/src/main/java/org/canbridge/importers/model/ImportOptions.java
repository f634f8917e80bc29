package org.canbridge.importers.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Arguments;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.Objective;
import org.canbridge.importers.family.Weights;
import org.canbridge.tensors.files.FileProblem;
import org.canbridge.tensors.files.InputFileException;
import org.canbridge.tensors.files.Json;

/**
 * What the user says about a file. Everything here either tells what the tensors cannot tell or
 * asserts what they do tell; a contradiction is an error, nothing is overridden silently.
 *
 * @param arch a published model's name, e.g. {@code DiT-XL/2}
 * @param weights which set of weights to take
 * @param set its name, where a file has several of a kind, e.g. {@code ema.0.9998}
 * @param given arguments under their published names
 * @param family the family's name, where the tensors are those of more than one
 * @param objective fields of the objective, as settings of {@link Objective#with}
 */
@API(status = API.Status.STABLE)
public record ImportOptions(
    Optional<String> arch,
    Weights weights,
    Optional<String> set,
    Map<String, Given> given,
    Optional<Given> family,
    ObjectNode objective) {

  /**
   * An argument that was given.
   *
   * @param value its value
   * @param from where it was given, for messages: {@code --heads}, {@code reference.json}
   */
  public record Given(JsonNode value, String from) {}

  /** What stands in front of a layer's name where its role is given as an argument. */
  private static final String ROLE = "role.";

  /** Copies the map, keeping its order. */
  public ImportOptions {
    given = Collections.unmodifiableMap(new LinkedHashMap<>(given));
  }

  /** Nothing is said. */
  public static ImportOptions defaults() {
    return new ImportOptions(
        Optional.empty(),
        Weights.AUTO,
        Optional.empty(),
        Map.of(),
        Optional.empty(),
        Json.object());
  }

  /**
   * The file is a published model ({@code --arch}).
   *
   * @throws IllegalArgumentException if no model has that name, or it has other values for what was
   *     given before
   */
  public ImportOptions withArch(String name) {
    String published = Families.byPublishedName(name).map(Family::name).orElse(name);
    ImportOptions options =
        new ImportOptions(
            Optional.of(name),
            weights,
            set,
            given,
            family.or(() -> Optional.of(new Given(TextNode.valueOf(published), "--arch"))),
            objective);
    Arguments defining = Families.published(name).defining();
    for (String argument : defining.names()) {
      options = options.withArgument(argument, defining.get(argument).orElseThrow(), "--arch");
    }
    return options;
  }

  /** The number of attention heads ({@code --heads}), under either name that networks have it. */
  public ImportOptions withHeads(int heads) {
    return withArgument("num_heads", LongNode.valueOf(heads), "--heads")
        .withArgument("num_attention_heads", LongNode.valueOf(heads), "--heads");
  }

  /** The set of weights to take ({@code --weights}). */
  public ImportOptions withWeights(Weights kind) {
    return new ImportOptions(arch, kind, Optional.empty(), given, family, objective);
  }

  /**
   * The set of weights to take, as {@code --weights} takes it: {@code ema}, {@code model}, or the
   * name of a set, which has a dot.
   *
   * @throws IllegalArgumentException if it is none of these
   */
  public ImportOptions withWeights(String word) {
    for (Weights kind : Weights.values()) {
      if (kind.word().equals(word)) {
        return withWeights(kind);
      }
    }
    if (word.indexOf('.') < 0) {
      throw new IllegalArgumentException("ema, model or the name of a set such as ema.0.9998");
    }
    return new ImportOptions(arch, Weights.of(word), Optional.of(word), given, family, objective);
  }

  /** What {@link #withWeights(String)} takes. */
  public String weightsWord() {
    return set.orElse(weights.word());
  }

  /**
   * The family is this one, where the tensors are those of more than one.
   *
   * @param from where it was given, for messages: {@code --family}, {@code reference.json}
   * @throws IllegalArgumentException if there is no such family
   */
  public ImportOptions withFamily(String name, String from) {
    if (Families.byName(name).isEmpty()) {
      throw new IllegalArgumentException(
          "there is no family '"
              + name
              + "'; there are "
              + String.join(", ", Families.all().stream().map(Family::name).toList()));
    }
    return new ImportOptions(
        arch, weights, set, given, Optional.of(new Given(TextNode.valueOf(name), from)), objective);
  }

  /**
   * The role of a layer of a network that is read from its graph ({@code --role}).
   *
   * @param from where it was given, for messages
   * @throws IllegalArgumentException if it was given before with another value
   */
  public ImportOptions withRole(String layer, String role, String from) {
    return withArgument(ROLE + layer, TextNode.valueOf(role), from);
  }

  /** The roles that were given, by layer. */
  public Map<String, String> roles() {
    Map<String, String> roles = new LinkedHashMap<>();
    given.forEach(
        (name, value) -> {
          if (name.startsWith(ROLE)) {
            roles.put(name.substring(ROLE.length()), value.value().textValue());
          }
        });
    return roles;
  }

  /** Fields of the objective ({@code --objective}). */
  public ImportOptions withObjective(ObjectNode settings) {
    return new ImportOptions(arch, weights, set, given, family, settings);
  }

  /**
   * An argument under its published name; one that the network does not have is not used.
   *
   * @param from where it was given, for messages
   * @throws IllegalArgumentException if it was given before with another value
   */
  public ImportOptions withArgument(String name, JsonNode value, String from) {
    Given before = given.get(name);
    if (before != null
        && !Arguments.none()
            .with(name, before.value())
            .contradictions(Arguments.none().with(name, value))
            .isEmpty()) {
      throw new IllegalArgumentException(
          name
              + " is "
              + before.value()
              + " by "
              + before.from()
              + " and "
              + value
              + " by "
              + from);
    }
    Map<String, Given> extended = new LinkedHashMap<>(given);
    extended.putIfAbsent(name, new Given(value, from));
    return new ImportOptions(arch, weights, set, extended, family, objective);
  }

  /**
   * The fields of a JSON object in a file, such as the {@code config.json} of another model of the
   * same kind ({@code --config}).
   *
   * @throws InputFileException if the file holds no JSON object
   * @throws IllegalArgumentException if a field was given before with another value
   */
  public ImportOptions withConfigFile(Path file) {
    if (!Files.isRegularFile(file)) {
      throw InputFileException.of(FileProblem.MISSING, file)
          .what("there is no such file")
          .expected("a JSON object of arguments under their published names")
          .next("check the path")
          .build();
    }
    return withArguments(StoredModel.readObject(file, "mend the file"), "--config");
  }

  /** Every field of a configuration that came with the file, such as that of a reference bundle. */
  public ImportOptions withArguments(ObjectNode configuration, String from) {
    ImportOptions options = this;
    for (Map.Entry<String, JsonNode> field : configuration.properties()) {
      options = options.withArgument(field.getKey(), field.getValue(), from);
    }
    return options;
  }
}
