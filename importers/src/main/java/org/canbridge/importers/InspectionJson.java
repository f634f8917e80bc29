package org.canbridge.importers;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.canbridge.importers.family.Question;
import org.canbridge.importers.keys.KeyFate;
import org.canbridge.tensors.files.Json;

/** An inspection as JSON; names are as in {@code config.json}. */
final class InspectionJson {
  private InspectionJson() {}

  static ObjectNode of(Inspection inspection) {
    ObjectNode json = Json.object();
    json.put("file", inspection.file());
    json.put("format", inspection.format());
    json.put("bytes", inspection.bytes());
    json.put("importable", inspection.importable());
    json.put("family", inspection.family().orElse(null));
    json.put("title", inspection.title().orElse(null));
    json.put("layout", inspection.layout().orElse(null));
    json.put("published", inspection.published().orElse(null));
    json.put("weights", inspection.weights());
    json.set("config", inspection.known().toJson());
    ArrayNode open = json.putArray("open");
    for (Question question : inspection.open()) {
      open.addObject()
          .put("argument", question.argument())
          .put("option", question.option())
          .put("reason", question.reason());
    }
    json.put("parameters", inspection.parameters());
    ObjectNode dtypes = json.putObject("dtypes");
    inspection.dtypes().forEach((dtype, count) -> dtypes.put(dtype.name(), count));
    inspection.can().ifPresent(can -> json.set("can", can));
    strings(json.putArray("notes"), inspection.notes());
    strings(json.putArray("verdicts"), inspection.verdicts());
    strings(json.putArray("problems"), inspection.problems());
    ArrayNode keys = json.putArray("tensors");
    inspection.keys().forEach(fate -> keys.add(key(fate)));
    return json;
  }

  private static ObjectNode key(KeyFate fate) {
    ObjectNode json = Json.object();
    json.put("name", fate.source());
    json.put("dtype", fate.type().dtype().name());
    ArrayNode shape = json.putArray("shape");
    fate.type().shape().forEach(shape::add);
    if (fate.outcome() instanceof KeyFate.Mapped mapped) {
      strings(json.putArray("targets"), mapped.targets());
      json.put("transform", mapped.transform());
    } else if (fate.outcome() instanceof KeyFate.Ignored ignored) {
      json.put("ignored", ignored.reason());
    } else if (fate.outcome() instanceof KeyFate.Rejected rejected) {
      json.put("rejected", rejected.problem());
    }
    return json;
  }

  private static void strings(ArrayNode array, List<String> values) {
    values.forEach(array::add);
  }
}
