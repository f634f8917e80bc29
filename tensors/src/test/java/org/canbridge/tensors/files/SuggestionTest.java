package org.canbridge.tensors.files;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SuggestionTest {
  private static final Map<String, List<String>> KNOWN = new LinkedHashMap<>();

  static {
    KNOWN.put("--cfg", List.of("--guidance-scale"));
    KNOWN.put("--cfg-channels", List.of());
    KNOWN.put("--steps", List.of("--num-inference-steps"));
    KNOWN.put("--batch", List.of());
    KNOWN.put("DiT-XL/2", List.of());
    KNOWN.put("dpm-solver", List.of("dpm"));
    KNOWN.put("dpm-solver++", List.of("dpmpp"));
  }

  @ParameterizedTest
  @CsvSource({
    "--stesp, --steps",
    "--cgf, --cfg",
    "--CFG, --cfg",
    "--guidance_scale, --cfg",
    "--guidance, --cfg",
    "--batch-size, --batch",
    "--num_inference_steps, --steps",
    "dit-xl-2, DiT-XL/2",
    "DiT-XL/2-256, DiT-XL/2",
    "dpm_solver, dpm-solver",
    "dpmpp_2m, dpm-solver++",
    "dpmsolver++, dpm-solver++",
    "--colour,",
    "--x,",
    "-b,",
    "'',",
  })
  void theWordThatWasProbablyMeant(String typed, String meant) {
    assertEquals(Optional.ofNullable(meant), Suggestion.of(typed, KNOWN));
  }
}
