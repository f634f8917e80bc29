package org.canbridge.runtime.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.canbridge.importers.published.SchedulerFile;
import org.canbridge.importers.published.SchedulerProblem;
import org.canbridge.importers.published.SchedulerTraining;
import org.canbridge.runtime.objective.NoiseLevel;
import org.canbridge.runtime.objective.NoiseSchedule;
import org.canbridge.runtime.objective.Parameterization;
import org.canbridge.runtime.objective.Respacing;
import org.canbridge.tensors.files.InputFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Schedulers' configurations; that the recorded runs follow is {@link SolverTrajectoryTest}'s. */
class DiffusersSchedulerTest {

  static List<SolverRun> recorded() {
    return SolverRun.of("sampler-diffusers");
  }

  private static ObjectNode json(String text) {
    try {
      return (ObjectNode) new ObjectMapper().readTree(text.replace('\'', '"'));
    } catch (IOException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static Map<String, String> described(ObjectNode configuration) {
    Map<String, String> text = new LinkedHashMap<>();
    DiffusersScheduler.of(configuration).describe(SolverOptions.DEFAULTS, text);
    text.putAll(SchedulerTraining.fields(configuration).describe());
    return text;
  }

  /** diffusers notes which fields had their defaults when a configuration was saved. */
  @ParameterizedTest
  @MethodSource("recorded")
  void aFieldThatIsMissingHasTheDefaultThatWasRecorded(SolverRun run) {
    ObjectNode full = PublishedSolvers.scheduler(run);
    ObjectNode brief = full.deepCopy();
    for (JsonNode name : full.get("_use_default_values")) {
      brief.remove(name.asText());
    }
    assertTrue(brief.size() < full.size());
    assertEquals(described(full), described(brief));
    Map<String, String> text = described(full);
    for (String name : new TreeSet<>(text.keySet())) {
      if (!name.equals("eta")) {
        String expected =
            full.get(name).isTextual() ? full.get(name).asText() : full.get(name).toString();
        assertEquals(expected, text.get(name), name);
      }
    }
  }

  /** The pipeline of DiT as it was first published, without the fields that came later. */
  @Test
  void anOldConfigurationIsRead() {
    ObjectNode old =
        json(
            "{'_class_name': 'DDIMScheduler', '_diffusers_version': '0.12.0.dev0', 'beta_end':"
                + " 0.02, 'beta_schedule': 'linear', 'beta_start': 0.0001, 'clip_sample': false,"
                + " 'num_train_timesteps': 1000, 'prediction_type': 'epsilon', 'set_alpha_to_one':"
                + " true, 'steps_offset': 0, 'trained_betas': null}");
    Map<String, String> text = described(old);
    assertEquals("leading", text.get("timestep_spacing"));
    assertEquals("false", text.get("clip_sample"));
    TrainedSchedule trained = PublishedSchedules.trained(old);
    assertEquals(
        PublishedSchedules.linear(1000).float32().alphaCumprod(999),
        trained.discrete().orElseThrow().alphaCumprod(999));
    assertEquals(Respacing.even(250), DiffusersScheduler.of(old).usualSteps());
    Latents x = Latents.generate(1, new ImageShape(1, 1, 2), i -> 3 * i);
    Prediction wide = new Prediction(x, x, Optional.empty());
    Prediction clipped =
        DiffusersScheduler.of(old)
            .clipped((state, level) -> wide)
            .predict(x, NoiseLevel.ofAlphaCumprod(1, 0.5));
    assertArrayEquals(new double[] {0, 1}, clipped.clean().values());
    assertArrayEquals(x.values(), clipped.noise().values());
  }

  /** In float32, which loses digits where a beta is near 1. */
  @Test
  void everyFormOfBetasIsComputed() {
    String form =
        "{'_class_name': 'UniPCMultistepScheduler', 'beta_schedule': '%s', 'beta_start': 0.001,"
            + " 'beta_end': 0.01, 'num_train_timesteps': 100}";
    for (String name : List.of("linear", "scaled_linear", "squaredcos_cap_v2")) {
      NoiseSchedule schedule =
          PublishedSchedules.trained(json(form.formatted(name))).discrete().orElseThrow();
      assertEquals(100, schedule.steps());
      double product = 1;
      for (int i = 0; i < 100; i++) {
        double share = i / 99.0;
        double root = Math.sqrt(0.001) + share * (Math.sqrt(0.01) - Math.sqrt(0.001));
        double beta =
            switch (name) {
              case "linear" -> 0.001 + share * 0.009;
              case "scaled_linear" -> root * root;
              default -> Math.min(0.999, 1 - signal((i + 1) / 100.0) / signal(i / 100.0));
            };
        product *= 1 - beta;
        assertEquals(product, schedule.alphaCumprod(i), 1e-4 * product, name + " at " + i);
      }
    }
  }

  /** Nichol and Dhariwal 2021, eq. 17, but for its denominator. */
  private static double signal(double time) {
    double cosine = Math.cos((time + 0.008) / 1.008 * Math.PI / 2);
    return cosine * cosine;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'_class_name': 'PNDMScheduler'} | _class_name must be one of DDIMScheduler,"
            + " DDPMScheduler, DPMSolverMultistepScheduler, UniPCMultistepScheduler,"
            + " FlowMatchEulerDiscreteScheduler, is"
            + " \"PNDMScheduler\"",
        "{} | _class_name must be one of DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler,"
            + " UniPCMultistepScheduler,"
            + " FlowMatchEulerDiscreteScheduler, is null",
        "{'_class_name': 'DDIMScheduler', 'thresholding': true} | thresholding must be false, is"
            + " true",
        "{'_class_name': 'DDIMScheduler', 'clip_sample_range': 2.0} | clip_sample_range must be 1,"
            + " is 2.0",
        "{'_class_name': 'DDIMScheduler', 'timestep_spacing': 'even', 'warm_up': 3} |"
            + " timestep_spacing must be one of [linspace, leading, trailing], is \"even\"; warm_up"
            + " is unknown",
        "{'_class_name': 'DDPMScheduler', 'variance_type': 'learned'} | variance_type must be one"
            + " of [fixed_small, fixed_large, learned_range], is \"learned\"",
        "{'_class_name': 'DPMSolverMultistepScheduler', 'use_lu_lambdas': true,"
            + " 'lambda_min_clipped': -5.1} | use_lu_lambdas must be false, is true;"
            + " lambda_min_clipped must be \"-Infinity\", is -5.1",
        "{'_class_name': 'DPMSolverMultistepScheduler', 'algorithm_type': 'dpmsolver'} |"
            + " final_sigmas_type must be \"sigma_min\" where the noise is integrated, is \"zero\"",
        "{'_class_name': 'DPMSolverMultistepScheduler', 'algorithm_type': 'sde-dpmsolver++',"
            + " 'solver_order': 3} | solver_order must be a whole number from 1 to 2, is 3",
        "{'_class_name': 'DPMSolverMultistepScheduler', 'euler_at_final': true,"
            + " 'lower_order_final': false} | lower_order_final must be true where euler_at_final"
            + " is, is false",
        "{'_class_name': 'UniPCMultistepScheduler', 'solver_p': {}, 'disable_corrector': [-1]} |"
            + " disable_corrector must be a list of whole numbers from 0 to 2147483646, is [-1];"
            + " solver_p must be null, is {}"
      })
  void whatIsNotFollowedIsRefused(String configuration, String reasons) {
    assertReasons(reasons, () -> DiffusersScheduler.of(json(configuration)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'_class_name': 'DDIMScheduler', 'trained_betas': [0.1]} | trained_betas must be null, is"
            + " [0.1]",
        "{'_class_name': 'DDIMScheduler', 'rescale_betas_zero_snr': true} | rescale_betas_zero_snr"
            + " must be false, is true",
        "{'_class_name': 'DDIMScheduler', 'beta_schedule': 'sigmoid'} | beta_schedule must be one"
            + " of [linear, scaled_linear, squaredcos_cap_v2], is \"sigmoid\"",
        "{'_class_name': 'DDIMScheduler', 'beta_end': 1} | beta_end must be less than 1, is 1",
        "{'_class_name': 'FlowMatchHeunDiscreteScheduler', 'num_train_timesteps': 1000} |"
            + " beta_start is missing; beta_end is missing; beta_schedule is missing;"
            + " prediction_type is missing"
      })
  void aScheduleThatIsNotFollowedIsRefused(String configuration, String reasons) {
    assertReasons(reasons, () -> PublishedSchedules.trained(json(configuration)));
  }

