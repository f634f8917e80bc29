package org.canbridge.runtime;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.canbridge.runtime.diffusion.ClassConditionalNetwork;
import org.canbridge.runtime.diffusion.DenoisingNetwork;
import org.canbridge.runtime.diffusion.ImageShape;
import org.canbridge.runtime.engine.RunningNetwork;
import org.canbridge.runtime.family.NetworkInput;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.Tensors;

/**
 * A running network as the one that samplers call: inputs {@code x (B, C, H, W)}, {@code t (B)},
 * {@code y (B)}. The state is float64 on the solver's side and rounded to float32 for the network.
 *
 * @param network stays the caller's
 */
public record SessionNetwork(RunningNetwork network) implements ClassConditionalNetwork {
  private static final String OUTPUT = "output";

  @Override
  public DenoisingNetwork bind(long[] labels) {
    return bind(
        network, labels.length, NetworkInput.LABEL.label(), MemoryTensor.of(labels, labels.length));
  }

  /** The network with one condition for each of its rows. */
  static DenoisingNetwork bind(
      RunningNetwork network, int rows, String name, TensorData condition) {
    return (x, timestep) -> {
      ImageShape shape = x.shape();
      float[] state = new float[x.values().length];
      for (int i = 0; i < state.length; i++) {
        state[i] = (float) x.get(i);
      }
      float[] t = new float[rows];
      Arrays.fill(t, (float) timestep);
      Map<String, TensorData> inputs =
          Map.of(
              NetworkInput.IMAGE.label(),
              MemoryTensor.of(state, rows, shape.channels(), shape.height(), shape.width()),
              NetworkInput.TIMESTEP.label(),
              MemoryTensor.of(t, t.length),
              name,
              condition);
      return Tensors.doubles(network.run(inputs, List.of(OUTPUT)).get(OUTPUT));
    };
  }
}
