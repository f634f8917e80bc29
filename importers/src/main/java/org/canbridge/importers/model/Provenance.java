package org.canbridge.importers.model;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.canbridge.importers.keys.KeyFate;
import org.canbridge.tensors.files.JsonFields;

/**
 * Where the tensors of a model come from. Holds no date and no path, so that the same file imported
 * twice gives the same bytes.
 *
 * @param tool program and version that imported the file
 * @param format the format of the file, e.g. {@code torch-zip}; empty for a model that was not
 *     imported
 * @param sources the file, or the index and its shards; behind them files that weights which were
 *     trained elsewhere came from
 * @param layout the layout of its tensors, e.g. {@code official}
 * @param weights the set of weights that was taken, e.g. {@code ema}; empty where the file has one
 * @param used how many of its tensors were used
 * @param ignored the names of the others, by reason
 * @param changes what was changed in the network at import, one sentence each; empty if it is as it
 *     was published
 * @param objective who says what the model was trained for: {@code assumed}, or where it was read
 *     or given; empty if it is no diffusion model
 */
public record Provenance(
    String tool,
    String format,
    List<Source> sources,
    String layout,
    String weights,
    int used,
    Map<String, List<String>> ignored,
    List<String> changes,
    String objective) {

  /** The layout of a model directory and of a model that was built here. */
  public static final String CANONICAL = "canonical";

  private static final String TOOL = "canbridge " + version();

  /**
   * An imported file.
   *
   * @param file its name without the folder
   * @param bytes its size
   * @param sha256 its digest in hexadecimal
   */
  public record Source(String file, long bytes, String sha256) {}

  /** Copies the lists and the map, keeping their order. */
  public Provenance {
    sources = List.copyOf(sources);
    Map<String, List<String>> copy = new LinkedHashMap<>();
    ignored.forEach((reason, names) -> copy.put(reason, List.copyOf(names)));
    ignored = Collections.unmodifiableMap(copy);
    changes = List.copyOf(changes);
  }

  /** The file that was named (for shards, their index); empty if the model was not imported. */
  public Optional<Source> source() {
    return sources.stream().findFirst();
  }

  /** A model whose weights were made here. */
  public static Provenance generated(int tensors) {
    return new Provenance(TOOL, "", List.of(), CANONICAL, "", tensors, Map.of(), List.of(), "");
  }

  /** An imported file, by the fate of its tensors. */
  static Provenance imported(
      String format, List<Source> sources, String layout, String weights, List<KeyFate> fates) {
    int used = 0;
    Map<String, List<String>> ignored = new LinkedHashMap<>();
    for (KeyFate fate : fates) {
      if (fate.outcome() instanceof KeyFate.Ignored left) {
        ignored.computeIfAbsent(left.reason(), reason -> new ArrayList<>()).add(fate.source());
      } else {
        used++;
      }
    }
    return new Provenance(TOOL, format, sources, layout, weights, used, ignored, List.of(), "");
  }

  /** The same file, and behind it others that weights came from later. */
  Provenance withSources(List<Source> later) {
    List<Source> all = new ArrayList<>(sources);
    all.addAll(later);
    return new Provenance(tool, format, all, layout, weights, used, ignored, changes, objective);
  }

  /** The same file, and what was changed. */
  Provenance withChanges(List<String> made) {
    return new Provenance(tool, format, sources, layout, weights, used, ignored, made, objective);
  }

  /** The same file, and who says what the model was trained for. */
  Provenance withObjective(String from) {
    return new Provenance(tool, format, sources, layout, weights, used, ignored, changes, from);
  }

  /** As it stands in {@code config.json}. */
  public ObjectNode toJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("tool", tool);
    json.put("format", format);
    ArrayNode files = json.putArray("sources");
    for (Source source : sources) {
      files
          .addObject()
          .put("file", source.file())
          .put("bytes", source.bytes())
          .put("sha256", source.sha256());
    }
    json.put("layout", layout);
    json.put("weights", weights);
    ObjectNode keys = json.putObject("keys").put("used", used);
    ObjectNode left = keys.putObject("ignored");
    ignored.forEach(
        (reason, names) -> {
          ArrayNode list = left.putArray(reason);
          names.forEach(list::add);
        });
    ArrayNode made = json.putArray("changes");
    changes.forEach(made::add);
    if (!objective.isEmpty()) {
      json.put("objective", objective);
    }
    return json;
  }

  /** Reads what {@link #toJson} wrote; a field that is missing, wrong or unknown is refused. */
  static Provenance fromJson(JsonFields fields) {
    List<Source> sources = new ArrayList<>();
    for (JsonFields file : fields.required("sources", fields.each("sources"))) {
      sources.add(
          new Source(
              text(file, "file"),
              file.required("bytes", file.whole("bytes", 0, Long.MAX_VALUE)),
              text(file, "sha256")));
      file.finish();
    }
    JsonFields keys = fields.required("keys", fields.fields("keys"));
    JsonFields reasons = keys.required("ignored", keys.fields("ignored"));
    Map<String, List<String>> ignored = new LinkedHashMap<>();
    for (String reason : reasons.names()) {
      ignored.put(reason, reasons.texts(reason, 0).orElseThrow());
    }
    Provenance provenance =
        new Provenance(
            text(fields, "tool"),
            text(fields, "format"),
            sources,
            text(fields, "layout"),
            text(fields, "weights"),
            keys.required("used", keys.integer("used", 0, Integer.MAX_VALUE)),
            ignored,
            fields.required("changes", fields.texts("changes", 0)),
            fields.text("objective").orElse(""));
    keys.finish();
    fields.finish();
    return provenance;
  }

  private static String text(JsonFields fields, String name) {
    return fields.required(name, fields.text(name));
  }

  /** The version of this program. */
  public static String version() {
    Properties properties = new Properties();
    try (InputStream in = Provenance.class.getResourceAsStream("version.properties")) {
      properties.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version");
  }
}