  @Test
  void aFileOfAnotherSchedulerIsRefusedAndTheWayOutIsNamed() {
    Path path = Path.of("scheduler_config.json");
    SchedulerFile euler =
        new SchedulerFile(path, json("{'_class_name': 'EulerDiscreteScheduler'}"));
    InputFileException refused =
        assertThrows(InputFileException.class, () -> DiffusersScheduler.of(euler));
    assertEquals(SchedulerProblem.UNSUPPORTED, refused.problem());
    assertEquals(
        String.join(
            "\n  ",
            "the scheduler's configuration asks for what is not followed here",
            "expected: one of DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler,"
                + " UniPCMultistepScheduler, FlowMatchEulerDiscreteScheduler",
            "actual: _class_name must be one of DDIMScheduler, DDPMScheduler,"
                + " DPMSolverMultistepScheduler, UniPCMultistepScheduler,"
                + " FlowMatchEulerDiscreteScheduler, is"
                + " \"EulerDiscreteScheduler\"",
            "file: " + path,
            "next: choose a solver with --sampler"
                + " ddpm|ddim|dpm-solver|dpm-solver-adaptive|dpm-solver++|unipc|euler|heun|dopri5"
                + "|sde-euler|sde-heun,"
                + " which takes only the training schedule from this file"),
        refused.getMessage());
  }

