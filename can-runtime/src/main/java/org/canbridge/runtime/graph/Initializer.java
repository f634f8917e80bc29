package org.canbridge.runtime.graph;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.canbridge.tensors.ConstantTensor;
import org.canbridge.tensors.DType;
import org.canbridge.tensors.MemoryTensor;
import org.canbridge.tensors.TensorData;
import org.canbridge.tensors.TensorType;

/** What a parameter holds before training, float32; stated where the parameter is made. */
public interface Initializer {

  /** The values of one parameter. */
  TensorData values(Shape shape, RandomGenerator random);

  /** Initializers without arguments. */
  enum Usual implements Initializer {
    /** Biases; layers that are to give nothing. */
    ZEROS {
      @Override
      public TensorData values(Shape shape, RandomGenerator random) {
        return ConstantTensor.zeros(TensorType.of(DType.F32, shape.resolve(1)));
      }
    },
    /** The scale of norms, their stored variance. */
    ONES {
      @Override
      public TensorData values(Shape shape, RandomGenerator random) {
        return ConstantTensor.of(TensorType.of(DType.F32, shape.resolve(1)), 1);
      }
    },
    /** {@code N(0, 1/fan-in)} for weights {@code (O, ...)}, which keeps activations around 1. */
    FAN_IN {
      @Override
      public TensorData values(Shape shape, RandomGenerator random) {
        return new Normal(1 / Math.sqrt(fanIn(shape))).values(shape, random);
      }
    },
    /**
     * Uniform after Glorot and Bengio (AISTATS 2010), equation 16, for weights {@code (O, ...)},
     * convolutions being taken as linear maps of what their kernel sees.
     */
    GLOROT {
      @Override
      public TensorData values(Shape shape, RandomGenerator random) {
        double bound = Math.sqrt(6 / (fanIn(shape) + shape.size(0)));
        float[] values = new float[Math.toIntExact(shape.elements())];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) random.nextDouble(-bound, bound);
        }
        return MemoryTensor.of(values, shape.resolve(1));
      }
    },
    /**
     * Kernels {@code (C, 1, k, k)} with a one in the middle: a convolution that changes nothing.
     */
    IDENTITY {
      @Override
      public TensorData values(Shape shape, RandomGenerator random) {
        int area = Math.toIntExact(shape.size(2) * shape.size(3));
        float[] values = new float[Math.toIntExact(shape.elements())];
        for (int at = area / 2; at < values.length; at += area) {
          values[at] = 1;
        }
        return MemoryTensor.of(values, shape.resolve(1));
      }
    };

    private static double fanIn(Shape weight) {
      return (double) weight.elements() / weight.size(0);
    }
  }

  /** Normal values around zero. */
  record Normal(double deviation) implements Initializer {
    @Override
    public TensorData values(Shape shape, RandomGenerator random) {
      float[] values = new float[Math.toIntExact(shape.elements())];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (deviation * random.nextGaussian());
      }
      return MemoryTensor.of(values, shape.resolve(1));
    }
  }

  /** As many ranges of equal length, each of one value. */
  record Ranges(List<Float> values) implements Initializer {
    /** Keeps its own copy. */
    public Ranges {
      values = List.copyOf(values);
    }

    @Override
    public TensorData values(Shape shape, RandomGenerator random) {
      float[] all = new float[Math.toIntExact(shape.elements())];
      int length = all.length / values.size();
      for (int i = 0; i < values.size(); i++) {
        Arrays.fill(all, i * length, (i + 1) * length, values.get(i));
      }
      return MemoryTensor.of(all, shape.resolve(1));
    }
  }

  /** The values of some parameters by name, drawn in this order. */
  static Map<String, TensorData> draw(List<Op.Parameter> parameters, long seed) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    Map<String, TensorData> values = new LinkedHashMap<>();
    parameters.forEach(p -> values.put(p.name(), p.initializer().values(p.shape(), random)));
    return values;
  }
}
