package org.canbridge.runtime.export;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.canbridge.importers.detection.Families;
import org.canbridge.importers.family.Family;
import org.canbridge.importers.model.Checkpoint;
import org.canbridge.importers.model.Provenance;
import org.canbridge.importers.model.Trained;
import org.canbridge.runtime.Model;
import org.canbridge.tensors.files.AtomicFile;
import org.canbridge.tensors.files.Printable;

/**
 * The page about a model as hubs show one: front matter that they index, then Markdown. What only
 * its publisher can know is left to be filled in, and shows.
 */
final class ModelCard {
  private static final String NAME = "README.md";

  private static final String FILL_IN = "FILL IN: ";

  /** What is text here and would be markup there; {@link Printable#html} has the rest. */
  private static final Pattern MARKUP = Pattern.compile("[\\\\`*_\\[\\]|#~]");

  private final StringBuilder text = new StringBuilder();

  private ModelCard() {}

  /**
   * An export with one, where that was asked for.
   *
   * @param export writes a folder
   * @param library what opens the export, as hubs call it
   * @param usage how it is opened there, as Python
   */
  static Export with(
      ExportOptions options, Export export, Model model, String library, String usage) {
    return options.modelCard() ? new Carded(export, of(model, library, usage)) : export;
  }

  /** Writes the page into the export's folder. */
  private record Carded(Export export, String page) implements Export {
    @Override
    public String contents() {
      return export.contents() + ", " + NAME;
    }

    @Override
    public List<String> remarks() {
      return export.remarks();
    }

    @Override
    public List<ExportedNetwork> networks() {
      return export.networks();
    }

    @Override
    public void writeTo(Path path) throws IOException {
      export.writeTo(path);
      AtomicFile.write(path.resolve(NAME), page);
    }

    @Override
    public void close() {
      export.close();
    }
  }

  /**
   * The page.
   *
   * @param library what opens the export, as hubs call it
   * @param usage how it is opened there, as Python
   */
  private static String of(Model model, String library, String usage) {
    ModelCard card = new ModelCard();
    Checkpoint checkpoint = model.checkpoint();
    Family family = Families.byName(checkpoint.config().architecture()).orElseThrow();
    card.frontMatter(model, family, library);
    card.line("");
    card.line("# " + plain(checkpoint.publishedName().orElse(family.title())));
    card.line("");
    card.line(
        FILL_IN + "what it was trained on, what it is for, and what it should not be used for.");
    card.made(checkpoint, family);
    card.section("Running it");
    card.line("```python");
    card.line(usage);
    card.line("```");
    card.classes(checkpoint.classNames());
    return card.text.toString();
  }

  private void frontMatter(Model model, Family family, String library) {
    line("---");
    line("license: \"" + FILL_IN + "the license of the weights\"");
    line("base_model: \"" + FILL_IN + "the model on the hub that this one was made from\"");
    line("library_name: " + library);
    line("pipeline_tag: " + task(model));
    line("tags:");
    line("- " + family.name());
    line("- can-bridge");
    line("---");
  }

  /** The hubs' word for what the network does. */
  private static String task(Model model) {
    if (model.objective().isPresent()) {
      return model.family().text().isPresent() ? "text-to-image" : "unconditional-image-generation";
    }
    if (model.family().codec().isPresent()) {
      return "image-to-image";
    }
    if (model.family().textModel().isPresent()) {
      return "feature-extraction";
    }
    boolean classifier =
        model.graph().outputs().values().stream().anyMatch(node -> node.shape().rank() == 2);
    return classifier ? "image-classification" : "image-feature-extraction";
  }

  private void made(Checkpoint checkpoint, Family family) {
    Provenance provenance = checkpoint.provenance();
    section("How it was made");
    line("- network: " + plain(family.title()));
    checkpoint
        .training()
        .ifPresent(
            told -> line("- trained for: " + plain(told.objective() + " (" + said(told) + ")")));
    for (Provenance.Source source : provenance.sources()) {
      line(
          "- from "
              + plain(source.file())
              + ", "
              + source.bytes()
              + " bytes, SHA-256 "
              + plain(source.sha256()));
    }
    provenance.changes().forEach(change -> line("- " + plain(change)));
    line("- written by " + plain(provenance.tool()));
  }

  private static String said(Trained told) {
    return told.from().equals(Trained.ASSUMED)
        ? "assumed, as of the family's published models"
        : "by " + told.from();
  }

  private void classes(Map<Integer, List<String>> names) {
    if (names.isEmpty()) {
      return;
    }
    section("Classes");
    line("| number | called |");
    line("|---|---|");
    names.forEach(
        (row, all) ->
            line(
                "| "
                    + row
                    + " | "
                    + all.stream().map(ModelCard::plain).collect(Collectors.joining(", "))
                    + " |"));
  }

  private void section(String title) {
    line("");
    line("## " + title);
    line("");
  }

  private void line(String line) {
    text.append(line).append('\n');
  }

  /** Text from files, which must not be markup. */
  private static String plain(String said) {
    return Printable.html(MARKUP.matcher(said).replaceAll("\\\\$0"));
  }
}
