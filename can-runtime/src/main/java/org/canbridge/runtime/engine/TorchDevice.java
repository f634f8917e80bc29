package org.canbridge.runtime.engine;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apiguardian.api.API;

/**
 * Where networks run, under PyTorch's names: {@code cpu}, {@code cuda:1}, {@code mps}.
 *
 * @param kind of device
 * @param index among those of its kind
 */
@API(status = API.Status.STABLE)
public record TorchDevice(Kind kind, int index) {
  /** The kinds. */
  public enum Kind {
    /** The processor. */
    CPU,
    /** An NVIDIA GPU. */
    CUDA,
    /** The GPU of an Apple computer. */
    MPS
  }

  /** The processor. */
  public static final TorchDevice CPU = new TorchDevice(Kind.CPU, 0);

  private static final TorchDevice MPS = new TorchDevice(Kind.MPS, 0);
  private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,3}))?");

  /**
   * Reads a name; {@code cuda} is {@code cuda:0}.
   *
   * @throws IllegalArgumentException if it names no kind of device
   */
  public static TorchDevice parse(String name) {
    Matcher cuda = CUDA.matcher(name);
    if (cuda.matches()) {
      return new TorchDevice(
          Kind.CUDA, cuda.group(1) == null ? 0 : Integer.parseInt(cuda.group(1)));
    }
    return switch (name) {
      case "cpu" -> CPU;
      case "mps" -> MPS;
      default ->
          throw new IllegalArgumentException(
              "no device is called '" + name + "'; it must be cpu, cuda, cuda:N or mps");
    };
  }

  /** What this machine has, the processor first. */
  public static List<TorchDevice> here() {
    List<TorchDevice> devices = new ArrayList<>();
    devices.add(CPU);
    int count = TorchEngine.get().getGpuCount();
    for (int i = 0; i < count; i++) {
      devices.add(new TorchDevice(Kind.CUDA, i));
    }
    if (System.getProperty("os.name").startsWith("Mac") && MPS.works()) {
      devices.add(MPS);
    }
    return devices;
  }

  /** The GPU if there is one that the engine takes by itself, else the processor. */
  public static TorchDevice usual() {
    Device device = TorchEngine.get().defaultDevice();
    return device.isGpu() ? new TorchDevice(Kind.CUDA, device.getDeviceId()) : CPU;
  }

  /**
   * This device.
   *
   * @throws IllegalArgumentException if this machine does not have it, naming what it has
   */
  public TorchDevice present() {
    List<TorchDevice> here = here();
    if (!here.contains(this)) {
      String names = here.stream().map(TorchDevice::toString).collect(Collectors.joining(", "));
      throw new IllegalArgumentException(
          "there is no device '" + this + "' here; this machine has " + names);
    }
    return this;
  }

  /** Only trying tells. */
  private boolean works() {
    try (NDManager manager = TorchEngine.newManager(this)) {
      return manager.ones(new Shape(1)).toFloatArray()[0] == 1;
    } catch (EngineException | IllegalArgumentException e) {
      return false;
    }
  }

  /** Whether this is the processor, for which the library has kernels of its own. */
  boolean isCpu() {
    return kind == Kind.CPU;
  }

  Device device() {
    return switch (kind) {
      case CPU -> Device.cpu();
      case CUDA -> Device.gpu(index);
      case MPS -> Device.of("mps", 0);
    };
  }

  @Override
  public String toString() {
    return kind == Kind.CUDA ? "cuda:" + index : kind.name().toLowerCase(Locale.ROOT);
  }
}
