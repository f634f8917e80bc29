package org.canbridge.runtime.engine.kernels;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.files.Digests;
import org.canbridge.tensors.files.Json;

/**
 * What a check of the library's kernels found on one machine, and what follows from it.
 *
 * @param machine that it ran on
 * @param milliseconds that it took
 * @param measurements one for each kernel and arithmetic
 */
public record KernelReport(Machine machine, long milliseconds, List<Measurement> measurements) {
  private static final String FORMAT = "canbridge-kernels/1";
  private static final List<Kernel> CONVOLUTIONS =
      List.of(
          Kernel.CONVOLUTION,
          Kernel.STRIDED_CONVOLUTION,
          Kernel.GROUPED_CONVOLUTION,
          Kernel.DEPTHWISE_CONVOLUTION);

  /** Keeps its own copy. */
  public KernelReport {
    measurements = List.copyOf(measurements);
  }

  /** The same, but for what was found about one kernel. */
  public KernelReport with(Measurement other) {
    List<Measurement> changed = new ArrayList<>(measurements);
    changed.replaceAll(
        old -> old.kernel() == other.kernel() && old.type() == other.type() ? other : old);
    return new KernelReport(machine, milliseconds, changed);
  }

  /** What was found about a kernel, if it was looked at. */
  public Optional<Measurement> measured(Kernel kernel, DType type) {
    return measurements.stream()
        .filter(each -> each.kernel() == kernel && each.type() == type)
        .findFirst();
  }

  private boolean isRight(Kernel kernel, DType type) {
    return !machine.isKnownWrong(kernel)
        && measured(kernel, type).map(Measurement::isRight).orElse(true);
  }

  /**
   * The kernels that programs of this arithmetic ask for: those that are right, for each that is
   * wrong what takes its place, and those that nothing can take the place of.
   */
  public Kernels kernels(DType type) {
    if (type == DType.F64) {
      return Kernels.PLAIN; // what the others are measured against
    }
    Map<Kernel, ConvolutionForm> forms = new EnumMap<>(Kernel.class);
    Map<Kernel, Measurement> wrong = new EnumMap<>(Kernel.class);
    for (Measurement each : measurements) {
      Kernel kernel = each.kernel();
      if (each.type() != type || isRight(kernel, type)) {
        continue;
      }
      Optional<ConvolutionForm> form = substitute(kernel, type);
      if (form.isPresent()) {
        forms.put(kernel, form.get());
      } else if (kernel != Kernel.PACKED_LINEAR && kernel != Kernel.FILLED_CONVOLUTION) {
        wrong.put(kernel, each);
      }
    }
    boolean packs =
        type == DType.BF16
            && measured(Kernel.PACKED_LINEAR, type).filter(Measurement::isRight).isPresent();
    return new Kernels(forms, packs, wrong);
  }

  /** What takes the place of a convolution that is wrong. */
  private Optional<ConvolutionForm> substitute(Kernel kernel, DType type) {
    if (kernel == Kernel.PARTIAL_CONVOLUTION && isRight(Kernel.FILLED_CONVOLUTION, type)) {
      return Optional.of(ConvolutionForm.PADDED);
    }
    if (type != DType.BF16) {
      return Optional.empty();
    }
    if (kernel == Kernel.PARTIAL_CONVOLUTION) {
      return isRight(kernel, DType.F32)
          ? Optional.of(ConvolutionForm.WIDE)
          : substitute(kernel, DType.F32).map(form -> new ConvolutionForm(form.padded(), true));
    }
    return CONVOLUTIONS.contains(kernel) && isRight(kernel, DType.F32)
        ? Optional.of(ConvolutionForm.WIDE)
        : Optional.empty();
  }

  /** What programs do about a kernel, in words. */
  public String decision(Measurement measured) {
    Kernel kernel = measured.kernel();
    DType type = measured.type();
    String known = machine.isKnownWrong(kernel) ? "known to be wrong on this CPU: " : "";
    if (isRight(kernel, type)) {
      return kernel == Kernel.FILLED_CONVOLUTION && isRight(Kernel.PARTIAL_CONVOLUTION, type)
          ? "not needed"
          : "used";
    }
    Optional<ConvolutionForm> form = substitute(kernel, type);
    if (form.isPresent()) {
      return known
          + (form.get().padded() ? "channels filled up to multiples of " + Kernel.BLOCK : "")
          + (form.get().padded() && form.get().wide() ? ", " : "")
          + (form.get().wide() ? "computed in float32" : "");
    }
    return switch (kernel) {
      case PACKED_LINEAR ->
          measured.present() ? "plain linear layers" : "not here; plain linear layers";
      case FILLED_CONVOLUTION -> "not used";
      default -> known + "commands that need it stop";
    };
  }

  /** The digest of the report and what programs of this arithmetic do otherwise because of it. */
  public String summary(DType type) {
    String otherwise =
        measurements.stream()
            .filter(each -> each.type() == type && each.kernel() != Kernel.FILLED_CONVOLUTION)
            .filter(each -> !isRight(each.kernel(), type))
            .map(each -> "; " + each.kernel().label() + ": " + decision(each))
            .collect(Collectors.joining());
    return "checked, sha256 " + digest() + otherwise;
  }

  /** Whether nothing is wrong that nothing can take the place of. */
  public boolean isUsable() {
    return kernels(DType.F32).wrong().isEmpty() && kernels(DType.BF16).wrong().isEmpty();
  }

  /** SHA-256 of the report as it is kept. */
  public String digest() {
    return HexFormat.of()
        .formatHex(Digests.sha256().digest(json().toString().getBytes(StandardCharsets.UTF_8)));
  }

  /** The report as it is kept. */
  public ObjectNode json() {
    ObjectNode json = Json.object().put("format", FORMAT);
    json.set("machine", machine.json());
    json.put("milliseconds", milliseconds);
    measurements.forEach(each -> put(json, each));
    return json;
  }

  /** The same, with what programs do about each kernel. */
  public ObjectNode explained() {
    ObjectNode json = json();
    for (int i = 0; i < measurements.size(); i++) {
      Measurement each = measurements.get(i);
      ((ObjectNode) json.get("measurements").get(i))
          .put("limit", Measurement.limit(each.type()))
          .put("verdict", each.verdict())
          .put("decision", decision(each));
    }
    return json;
  }

  /** Errors as text: JSON has no NaN. */
  private static void put(ObjectNode json, Measurement each) {
    json.withArray("/measurements")
        .addObject()
        .put("kernel", each.kernel().label())
        .put("type", each.typeName())
        .put("output", Double.toString(each.output()))
        .put("gradients", Double.toString(each.gradients()))
        .put("present", each.present());
  }

  /** What was kept, if it is a report of this machine. */
  static Optional<KernelReport> of(JsonNode json, Machine machine) {
    if (!json.path("format").asText().equals(FORMAT)
        || !json.path("machine").equals(machine.json())) {
      return Optional.empty();
    }
    List<Measurement> measurements = new ArrayList<>();
    try {
      for (JsonNode each : json.path("measurements")) {
        measurements.add(
            new Measurement(
                Kernel.labelled(each.path("kernel").asText()),
                DType.valueOf(each.path("type").asText().toUpperCase(Locale.ROOT)),
                Double.parseDouble(each.path("output").asText()),
                Double.parseDouble(each.path("gradients").asText()),
                each.path("present").asBoolean()));
      }
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    return Optional.of(new KernelReport(machine, json.path("milliseconds").asLong(), measurements));
  }
}
