package org.canbridge.importers.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.family.ModelConfig;
import org.canbridge.importers.family.Objective;
import org.canbridge.tensors.files.InputFileException;

/**
 * What a model was trained for, and who says so.
 *
 * @param objective what it was trained for
 * @param from {@value #ASSUMED}, or where it was read or given
 */
public record Trained(Objective objective, String from) {
  /** Nobody said it: the objective of the family's published models. */
  public static final String ASSUMED = "assumed";

  /** The arguments of the training program, which it saved beside the weights, say it. */
  public static final String FILE = "the file's own arguments";

  private static final String OPTION = "--objective";

  /** What the family's published models were trained for; empty if it is no diffusion model. */
  static Optional<Trained> usual(Family family, ModelConfig config) {
    return family.objective(config).map(objective -> new Trained(objective, ASSUMED));
  }

  /**
   * What a published file was trained for: the family's usual objective, before it what the file
   * itself says, before that what the scheduler of its pipeline says, before all what was given.
   *
   * @param values what the file says beside its tensors
   * @param scheduler fields of the objective; asked only if no path was given
   * @throws InputFileException if what was given makes no objective
   */
  public static Optional<Trained> of(
      Path file,
      Family family,
      ModelConfig config,
      Map<String, Object> values,
      Supplier<ObjectNode> scheduler,
      ImportOptions options) {
    return usual(family, config)
        .map(usual -> usual.with(file, family.objectiveOf(usual.objective(), values), FILE))
        .map(
            said ->
                options.objective().has("path")
                    ? said
                    : said.with(file, scheduler.get(), "the pipeline's scheduler"))
        .map(said -> said.given(file, options));
  }

  /**
   * With what was given.
   *
   * @throws InputFileException if it makes no objective
   */
  public Trained given(Path file, ImportOptions options) {
    return with(file, options.objective(), OPTION);
  }

  private Trained with(Path file, ObjectNode settings, String who) {
    if (settings.isEmpty()) {
      return this;
    }
    try {
      Objective changed = objective.with(settings);
      if (changed.labelRows() != objective.labelRows()) {
        throw new IllegalArgumentException(
            "classes and null_class must make the "
                + objective.labelRows()
                + " rows of the label table, make "
                + changed.labelRows());
      }
      return new Trained(changed, who);
    } catch (IllegalArgumentException e) {
      throw InputFileException.of(ModelProblem.OBJECTIVE, file)
          .what("this is no objective of the network")
          .expected("the fields of 'objective' in docs/can-format.md")
          .actual(e.getMessage().replace("\n", "; "))
          .key(settings.toString())
          .next("mend " + who)
          .cause(e)
          .build();
    }
  }

  /** The same for a label table of another number of rows. */
  Trained withLabels(int rows) {
    return new Trained(objective.withLabels(rows), from);
  }

  /** What the user should know; empty if somebody said what the model was trained for. */
  public Optional<String> note(Family family) {
    return from.equals(ASSUMED)
        ? Optional.of(
            "objective assumed, as of published models of "
                + family.name()
                + ": "
                + objective
                + "; --objective says otherwise"
                + family
                    .twin()
                    .map(twin -> ", --family " + twin + " reads the same tensors as that")
                    .orElse(""))
        : Optional.empty();
  }
}