  /** The classes whose training is read with defaults are those whose solver is followed. */
  @Test
  void everySchedulerHasDefaultsInBothLists() {
    assertEquals(DiffusersScheduler.names(), String.join(", ", SchedulerTraining.CLASSES));
  }

  private static void assertReasons(String reasons, Executable call) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    assertEquals(reasons, String.join("; ", message.lines().toList()));
  }

  /** What a schedule is made of is the same for every class that has betas. */
  @Test
  void anotherSchedulersScheduleIsRead() {
    ObjectNode heun =
        json(
            "{'_class_name': 'HeunDiscreteScheduler', 'beta_start': 0.00085, 'beta_end': 0.012,"
                + " 'beta_schedule': 'scaled_linear', 'num_train_timesteps': 1000,"
                + " 'prediction_type': 'v_prediction', 'use_karras_sigmas': false}");
    assertFalse(DiffusersScheduler.isKnown(heun));
    TrainedSchedule trained = PublishedSchedules.trained(heun);
    assertEquals(Parameterization.V, trained.prediction());
    assertEquals(
        PublishedSchedules.stableDiffusion().float32().alphaCumprod(500),
        trained.discrete().orElseThrow().alphaCumprod(500));
  }

  /** A saved configuration keeps the fields of the scheduler that it was made from. */
  @Test
  void fieldsOfOtherSchedulersSayNothing() {
    ObjectNode plain = json("{'_class_name': 'DDIMScheduler'}");
    ObjectNode kept =
        json(
            "{'_class_name': 'DDIMScheduler', 'use_lu_lambdas': true, 'solver_order': 7,"
                + " 'skip_prk_steps': true}");
    assertEquals(described(plain), described(kept));
  }

  @Test
  void onlyAPlainNumberOfStepsIsTaken() {
    ObjectNode ddim = json("{'_class_name': 'DDIMScheduler'}");
    DiffusersScheduler scheduler = DiffusersScheduler.of(ddim);
    SamplingSettings settings = SamplingSettings.of(scheduler, Respacing.parse("ddim50"));
    assertTrue(
        assertThrows(
                IllegalArgumentException.class,
                () -> scheduler.create(PublishedSchedules.trained(ddim), settings))
            .getMessage()
            .contains("give a number of steps"));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            scheduler.create(
                PublishedSchedules.uvitPixel(), SamplingSettings.of(scheduler, Respacing.even(5))));
  }

  /** With a shift of 3 the ends move once and all levels once more, as in that class. */
  @Test
  void flowMatchingPassesItsNoiseLevels() {
    ObjectNode flow =
        json("{'_class_name': 'FlowMatchEulerDiscreteScheduler', 'shift': 3.0, 'base_shift': 0.5}");
    TrainedSchedule trained = PublishedSchedules.trained(flow);
    assertEquals(Parameterization.VELOCITY_TO_NOISE, trained.prediction());
    DiffusersScheduler scheduler = DiffusersScheduler.of(flow);
    Solver solver = scheduler.create(trained, SamplingSettings.of(scheduler, Respacing.even(3)));
    List<Double> timesteps = new ArrayList<>();
    Latents start = Latents.generate(1, new ImageShape(1, 1, 2), i -> 1 + i);
    DenoisingNetwork one =
        (x, timestep) -> {
          timesteps.add(timestep);
          return new double[] {1, 1};
        };
    Latents end =
        solver.solve(
            new NetworkDenoiser(one, trained.prediction()),
            start,
            shape -> start,
            StepListener.NONE);
    double least = 3 * 0.001 / (1 + 2 * 0.001);
    double middle = (1 + least) / 2;
    assertEquals(3, timesteps.size());
    assertEquals(1000, timesteps.get(0), 1e-9);
    assertEquals(1000 * 3 * middle / (1 + 2 * middle), timesteps.get(1), 1e-9);
    assertEquals(1000 * 3 * least / (1 + 2 * least), timesteps.get(2), 1e-9);
    // A constant velocity over the whole path, from noise level 1 to 0.
    assertArrayEquals(new double[] {0, 1}, end.values(), 1e-12);
  }

  @Test
  void flowMatchingIsReadAsStrictlyAsTheOthers() {
    assertReasons(
        "use_dynamic_shifting must be false, is true; shift_terminal must be null, is 0.1;"
            + " shifted is unknown",
        () ->
            DiffusersScheduler.of(
                json(
                    "{'_class_name': 'FlowMatchEulerDiscreteScheduler',"
                        + " 'use_dynamic_shifting': true, 'shift_terminal': 0.1,"
                        + " 'shifted': 1}")));
    ObjectNode flow = json("{'_class_name': 'FlowMatchEulerDiscreteScheduler'}");
    DiffusersScheduler scheduler = DiffusersScheduler.of(flow);
    assertReasons(
        "FlowMatchEulerDiscreteScheduler needs a path of flow matching, which this model does not"
            + " have",
        () ->
            scheduler.create(
                PublishedSchedules.dit(), SamplingSettings.of(scheduler, Respacing.even(3))));
  }
}
