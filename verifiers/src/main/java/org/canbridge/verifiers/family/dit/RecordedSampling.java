package org.canbridge.verifiers.family.dit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.canbridge.importers.family.GuidedChannels;
import org.canbridge.runtime.SessionNetwork;
import org.canbridge.runtime.diffusion.Ddim;
import org.canbridge.runtime.diffusion.Denoiser;
import org.canbridge.runtime.diffusion.DenoisingNetwork;
import org.canbridge.runtime.diffusion.GuidedNetwork;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.diffusion.Latents;
import org.canbridge.runtime.diffusion.NetworkDenoiser;
import org.canbridge.runtime.diffusion.NoiseSource;
import org.canbridge.runtime.diffusion.StepListener;
import org.canbridge.runtime.engine.Session;
import org.canbridge.runtime.objective.NoiseSchedule;
import org.canbridge.runtime.objective.Parameterization;
import org.canbridge.runtime.objective.Respacing;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;
import org.canbridge.verifiers.CallRunner;

/**
 * Sampling runs without noise of their own, from a recorded start {@code x_T (B, C, H, W)} with
 * labels {@code y (B)}. A run's name says what it is: {@code ddim50_cfg2} is DDIM, eta 0, on the
 * {@code ddim50} respacing, with guidance 2 on all eps channels.
 *
 * @param session the running network; stays the caller's
 * @param schedule the schedule it was trained on
 * @param nullLabel its null class
 * @param values names of the runs that are known
 */
record RecordedSampling(
    Session session, NoiseSchedule schedule, long nullLabel, List<String> values)
    implements CallRunner {
  private static final Pattern NAME = Pattern.compile("(ddim\\d+)_cfg(\\d+(?:\\.\\d+)?)");

  /** Of these names, the runs that can be made. */
  static List<String> known(Iterable<String> names) {
    List<String> known = new ArrayList<>();
    for (String name : names) {
      if (NAME.matcher(name).matches()) {
        known.add(name);
      }
    }
    return known;
  }

  @Override
  public Map<String, TensorData> run(Map<String, TensorData> inputs, List<String> asked) {
    long[] shape = inputs.get("x_T").type().shape().stream().mapToLong(Long::longValue).toArray();
    ImageShape image = new ImageShape((int) shape[1], (int) shape[2], (int) shape[3]);
    Latents start = new Latents(image, Tensors.doubles(inputs.get("x_T")));
    Map<String, TensorData> images = new LinkedHashMap<>();
    for (String name : asked) {
      images.put(
          name, MemoryTensor.of(run(name, start, Tensors.longs(inputs.get("y"))).values(), shape));
    }
    return images;
  }

  private Latents run(String name, Latents start, long[] labels) {
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("unknown run " + name);
    }
    Ddim solver = new Ddim(schedule.respace(Respacing.parse(matcher.group(1))), 0);
    long[] both = Arrays.copyOf(labels, 2 * labels.length);
    Arrays.fill(both, labels.length, both.length, nullLabel);
    try (DenoisingNetwork network = new SessionNetwork(session).bind(both)) {
      double scale = Double.parseDouble(matcher.group(2));
      Denoiser guided =
          new NetworkDenoiser(
              new GuidedNetwork(network, scale, GuidedChannels.ALL), Parameterization.EPSILON);
      NoiseSource none = shape -> new Latents(shape, new double[start.values().length]);
      return solver.solve(guided, start, none, StepListener.NONE);
    }
  }
}
